"""Counts of SCIM reads by minute and key. Reads are listed only while an administrator traces them.

Counting costs a request no statement: each process adds up in memory and writes every five seconds and at its end, from
a thread of its own (``gatekeeper/wsgi.py`` starts it). A process that is killed loses at most its last five seconds.
"""

import threading
import time
from collections import Counter
from datetime import datetime, timedelta

import structlog
from django.db import DatabaseError, IntegrityError, connections, transaction
from django.db.models import Exists, F, Sum
from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.audit.models import ReadCount, Tracing
from gatekeeper.runtime.transactions import one_transaction

log = structlog.get_logger(__name__)

WRITE_EVERY = 5.0  # seconds
TRACE_FOR = timedelta(hours=1)
KEEP_COUNTS = timedelta(days=30)

_lock = threading.Lock()
_counted: Counter[tuple[datetime, str]] = Counter()


def count_read(key_id: object) -> None:
    """Count one successful read with that key, in this process's memory until ``write_counts``."""
    minute = timezone.now().replace(second=0, microsecond=0)
    with _lock:
        _counted[minute, str(key_id)] += 1


def write_counts() -> None:
    """Add this process's counts to the stored ones. What cannot be written stays counted for the next time."""
    with _lock:
        taken = dict(_counted)
        _counted.clear()
    for (minute, key_id), count in taken.items():
        try:
            _add(minute, key_id, count)
        except DatabaseError as error:
            log.warning("read_counts_not_written", reason=str(error))
            with _lock:
                _counted[minute, key_id] += count


def keep_writing() -> None:
    """Start the thread that writes every five seconds, for a process that serves requests."""

    def run() -> None:
        while True:
            time.sleep(WRITE_EVERY)
            if _counted:
                write_counts()
                connections.close_all()

    threading.Thread(target=run, name="read-counts", daemon=True).start()


def _add(minute: datetime, key_id: str, count: int) -> None:
    stored = ReadCount.objects.filter(minute=minute, key_id=key_id)
    if stored.update(count=F("count") + count):
        return
    try:
        with transaction.atomic():
            ReadCount.objects.create(minute=minute, key_id=key_id, count=count)
    except IntegrityError:  # another process was the first of this minute
        stored.update(count=F("count") + count)


def reads_since(moment: datetime) -> int:
    """How many reads were counted since ``moment``."""
    total = ReadCount.objects.filter(minute__gte=moment).aggregate(total=Sum("count"))["total"]
    return total or 0


def forget_old_counts() -> int:
    """Delete counts older than 30 days; returns how many rows."""
    return ReadCount.objects.filter(minute__lt=timezone.now() - KEEP_COUNTS).delete()[0]


def is_tracing() -> Exists:
    """The condition "reads are listed now", to be asked beside another question by one query."""
    now = timezone.now()
    return Exists(Tracing.objects.filter(since__lte=now, until__gt=now))


def tracing_until() -> datetime | None:
    """When the running tracing ends; None when none runs."""
    now = timezone.now()
    running = Tracing.objects.filter(since__lte=now, until__gt=now).order_by("-until").first()
    return running.until if running else None


@one_transaction()
def start_tracing(*, actor: Actor) -> datetime:
    """List every read for an hour from now on; returns the end. Started again, the hour begins again."""
    until = timezone.now() + TRACE_FOR
    Tracing.objects.create(until=until, started_by=actor.name[:300])
    record(
        Event.TRACING_STARTED,
        actor=actor,
        kind="site",
        object_id="tracing",
        label="Reads are listed",
        after={"until": until.isoformat()},
    )
    return until


@one_transaction()
def stop_tracing(*, actor: Actor) -> None:
    """Count reads only again, from this moment on."""
    now = timezone.now()
    if Tracing.objects.filter(until__gt=now).update(until=now):
        record(Event.TRACING_STOPPED, actor=actor, kind="site", object_id="tracing", label="Reads are counted only")
