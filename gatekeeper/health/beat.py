"""Celery's beat with a pulse of its own, so that a dead worker is not mistaken for a dead clock."""

from typing import Any

import structlog
from celery.beat import PersistentScheduler
from django.db import DatabaseError, close_old_connections

from gatekeeper.health.heartbeats import Process, beat

log = structlog.get_logger(__name__)


class Scheduler(PersistentScheduler):
    """Keeps its schedule on disk: a minute 45 that was missed while the site was down is made up for at its start."""

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        """Send the task that is due, then say that the clock ticks. A database that is away must not stop it."""
        super().apply_entry(entry, producer=producer)
        try:
            close_old_connections()
            beat(Process.BEAT)
        except DatabaseError as error:
            log.warning("beat_heartbeat_not_written", reason=str(error))
