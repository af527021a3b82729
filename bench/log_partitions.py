"""A table in monthly partitions, as ``bench.log_retention`` compares it with one that rows are deleted from.

The site has no such tables: docs/decisions/0013-logs-without-partitions.md says why. PostgreSQL only.
"""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection

MONTHS = 26  # two years, and what is written meanwhile


def _months() -> Iterator[tuple[date, date]]:
    """The first days of each month and of the one after it, up to the next month."""
    first = (datetime.now(UTC).date() + timedelta(days=31)).replace(day=1)
    for _ in range(MONTHS):
        before = (first - timedelta(days=1)).replace(day=1)
        yield before, first
        first = before


def partitioned(table: str) -> Callable[[Any, int, Any], None]:
    """Put partitions in place of an empty table, with the same indexes; returns what drops the oldest whole month."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename = %s AND indexname NOT LIKE '%%pkey'", [table])
        indexes = [definition for (definition,) in cursor.fetchall()]
        cursor.execute(f'ALTER TABLE "{table}" RENAME TO former_table')
        cursor.execute(f'CREATE TABLE "{table}" (LIKE former_table) PARTITION BY RANGE (at)')
        cursor.execute("DROP TABLE former_table")
        cursor.execute(f'CREATE SEQUENCE "{table}_numbers"')
        cursor.execute(f"ALTER TABLE \"{table}\" ALTER id SET DEFAULT nextval('{table}_numbers')")
        cursor.execute(f'ALTER TABLE "{table}" ADD PRIMARY KEY (id, at)')  # it has to name the column that divides
        for definition in indexes:
            cursor.execute(definition)
        for begin, end in _months():
            cursor.execute(
                f'CREATE TABLE "{table}_{begin:%Y_%m}" PARTITION OF "{table}" '
                f"FOR VALUES FROM ('{begin}') TO ('{end}')"
            )
    return drop_month


def drop_month(log: Any, _entries: int, costs: Any) -> None:
    """Detach the oldest month that has rows, and drop it."""
    table = log.model._meta.db_table
    with connection.cursor() as cursor:
        for begin, _ in reversed(list(_months())):
            month = f"{table}_{begin:%Y_%m}"
            cursor.execute(f'SELECT count(*) FROM "{month}"')
            (costs.rows,) = cursor.fetchone()
            if costs.rows:
                break
        begun = time.perf_counter()
        cursor.execute(f'ALTER TABLE "{table}" DETACH PARTITION "{month}"')
        cursor.execute(f'DROP TABLE "{month}"')
        costs.seconds = costs.longest = time.perf_counter() - begun
    costs.deleted = costs.seconds * 1000 / costs.rows
