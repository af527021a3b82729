"""Counts of SCIM requests by minute and credential. Reads are listed only while an administrator traces them.

Counting costs a request no statement: each process adds up in memory and writes every five seconds and at its end, from
a thread of its own (``gatekeeper/wsgi.py`` starts it). A process that is killed loses at most its last five seconds.
"""

import threading
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import Exists, F, Sum
from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.audit.models import RequestCount, Tracing
from gatekeeper.runtime.processes import background_writing
from gatekeeper.runtime.transactions import one_transaction

log = structlog.get_logger(__name__)

TRACE_FOR = timedelta(hours=1)


class Counted(StrEnum):
    """What is counted: the columns of ``RequestCount``."""

    REQUEST = "requests"
    READ = "reads"
    THROTTLED = "throttled"
    REFUSED_ADDRESS = "refused_address"


_lock = threading.Lock()
_counted: defaultdict[tuple[datetime, str], Counter[str]] = defaultdict(Counter)


def count(what: Counted, key_id: object) -> None:
    """Count one request with that credential, in this process's memory until ``write_counts``."""
    minute = timezone.now().replace(second=0, microsecond=0)
    with _lock:
        _counted[minute, str(key_id)][what.value] += 1


def write_counts() -> None:
    """Add this process's counts to the stored ones. What cannot be written stays counted for the next time."""
    with _lock:
        taken = dict(_counted)
        _counted.clear()
    for (minute, key_id), counts in taken.items():
        try:
            _add(minute, key_id, counts)
        except DatabaseError as error:
            log.warning("request_counts_not_written", reason=str(error))
            with _lock:
                _counted[minute, key_id].update(counts)


def keep_writing() -> None:
    """Start the thread that writes, for a process that serves requests."""
    background_writing.keep_writing("request-counts", lambda: bool(_counted), write_counts)


def _add(minute: datetime, key_id: str, counts: Mapping[str, int]) -> None:
    stored = RequestCount.objects.filter(minute=minute, key_id=key_id)
    more = {name: F(name) + number for name, number in counts.items()}
    if stored.update(**more):
        return
    try:
        with transaction.atomic():
            RequestCount.objects.create(minute=minute, key_id=key_id, **counts)
    except IntegrityError:  # another process was the first of this minute
        stored.update(**more)


def requests_since(moment: datetime) -> dict[str, Counter[str]]:
    """What was counted since ``moment``: for each credential the numbers by ``Counted``. One query."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    rows = RequestCount.objects.filter(minute__gte=moment).order_by().values_list("key_id")
    for key_id, *sums in rows.annotate(*(Sum(each.value) for each in Counted)):
        found[key_id].update(dict(zip(Counted, sums, strict=True)))
    return found


def reads_since(moment: datetime) -> int:
    """How many reads were counted since ``moment``."""
    total = RequestCount.objects.filter(minute__gte=moment).aggregate(total=Sum("reads"))["total"]
    return total or 0


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
