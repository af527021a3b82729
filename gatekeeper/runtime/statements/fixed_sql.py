"""Running a fixed statement on PostgreSQL or SQLite, and rows as instances of their models.

Values are parameters, always; no text of a statement is built from what a client sends.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from json import dumps, loads
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import Model

from gatekeeper.runtime.statements.prepared import prepared_cursor

Row = tuple[Any, ...]


class Statement(NamedTuple):
    """One statement as each database writes it, with the same named parameters and the same columns."""

    postgresql: str
    sqlite: str


def same(text: str) -> Statement:
    """A statement that both databases read."""
    return Statement(text, text)


class Columns(NamedTuple):
    """Columns of a model, in the order in which statements select them; others are loaded when they are asked for."""

    model: type[Model]
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    places: tuple[int, ...] = ()  # of the columns in the order of the model's fields, which ``from_db`` takes

    @property
    def text(self) -> str:
        """The columns as a SELECT names them."""
        return ", ".join(self.names)

    @classmethod
    def of_all(cls, model: type[Model]) -> "Columns":
        return cls.of(model, *(field.attname for field in model._meta.concrete_fields))

    @classmethod
    def of(cls, model: type[Model], *names: str) -> "Columns":
        fields = [model._meta.get_field(name) for name in names]
        in_order = [field.attname for field in model._meta.concrete_fields if field.attname in names]
        places = () if in_order == list(names) else tuple(names.index(name) for name in in_order)
        return cls(model, names, tuple(field.get_internal_type() for field in fields), places)


def run(statement: Statement, parameters: Mapping[str, Any]) -> list[Row]:
    """The rows of a statement. Raises what Django's cursors raise."""
    with prepared_cursor() as cursor:
        _execute(cursor, statement, parameters)
        return list(cursor.fetchall())


def change(statement: Statement, parameters: Mapping[str, Any]) -> int:
    """Run a statement that gives no rows; how many it changed."""
    with prepared_cursor() as cursor:
        _execute(cursor, statement, parameters)
        return int(cursor.rowcount)


def is_true(statement: Statement, parameters: Mapping[str, Any]) -> bool:
    """The answer of a statement that selects one condition."""
    return bool(run(statement, parameters)[0][0])


def _execute(cursor: Any, statement: Statement, parameters: Mapping[str, Any]) -> None:
    if connection.vendor == "postgresql":
        cursor.execute(statement.postgresql, parameters)
    else:
        cursor.execute(statement.sqlite, {name: for_sqlite(value) for name, value in parameters.items()})


def as_uuid(value: Any) -> UUID:
    """An id as PostgreSQL or SQLite gives it."""
    return value if isinstance(value, UUID) else UUID(value)


def instance(columns: Columns, values: Sequence[Any]) -> Any:
    """The instance that a query of the model would have made of these values."""
    return instances(columns, [values])[0]


def instances(columns: Columns, rows: Iterable[Sequence[Any]]) -> list[Any]:
    """The same for many rows."""
    converters = _OF_POSTGRESQL if connection.vendor == "postgresql" else _OF_SQLITE
    converted = [(place, converters[kind]) for place, kind in enumerate(columns.kinds) if kind in converters]
    alias, names, made = connection.alias, frozenset(columns.names), []
    for row in rows:
        values = list(row)
        for place, convert in converted:
            if values[place] is not None:
                values[place] = convert(values[place])
        if columns.places:
            values = [values[place] for place in columns.places]
        made.append(columns.model.from_db(alias, names, values))
    return made


def _instant(value: Any) -> datetime:
    operations: Any = connection.ops  # of SQLite, which its stubs don't know
    found: datetime = operations.convert_datetimefield_value(value, None, connection)
    return found


def _json(text: str) -> Any:
    """As ``json.loads``, which takes several times as long; whole numbers of more than 64 bits only that one keeps."""
    return loads(text) if _LONG_NUMBER.search(text) else orjson.loads(text)


_LONG_NUMBER = re.compile(r"\d{19}")
_OF_POSTGRESQL: Mapping[str, Callable[[Any], Any]] = {"JSONField": _json}
_OF_SQLITE: Mapping[str, Callable[[Any], Any]] = {
    "JSONField": _json,
    "UUIDField": UUID,
    "BooleanField": bool,
    "DateTimeField": _instant,
}


def for_sqlite(value: Any) -> Any:
    """A value as SQLite's driver takes it; a list as JSON."""
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, list):
        return dumps([for_sqlite(each) for each in value])
    return value
