"""Which tables are in a backup, and their rows as JSON, in the same form for both databases.

A value is written by its column's type: moments in ISO 8601 with their zone, ids as text, bytes in base64, the rest as
JSON has it. So an archive of SQLite can be restored into PostgreSQL and the other way round.
"""

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import connection, models

from gatekeeper.health.models import Heartbeat, Measurement, ProcessHeartbeat
from gatekeeper.maintenance.models import ScheduledRun

# Browsers sign in again; which processes live, and what they have run, is none of the data.
LEFT_OUT = (Session, Heartbeat, ProcessHeartbeat, Measurement, ScheduledRun)
_Kind = TypeVar("_Kind")
_CHUNK = 1000  # rows read or inserted at once


@dataclass(frozen=True, slots=True)
class Table:
    """A model's table with all of its columns."""

    model: type[models.Model]
    name: str
    fields: tuple[models.Field[Any, Any], ...]

    @property
    def columns(self) -> list[str]:
        return [str(field.column) for field in self.fields]

    @property
    def counter(self) -> str | None:
        """The column that the database numbers."""
        key = self.model._meta.pk
        return str(key.column) if isinstance(key, models.AutoField) else None

    def count(self) -> int:
        return self.model._base_manager.count()


def tables() -> Iterator[Table]:
    """Every table of the site, by name, without those that are left out."""
    found = [model for model in apps.get_models(include_auto_created=True) if model not in LEFT_OUT]
    for model in sorted(found, key=lambda each: each._meta.db_table):
        yield Table(model, model._meta.db_table, tuple(model._meta.concrete_fields))


def lines(table: Table) -> Iterator[bytes]:
    """Each row as a line of JSON, by primary key."""
    rows = table.model._base_manager.order_by("pk").values_list(*(field.attname for field in table.fields))
    for row in rows.iterator(chunk_size=_CHUNK):
        yield json.dumps(list(map(_written, row)), separators=(",", ":")).encode() + b"\n"


def insert(table: Table, written: Iterator[bytes]) -> int:
    """Store rows as ``lines`` wrote them; how many. Raises: ValueError for what is no row of this table."""
    names = ", ".join(map(connection.ops.quote_name, table.columns))
    places = ", ".join(["%s"] * len(table.fields))
    sql = f"INSERT INTO {connection.ops.quote_name(table.name)} ({names}) VALUES ({places})"  # noqa: S608 - our names
    readers = [_reader(field) for field in table.fields]
    count, batch = 0, []
    with connection.cursor() as cursor:
        for line in written:
            batch.append(_prepared(table, readers, line))
            count += 1
            if len(batch) == _CHUNK:
                cursor.executemany(sql, batch)
                batch = []
        if batch:
            cursor.executemany(sql, batch)
    return count


def empty(table: Table) -> None:
    """Delete its rows, without signals and without looking for what refers to them."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {connection.ops.quote_name(table.name)}")  # noqa: S608 - our name


def last_number(table: Table) -> int:
    """The last number that the database gave to a row of it, deleted ones included; 0 when it gave none."""
    if table.counter is None:
        return 0
    sql, values = "SELECT seq FROM sqlite_sequence WHERE name = %s", [table.name]
    if connection.vendor == "postgresql":
        sql, values = (
            "SELECT pg_sequence_last_value(pg_get_serial_sequence(%s, %s)::regclass)",
            [*values, table.counter],
        )
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found = cursor.fetchone()
    return int(found[0] or 0) if found else 0


def go_on_after(table: Table, number: int) -> None:
    """Give the next row a higher number than this one, and than any row has."""
    if table.counter is None:
        return
    highest = table.model._base_manager.aggregate(highest=models.Max("pk"))["highest"] or 0
    last = max(number, highest)
    if not last:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, %s), %s)", [table.name, table.counter, last])
        else:
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table.name])
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table.name, last])


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode()
    return value


def _prepared(table: Table, readers: Sequence[Callable[[Any], Any]], line: bytes) -> list[Any]:
    row = json.loads(line)
    if not isinstance(row, list) or len(row) != len(readers):
        raise ValueError(f"{table.name} has a row of another shape")
    values = [None if value is None else read(value) for read, value in zip(readers, row, strict=True)]
    pairs = zip(table.fields, values, strict=True)
    return [field.get_db_prep_save(value, connection) for field, value in pairs]


def _reader(field: models.Field[Any, Any]) -> Callable[[Any], Any]:
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    kinds: list[tuple[type[models.Field[Any, Any]], Callable[[Any], Any]]] = [
        (models.DateTimeField, _moment),
        (models.UUIDField, lambda value: UUID(_is(str, value))),
        (models.BinaryField, lambda value: base64.b64decode(_is(str, value), validate=True)),
        (models.JSONField, lambda value: value),
        (models.BooleanField, lambda value: _is(bool, value)),
        (models.IntegerField, lambda value: _is(int, value)),
        (models.CharField, lambda value: _is(str, value)),
        (models.TextField, lambda value: _is(str, value)),
    ]
    found = next((read for kind, read in kinds if isinstance(field, kind)), None)
    if found is None:  # a new type of column has to be decided upon: tests/backup
        raise TypeError(f"{field} is of a type that a backup can't hold yet")
    return found


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(_is(str, value))
    if moment.tzinfo is None:
        raise ValueError("a moment without its zone")
    return moment


def _is(kind: type[_Kind], value: Any) -> _Kind:
    if type(value) is not kind:
        raise ValueError(f"{type(value).__name__} instead of {kind.__name__}")
    return value
