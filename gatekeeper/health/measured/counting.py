"""Counts and durations of requests, tasks and statements, added up for all processes of all machines.

Measuring costs a request no statement: each process adds up in memory and writes every five seconds, from a thread of
its own. So each process answers a scrape with the same numbers, whichever of them Prometheus reaches. A process that is
killed loses at most its last five seconds. The number of rows is bounded by what is named: addresses by their name in
``urls.py``, tasks by theirs, and so many credentials.
"""

import threading
from bisect import bisect_left
from collections import defaultdict
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

import structlog
from django.db import DatabaseError, connection
from django.utils import timezone

from gatekeeper.health.models import Measurement
from gatekeeper.runtime.processes import background_writing

KEPT_FOR = timedelta(days=30)  # since something was added: a revoked credential, an address of a former version
BUCKETS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0)  # seconds; the last one is a request's limit of a statement
COLUMNS = (
    "up_to_10ms",
    "up_to_50ms",
    "up_to_100ms",
    "up_to_250ms",
    "up_to_500ms",
    "up_to_1s",
    "up_to_5s",
    "up_to_15s",
)

log = structlog.get_logger(__name__)


class Kind(StrEnum):
    """What is measured."""

    REQUEST = "request"
    TASK = "task"
    STATEMENT = "statement"


class Key(NamedTuple):
    """One row of ``Measurement``."""

    kind: str
    name: str
    result: str = ""
    credential: str = ""


class Sums:
    """What was measured for one key; the last bucket has what is above all others."""

    def __init__(self) -> None:
        self.number, self.seconds = 0, 0.0
        self.buckets = [0] * (len(BUCKETS) + 1)

    def add(self, seconds: float) -> None:
        """One more."""
        self.number += 1
        self.seconds += seconds
        self.buckets[bisect_left(BUCKETS, seconds)] += 1

    def merge(self, other: "Sums") -> None:
        """Those of another one as well."""
        self.number += other.number
        self.seconds += other.seconds
        self.buckets = [mine + theirs for mine, theirs in zip(self.buckets, other.buckets, strict=True)]


_lock = threading.Lock()
_sums: defaultdict[Key, Sums] = defaultdict(Sums)


def measure(key: Key, seconds: float) -> None:
    """Note one request, task or statement, in this process's memory until ``write_measurements``."""
    with _lock:
        _sums[key].add(seconds)


def write_measurements() -> None:
    """Add what this process has measured to the stored numbers. What can't be written stays for the next time."""
    with _lock:
        taken = dict(_sums)
        _sums.clear()
    if not taken:
        return
    try:
        _add(taken)
    except DatabaseError as error:
        log.warning("measurements_not_written", reason=str(error))
        with _lock:
            for key, sums in taken.items():
                _sums[key].merge(sums)


def _add(taken: dict[Key, Sums]) -> None:
    """One statement. Rows in one order for everybody, so that two processes never wait for each other."""
    table = Measurement._meta.db_table
    sums = ("number", "seconds", *COLUMNS)
    columns = (*Key._fields, "at", *sums)
    row = f"({', '.join(['%s'] * len(columns))})"
    more = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in sums)
    sql = (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([row] * len(taken))} "  # noqa: S608  # our names
        f"ON CONFLICT ({', '.join(Key._fields)}) DO UPDATE SET at = excluded.at, {more}"
    )
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    values: list[Any] = []
    for key, each in sorted(taken.items()):
        values += [*key, now, each.number, each.seconds, *each.buckets[: len(BUCKETS)]]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def keep_writing() -> None:
    """Start the thread that writes, for a process that serves requests."""
    background_writing.keep_writing("measurements", lambda: bool(_sums), write_measurements)


def forget_old_measurements(now: datetime) -> int:
    """Delete rows to which nothing was added for long; returns how many."""
    return Measurement.objects.filter(at__lt=now - KEPT_FOR).delete()[0]
