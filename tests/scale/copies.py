"""Copies of rows in SQL: a service writes the first, and ``INSERT … SELECT`` thousands that differ in a number.

So the shape of every row is what the services write, and a hundred thousand take seconds. The same statements run on
both databases; ``Sql`` knows what they spell differently.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, models

NUMBERS = "scale_numbers"  # a temporary table of 1, 2, 3 …


class Sql:
    """Expressions that PostgreSQL and SQLite spell differently."""

    def __init__(self) -> None:
        self.is_postgresql = connection.vendor == "postgresql"

    def uuid(self, text: str) -> str:
        """An id that follows from a text, as its column holds it."""
        return f"md5({text})::uuid" if self.is_postgresql else f"md5({text})"

    def uuid_text(self, text: str) -> str:
        """The same id, as JSON and addresses hold it."""
        if self.is_postgresql:
            return f"md5({text})::uuid::text"
        parts = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
        return "(" + " || '-' || ".join(f"substr(md5({text}), {at}, {length})" for at, length in parts) + ")"

    def moment(self, start: datetime, seconds: str) -> str:
        """A moment that many seconds after ``start``."""
        if self.is_postgresql:
            return f"(TIMESTAMPTZ '{start.isoformat()}' + ({seconds}) * INTERVAL '1 second')"
        return f"strftime('%Y-%m-%d %H:%M:%f', '{start:%Y-%m-%d %H:%M:%S}', ({seconds}) || ' seconds')"

    def id(self, pk: UUID) -> str:
        """An id that is known."""
        return f"'{pk}'::uuid" if self.is_postgresql else f"'{pk.hex}'"

    @property
    def null_moment(self) -> str:
        return "NULL::timestamptz" if self.is_postgresql else "NULL"

    def renamed(self, field: models.Field[Any, Any], words: Mapping[str, str]) -> str:
        """The column of the copied row with each word replaced by an expression."""
        is_json = isinstance(field, models.JSONField) and self.is_postgresql
        text = f't."{field.column}"' + ("::text" if is_json else "")
        for word, instead in words.items():
            text = f"replace({text}, '{word}', {instead})"
        return f"({text})::jsonb" if is_json else text


@contextmanager
def numbers_to(most: int) -> Iterator[None]:
    """Provide the table of numbers."""
    execute(f"CREATE TEMPORARY TABLE {NUMBERS} (n bigint PRIMARY KEY)")
    execute(
        f"INSERT INTO {NUMBERS} WITH RECURSIVE counted(n) AS "
        f"(SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {most}) SELECT n FROM counted"
    )
    execute(f"ANALYZE {NUMBERS}")
    try:
        yield
    finally:
        execute(f"DROP TABLE {NUMBERS}")


def copy_rows(
    rows: Sequence[models.Model], numbers: str, words: Mapping[str, str] | None = None, /, **columns: str
) -> None:
    """Copy the rows of one table in turn, one for each ``n`` that fulfils the condition ``numbers``, in order.

    ``words``: what is replaced in every text and JSON column that has it. ``columns``: expressions for whole columns.
    """
    sql, meta = Sql(), rows[0]._meta
    assert meta.pk is not None
    expressions = dict[str, str]()
    for field in meta.concrete_fields:
        values = [str(getattr(row, field.attname)) for row in rows]
        found = {word: instead for word, instead in (words or {}).items() if any(word in value for value in values)}
        if field.column in columns:
            expressions[field.column] = columns[field.column]
        elif isinstance(field, models.AutoField):
            continue
        elif found and isinstance(field, models.CharField | models.TextField | models.JSONField):
            expressions[field.column] = sql.renamed(field, found)
        else:
            expressions[field.column] = f't."{field.column}"'
    assert set(columns) <= set(expressions), f"{meta.db_table} has not all of {sorted(columns)}"
    names = ", ".join(f'"{name}"' for name in expressions)
    pks = [sql.id(row.pk) if isinstance(row.pk, UUID) else str(row.pk) for row in rows]
    turns = " ".join(f"WHEN {turn} THEN {pk}" for turn, pk in enumerate(pks))
    which = f"CASE n % {len(rows)} {turns} END" if len(rows) > 1 else pks[0]
    # No ORDER BY, which would sort the wide rows: the numbers are scanned in their order, and the few rows are hashed.
    execute(
        f'INSERT INTO "{meta.db_table}" ({names}) '
        f'WITH t AS MATERIALIZED (SELECT * FROM "{meta.db_table}" WHERE "{meta.pk.column}" IN ({", ".join(pks)})) '
        f'SELECT {", ".join(expressions.values())} FROM {NUMBERS} JOIN t ON t."{meta.pk.column}" = {which} '
        f"WHERE {numbers}"
    )


def execute(statement: str) -> None:
    """Run a statement whose percent signs mean nothing."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
