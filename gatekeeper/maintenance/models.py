"""For how long an administrator wants a log to be kept; which moments of the schedule have been run."""

from django.db import models
from django.db.models import Q

from gatekeeper.directory.models.periods import Period, PeriodQuerySet


class LogRetentionQuerySet(PeriodQuerySet["LogRetention"]):
    """A class of its own, since the type checker finds no manager of a generic class across modules."""


class LogRetention(Period):
    """The choice for one log as it stood for a while; without one the default of ``kept_logs.py`` holds."""

    log = models.CharField(max_length=40)
    days = models.PositiveIntegerField(null=True, help_text="null: for ever")

    objects = LogRetentionQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("log",), condition=Q(until=None), name="log_retention_one_live"),
        )

    def __str__(self) -> str:
        return f"{self.log}: {self.days} days"


class ScheduledRun(models.Model):
    """That one message of a beat runs a task for one moment at which it was due (``scheduled_runs.py``)."""

    task = models.CharField(max_length=100)
    due = models.DateTimeField()
    message = models.CharField(max_length=36)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("due", "task"), name="scheduled_run_once"),)

    def __str__(self) -> str:
        return f"{self.task} at {self.due.isoformat()}"
