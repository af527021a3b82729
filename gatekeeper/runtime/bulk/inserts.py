"""Inserting many rows whose values are in hand: by COPY on PostgreSQL, by one prepared statement on SQLite.

``bulk_create`` builds an instance and an expression for each value; for a hundred thousand rows that costs several
times as much as the database does.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db import connection

from gatekeeper.runtime.statements.fixed_sql import for_sqlite
from gatekeeper.runtime.statements.sent_together import run_later, send_collected

COPIED = 1_000  # rows; from that number on PostgreSQL's COPY costs less than lists of their values
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


class Target(NamedTuple):
    """A table, and the columns that are inserted with their types in PostgreSQL: constants of the code."""

    table: str
    columns: tuple[tuple[str, str], ...]


def target(table: str, columns: Mapping[str, str]) -> Target:
    """Of the columns' names and types."""
    return Target(table, tuple(columns.items()))


def insert_rows_later(into: Target, rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows, whose values are as the fields have them, by the end of the transaction (``sent_together.py``).

    Nobody handles a failure: the transaction ends with it. Cost: one statement, whatever the number of rows.
    """
    if not rows:
        return
    if connection.vendor != "postgresql":
        rows = [[for_sqlite(value) for value in row] for row in rows]
    elif len(rows) < COPIED:
        run_later(into.table, _of_lists(into), [orjson.dumps(values).decode() for values in zip(*rows, strict=True)])
        return
    insert_rows(into.table, [name for name, _ in into.columns], rows)


@cache
def _of_lists(into: Target) -> str:
    """One text whatever the number of rows, so that PostgreSQL plans it once.

    Each column's values are a list in JSON: the driver takes ten times as long to write an array.
    """
    names = ", ".join(name for name, _ in into.columns)
    values = ", ".join(f"{name}::{kind}" for name, kind in into.columns)
    lists = ", ".join("json_array_elements_text(%s::json)" for _ in into.columns)
    return f"INSERT INTO {into.table} ({names}) SELECT {values} FROM ROWS FROM ({lists}) AS given ({names})"  # noqa: S608 - constants


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
