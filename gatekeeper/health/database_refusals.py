"""Requests that were answered 503 because of the database, counted for all processes together.

A request only adds in memory: a database that is too busy for it must not be asked to count that as well.
"""

import structlog
from django.db import DatabaseError
from django.db.models import F

from gatekeeper.health.models import DatabaseRefusal
from gatekeeper.runtime.database_limits import count, has_counts, take_counts
from gatekeeper.runtime.processes import background_writing

log = structlog.get_logger(__name__)


def write_counts() -> None:
    """Add what this process has counted to the stored numbers. What can't be written stays counted."""
    for reason, number in take_counts().items():
        try:
            row, is_new = DatabaseRefusal.objects.get_or_create(reason=reason, defaults={"count": number})
            if not is_new:
                DatabaseRefusal.objects.filter(pk=row.pk).update(count=F("count") + number)
        except DatabaseError as error:
            log.warning("database_refusals_not_written", reason=str(error))
            count(reason, number)


def keep_writing() -> None:
    """Start the thread that writes, for a process that serves requests."""
    background_writing.keep_writing("database-refusals", has_counts, write_counts)
