"""Heartbeats, refusals, measurements. Rows, not cache entries: without Redis the cache is each process's own."""

from django.db import models


class Heartbeat(models.Model):
    """When the work was last done by any process: one row for all workers, one for all beats."""

    name = models.CharField(max_length=32, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class ProcessHeartbeat(models.Model):
    """When one worker or one beat was last seen: a row for each process, which takes it away when it stops as asked."""

    process = models.CharField(max_length=16)
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("process", "host", "pid"), name="process_heartbeat_one_each"),)

    def __str__(self) -> str:
        return f"{self.process} {self.pid} on {self.host}"


class DatabaseRefusal(models.Model):
    """How many requests were answered 503, by why the database could not serve them: one row for each reason."""

    reason = models.CharField(max_length=32, primary_key=True)
    count = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.reason}: {self.count}"


class Measurement(models.Model):
    """What requests, tasks or statements of one kind took, added up since the row was made.

    ``up_to_…``: how many took so long and longer than the one before, for the buckets of a histogram.
    """

    kind = models.CharField(max_length=16)
    name = models.CharField(max_length=100, help_text="of the address, the task, or the process that asked")
    result = models.CharField(max_length=16)
    credential = models.CharField(max_length=40)
    at = models.DateTimeField(help_text="when something was added last")
    number = models.PositiveBigIntegerField(default=0)
    seconds = models.FloatField(default=0)
    up_to_10ms = models.PositiveBigIntegerField(default=0)
    up_to_50ms = models.PositiveBigIntegerField(default=0)
    up_to_100ms = models.PositiveBigIntegerField(default=0)
    up_to_250ms = models.PositiveBigIntegerField(default=0)
    up_to_500ms = models.PositiveBigIntegerField(default=0)
    up_to_1s = models.PositiveBigIntegerField(default=0)
    up_to_5s = models.PositiveBigIntegerField(default=0)
    up_to_15s = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("kind", "name", "result", "credential"), name="measurement_one_of_a_kind"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.number}"
