"""What is around the site: what is free for DATA_DIR, what the database is at for long, and what waits in the queue."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection
from kombu.exceptions import KombuError
from prometheus_client.core import GaugeMetricFamily
from redis.exceptions import RedisError

from gatekeeper.celery import app

QUEUE = "celery"
BROKER_TIMEOUT = 2  # seconds
_TRIED = 4096  # bytes: a disk without a free block takes the name of a file, and nothing in it


class Longest(NamedTuple):
    """In seconds, of this site's role in its database: a statement that runs, and a transaction that waits for us."""

    statement: float
    idle_transaction: float


def free_space() -> tuple[int, float]:
    """Bytes that are free for DATA_DIR, and which part of its disk that is."""
    usage = shutil.disk_usage(settings.DATA_DIR)
    return usage.free, usage.free / usage.total


def why_not_writable(folder: Path | None = None) -> OSError | None:
    """Why the folder (DATA_DIR, where none is named) takes no file; None when it does. The file is gone afterwards."""
    try:
        with tempfile.NamedTemporaryFile(dir=folder or Path(settings.DATA_DIR), prefix=".tried-") as file:
            file.write(bytes(_TRIED))
            file.flush()
    except OSError as error:
        return error
    return None


def longest() -> Longest | None:
    """One statement; None for SQLite, which knows no such thing."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(max(extract(epoch FROM clock_timestamp() - query_start))"
            " FILTER (WHERE state = 'active'), 0),"
            " coalesce(max(extract(epoch FROM clock_timestamp() - state_change))"
            " FILTER (WHERE state LIKE 'idle in transaction%'), 0) FROM pg_stat_activity"
            " WHERE usename = current_user AND datname = current_database() AND pid <> pg_backend_pid()"
        )
        return Longest(*map(float, cursor.fetchone()))


def queue_depth() -> int | None:
    """How many tasks wait that no worker has taken; None while the broker does not answer."""
    try:
        with app.connection_for_read(connect_timeout=BROKER_TIMEOUT) as broker:
            broker.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=BROKER_TIMEOUT)
            channel: Any = broker.default_channel
            return int(channel._size(QUEUE))
    except (OSError, KombuError, RedisError):
        return None


def around_the_site() -> Iterator[GaugeMetricFamily]:
    """As this machine sees it."""
    free, part = free_space()
    yield GaugeMetricFamily("gatekeeper_data_dir_free_bytes", "Free for DATA_DIR on this machine.", value=free)
    yield GaugeMetricFamily("gatekeeper_data_dir_free_ratio", "Which part of that disk is free.", value=part)
    takes = int(why_not_writable() is None)
    yield GaugeMetricFamily("gatekeeper_data_dir_writable", "1 while DATA_DIR takes a file.", value=takes)
    statement = GaugeMetricFamily("gatekeeper_database_longest_statement_seconds", "That runs now (PostgreSQL).")
    waiting = GaugeMetricFamily(
        "gatekeeper_database_longest_idle_transaction_seconds", "That is open and does nothing (PostgreSQL)."
    )
    found = longest()
    if found:
        statement.add_metric([], found.statement)
        waiting.add_metric([], found.idle_transaction)
    yield from (statement, waiting)
    queue = GaugeMetricFamily("gatekeeper_queue_tasks", "Tasks that no worker has taken yet.")
    depth = queue_depth()
    if depth is not None:
        queue.add_metric([], depth)
    yield queue
