"""Writing and reading the signs of life of worker and beat."""

from datetime import timedelta
from enum import StrEnum

import structlog
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from gatekeeper.health.models import Heartbeat

# Both beat once a minute; two missed ones and some slack mean that something is wrong.
LATE_AFTER = timedelta(seconds=150)

log = structlog.get_logger(__name__)


class Process(StrEnum):
    """The processes that have to be alive; the web server's row is only written to try whether that is possible."""

    WEB = "web"
    WORKER = "worker"
    BEAT = "beat"


def beat(process: Process) -> None:
    """Say that ``process`` lives now. One write; safe from several processes at once."""
    Heartbeat.objects.update_or_create(name=process.value, defaults={"at": timezone.now()})


def try_to_beat(process: Process) -> None:
    """The same from a long-lived process, which a database that is away must not stop: that is logged instead."""
    try:
        close_old_connections()
        beat(process)
    except DatabaseError as error:
        log.warning("heartbeat_not_written", process=process.value, reason=str(error))


def ages() -> dict[Process, timedelta | None]:
    """How long ago each process last said that it lives; None: never. One query."""
    now, known = timezone.now(), dict(Heartbeat.objects.values_list("name", "at"))
    return {process: now - known[process.value] if process.value in known else None for process in Process}


def age(process: Process) -> timedelta | None:
    """How long ago the process last said that it lives; None: never."""
    return ages()[process]
