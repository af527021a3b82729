"""One run for each moment at which a scheduled task is due, however many beats send it.

Each beat sends each task that is due, with the moment in a header (``health/beat_scheduler.py``), so that all does not
depend on one of them. The worker that begins first claims that moment, by a unique key of the database, before the task
does anything; whoever comes later leaves it to that one. A claim names its message: where a worker was killed, the
broker hands the same message to another one, which goes on.
"""

from datetime import datetime, timedelta
from typing import Any

import structlog
from celery import Task

from gatekeeper.maintenance.models import ScheduledRun

DUE = "gatekeeper_due"  # the header, in ISO 8601
# A beat that was away sends what was due last: for a daily task that is a day ago at most.
KEPT_FOR = timedelta(days=3)
CLOCKS_DIFFER_BY = timedelta(minutes=1)  # at most, between machines that are said to be synchronised

log = structlog.get_logger(__name__)


def claim(task: str, due: datetime, message: str) -> bool:
    """Whether this message may run the task for that moment. Cost: one statement, or three for the first one."""
    run, _ = ScheduledRun.objects.get_or_create(task=task, due=due, defaults={"message": message})
    return run.message == message


def forget_old_claims(now: datetime) -> int:
    """Delete the claims of moments that no beat sends any more; returns how many."""
    return ScheduledRun.objects.filter(due__lt=now - KEPT_FOR).delete()[0]


def forget_claims_ahead(now: datetime) -> int:
    """Delete the claims of moments that are yet to come, as a clock that was wrong leaves them; returns how many.

    Otherwise nobody would run those moments when they come.
    """
    return ScheduledRun.objects.filter(due__gt=now + CLOCKS_DIFFER_BY).delete()[0]


class ScheduledTask(Task):  # type: ignore[type-arg]  # generic for the type checker only
    """Every task of this site. One that a beat has sent runs once for its moment; any other runs as it is asked for."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Claim the moment that the message names, and run."""
        due = self.request.get(DUE)
        if self.request.called_directly or due is None:
            return super().__call__(*args, **kwargs) if self.request.called_directly else self.run(*args, **kwargs)
        if claim(str(self.name), datetime.fromisoformat(due), str(self.request.id)):
            return self.run(*args, **kwargs)
        log.debug("scheduled_run_is_another_s", task=self.name, due=due)
        return None
