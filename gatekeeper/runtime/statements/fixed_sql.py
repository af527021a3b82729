"""Running a fixed statement on PostgreSQL or SQLite, and rows as instances of their models.

Values are parameters, always; no text of a statement is built from what a client sends.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from json import dumps
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Model
from django.db.models.base import ModelState

from gatekeeper.runtime.statements import json_columns
from gatekeeper.runtime.statements.prepared import prepared_cursor

Row = tuple[Any, ...]
M = TypeVar("M", bound=Model)


class Statement(NamedTuple):
    """One statement as each database writes it, with the same named parameters and the same columns."""

    postgresql: str
    sqlite: str


def same(text: str) -> Statement:
    """A statement that both databases read."""
    return Statement(text, text)


def same_plan_for_any(parameter: str, kind: str) -> str:
    """A parameter with a list of that kind of elements, as PostgreSQL reads it behind ANY or in unnest().

    Where PostgreSQL sees how long the list is, it plans the statement anew for each short one, which costs more than
    running it; in a sub-select the list is like any other.
    """
    return f"(SELECT {parameter}::{kind}[])::{kind}[]"


def among(parameter: str) -> Statement:
    """The condition on the column before it "is one of the ids in this parameter", on either database."""
    return Statement(
        f"= ANY ({same_plan_for_any(parameter, 'uuid')})",
        f"IN (SELECT value FROM json_each({parameter}))",  # noqa: S608 - a parameter's name
    )


class Columns(NamedTuple):
    """Columns of a model, in the order in which statements select them; others are loaded when they are asked for."""

    model: type[Model]
    names: tuple[str, ...]
    kinds: tuple[str, ...]

    @property
    def text(self) -> str:
        """The columns as a SELECT names them."""
        return ", ".join(self.names)

    @classmethod
    def of_all(cls, model: type[Model]) -> "Columns":
        return cls.of(model, *(field.attname for field in model._meta.concrete_fields))

    @classmethod
    def of(cls, model: type[Model], *names: str) -> "Columns":
        return cls(model, names, tuple(_kind(model, name) for name in names))


def _kind(model: type[Model], name: str) -> str:
    """What the column holds; of a foreign key, what it refers to."""
    field: Any = model._meta.get_field(name)
    return str((field.target_field if field.is_relation else field).get_internal_type())


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
        cursor.execute(statement.postgresql, {name: _for_postgresql(value) for name, value in parameters.items()})
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
    named = zip(columns.names, columns.kinds, strict=True)
    converted = [(name, converters[kind]) for name, kind in named if kind in converters]
    alias, made = connection.alias, []
    for row in rows:
        values = dict(zip(columns.names, row, strict=True))
        for name, convert in converted:
            if values[name] is not None:
                values[name] = convert(values[name])
        made.append(mark_stored(with_attributes(columns.model, values), alias))
    return made


def with_attributes(model: type[M], values: Mapping[str, Any]) -> M:
    """An instance with these attributes, not stored yet.

    What ``model(…)`` makes, and of a stored one ``Model.from_db``. Those visit each field, and take five times as long.
    """
    made = model.__new__(model)
    made.__dict__ = {"_state": ModelState(), **values}
    return made


def mark_stored(instance: M, alias: str) -> M:
    """Have the instance know that its row is in the database of that alias."""
    instance._state.adding, instance._state.db = False, alias
    return instance


def _instant(value: Any) -> datetime:
    operations: Any = connection.ops  # of SQLite, which its stubs don't know
    found: datetime = operations.convert_datetimefield_value(value, None, connection)
    return found


_OF_POSTGRESQL: Mapping[str, Callable[[Any], Any]] = {"JSONField": json_columns.read}
_OF_SQLITE: Mapping[str, Callable[[Any], Any]] = {
    "JSONField": json_columns.read,
    "UUIDField": UUID,
    "BooleanField": bool,
    "DateTimeField": _instant,
}


def _for_postgresql(value: Any) -> Any:
    """A value as PostgreSQL's driver takes it; a list of ids as an array's text, which the driver writes slowly."""
    if isinstance(value, list) and value and isinstance(value[0], UUID):
        return f"{{{','.join(each.hex for each in value)}}}"
    return value


def for_sqlite(value: Any) -> Any:
    """A value as SQLite's driver takes it; a list as JSON."""
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, list):
        return dumps([for_sqlite(each) for each in value])
    return value
