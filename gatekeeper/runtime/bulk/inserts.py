"""Inserting many rows whose values are in hand: by COPY on PostgreSQL, by one prepared statement on SQLite.

``bulk_create`` builds an instance and an expression for each value; for a hundred thousand rows that costs several
times as much as the database does.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from gatekeeper.runtime.statements.sent_together import send_collected

_USUAL_CACHE, _LARGE_CACHE = -2_000, -24_000  # KiB, as SQLite writes it


@contextmanager
def large_cache() -> Iterator[None]:
    """SQLite keeps the pages of the indexes that many rows go to; with its usual 2 MB it reads them again and again."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA cache_size = {_LARGE_CACHE}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA cache_size = {_USUAL_CACHE}")


def insert_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows in the caller's transaction. Values: text, numbers, None, JSON as text, and ``moment`` and ``uid``.

    ``table`` and ``columns`` are constants of the code. Raises: IntegrityError, as any INSERT does.
    """
    quoted = ", ".join(connection.ops.quote_name(column) for column in columns)
    into = f"{connection.ops.quote_name(table)} ({quoted})"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            send_collected()
            with connection.wrap_database_errors, cursor.copy(f"COPY {into} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            values = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {into} VALUES ({values})", list(rows))  # noqa: S608 - constants


def moment(value: datetime) -> Any:
    """A time as the column holds it."""
    return connection.ops.adapt_datetimefield_value(value)


def uid(value: UUID) -> Any:
    """A UUID as the column holds it."""
    return value if connection.vendor == "postgresql" else value.hex
