"""Each worker and each beat by host and process id: which of several has stopped.

``heartbeats.py`` says whether the work is done at all; this says who is missing from those that did it. Whoever stops
as asked takes itself off, whoever comes back takes the place of one that was killed on the same host, and what nobody
brings back is forgotten after a day.
"""

import os
import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import structlog
from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

from gatekeeper.health.heartbeats import LATE_AFTER, Process
from gatekeeper.health.models import ProcessHeartbeat

EVERY = timedelta(seconds=60)
FORGOTTEN_AFTER = timedelta(days=1)  # whoever looks in the morning still sees what stopped in the night

log = structlog.get_logger(__name__)
_announced: set[tuple[Process, int]] = set()  # with the process id, since a process may be forked


class Seen(NamedTuple):
    """A process, and how long ago it was seen."""

    process: Process
    host: str
    pid: int
    age: timedelta

    @property
    def has_stopped(self) -> bool:
        """Ahead is as far off as behind: of a clock that was set back, until the process is seen again."""
        return abs(self.age) > LATE_AFTER


def say_that_it_lives(process: Process) -> None:
    """Of a long-lived process that calls this. A database that is away stops nobody: that is logged instead."""
    _try(process, note)


def take_off(process: Process) -> None:
    """Of the process that calls this, which stops as it was asked to."""
    _try(process, remove)
    connection.close()


def note(process: Process) -> None:
    """That the process which calls this lives now."""
    if (process, os.getpid()) not in _announced:
        _take_the_place_of_one_that_was_killed(process)
        _announced.add((process, os.getpid()))
    own: dict[str, Any] = {"process": process.value, "host": socket.gethostname(), "pid": os.getpid()}
    ProcessHeartbeat.objects.update_or_create(**own, defaults={"at": timezone.now()})


def remove(process: Process) -> None:
    """What ``note`` wrote."""
    ProcessHeartbeat.objects.filter(process=process.value, host=socket.gethostname(), pid=os.getpid()).delete()


def seen_lately() -> list[Seen]:
    """Every process that was seen within a day and has not taken itself off, by kind, host and id. One query."""
    now = timezone.now()
    rows = ProcessHeartbeat.objects.filter(at__gte=now - FORGOTTEN_AFTER).order_by("process", "host", "pid")
    return [Seen(Process(row.process), row.host, row.pid, now - row.at) for row in rows]


def forget_old(now: datetime) -> int:
    """Delete those that nobody has seen for a day; returns how many."""
    return ProcessHeartbeat.objects.filter(at__lt=now - FORGOTTEN_AFTER).delete()[0]


def _try(process: Process, do: Callable[[Process], None]) -> None:
    try:
        close_old_connections()
        do(process)
    except DatabaseError as error:
        log.warning("heartbeat_not_written", process=process.value, reason=str(error))


def _take_the_place_of_one_that_was_killed(process: Process) -> None:
    """Of one only: where two were killed and one came back, the other one is missing."""
    others = ProcessHeartbeat.objects.filter(process=process.value, host=socket.gethostname()).exclude(pid=os.getpid())
    for row in others.order_by("at"):
        if not _is_running(row.pid):
            row.delete()
            return


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
