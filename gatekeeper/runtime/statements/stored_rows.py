"""Inserting and updating instances by fixed SQL: Django builds and compiles each statement anew, which costs more."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Field, ForeignKey, JSONField, Model

from gatekeeper.runtime.bulk.inserts import insert_rows
from gatekeeper.runtime.statements.fixed_sql import M, mark_stored, with_attributes
from gatekeeper.runtime.statements.json_columns import written
from gatekeeper.runtime.statements.prepared import prepared_cursor
from gatekeeper.runtime.statements.sent_together import is_collecting, run_later

COPIED = 20  # rows; from that number on PostgreSQL's COPY costs less than one INSERT of them all

# Fields whose values the database's driver takes as they are; others are asked how they are stored.
_PLAIN = frozenset(
    {
        "BooleanField",
        "CharField",
        "TextField",
        "BigIntegerField",
        "IntegerField",
        "PositiveIntegerField",
        "PositiveSmallIntegerField",
    }
)
_READ_BY_POSTGRESQL = _PLAIN | {"UUIDField", "DateTimeField"}

Value = Callable[[Any], Any]


class _Table(NamedTuple):
    """``attributes``: the name of each, and how its value is stored (None: as it is); ``columns`` in the same order."""

    name: str
    columns: tuple[str, ...]
    attributes: tuple[tuple[str, Value | None], ...]

    def row(self, instance: Model) -> list[Any]:
        values = vars(instance)
        return [
            value if (value := values[name]) is None or stored is None else stored(value)
            for name, stored in self.attributes
        ]


def new(model: type[M], **values: Any) -> M:
    """An instance that is not stored yet, by the attributes of its columns; what is not named has its default."""
    constant, made_anew = _defaults(model)
    return with_attributes(model, {**constant, **{name: make() for name, make in made_anew}, **values})


@cache
def _defaults(model: type[Model]) -> tuple[dict[str, Any], list[tuple[str, Callable[[], Any]]]]:
    """The default of each attribute, and of those that have another one each time what makes it."""
    fields = model._meta.concrete_fields
    anew = [(field.attname, field.get_default) for field in fields if callable(field.default)]
    names = {name for name, _ in anew}
    return {field.attname: field.get_default() for field in fields if field.attname not in names}, anew


def insert(instances: Sequence[Model]) -> None:
    """Insert new instances of one model, all or none. A single one learns the id that the database gave it.

    Cost:   one statement; on SQLite one that is prepared once.
    Raises: IntegrityError, DataError.
    """
    if not instances:
        return
    table = _table_of(type(instances[0]), connection.vendor)
    for each in instances:
        mark_stored(each, connection.alias)
    if len(instances) > 1 and (connection.vendor != "postgresql" or len(instances) >= COPIED):
        insert_rows(instances[0]._meta.db_table, table.columns, map(table.row, instances))
        return
    with prepared_cursor() as cursor:
        if len(instances) == 1:
            _insert_one(cursor, table, instances[0])
        else:
            values = [value for each in instances for value in table.row(each)]
            cursor.execute(_statement(table, len(instances)), values)


def insert_unless_taken(instance: Model, unique: str, asking: str) -> bool | None:
    """Insert one new instance that has its id, and answer a condition; None where its like is there already.

    ``unique``: the unique index as ON CONFLICT names it; ``asking``: the condition. Both are constants of the code.
    Cost:   one statement, which waits for a transaction that is about to insert such a row.
    Raises: IntegrityError for what else is refused; DataError.
    """
    table = _table_of(type(instance), connection.vendor)
    text = f"{_statement(table)} ON CONFLICT {unique} DO NOTHING RETURNING {asking}"
    with prepared_cursor() as cursor:
        cursor.execute(text, table.row(instance))
        found = cursor.fetchone()
    if found is None:
        return None
    mark_stored(instance, connection.alias)
    return bool(found[0])


def insert_later(instances: Sequence[Model]) -> None:
    """The same by the end of the transaction where statements are collected; then no id is known."""
    if not 0 < len(instances) < COPIED or not is_collecting():
        insert(instances)
        return
    table = _table_of(type(instances[0]), connection.vendor)
    values = [value for each in instances for value in table.row(each)]
    run_later(table.name, _statement(table, len(instances)), values)


def update(instance: Model, *names: str) -> None:
    """Store these attributes of an instance that is there; all of them where none is named.

    Raises: IntegrityError, DataError.
    """
    text, parameters = _update_of(instance, names)
    with prepared_cursor() as cursor:
        cursor.execute(text, parameters)


def update_later(instance: Model, *names: str) -> None:
    """The same by the end of the transaction."""
    run_later(_table_of(type(instance), connection.vendor).name, *_update_of(instance, names))


def stored_values(instance: Model, *names: str) -> list[Any]:
    """The values of these attributes as the database's driver takes them."""
    stored = dict(_table_of(type(instance), connection.vendor).attributes)
    values = vars(instance)
    return [
        value if (value := values[name]) is None or (convert := stored[name]) is None else convert(value)
        for name in names
    ]


def _update_of(instance: Model, names: tuple[str, ...]) -> tuple[str, list[Any]]:
    table = _table_of(type(instance), connection.vendor)
    chosen = names or tuple(name for name, _ in table.attributes if name != "id")
    return _update(table, chosen), stored_values(instance, *chosen, "id")


def _insert_one(cursor: Any, table: _Table, instance: Model) -> None:
    if instance.pk is not None or connection.vendor != "postgresql":
        cursor.execute(_statement(table), table.row(instance))
        instance.pk = instance.pk or cursor.lastrowid
        return
    cursor.execute(f"{_statement(table)} RETURNING id", table.row(instance))
    (instance.pk,) = cursor.fetchone()


@cache
def _table_of(model: type[Model], vendor: str) -> _Table:
    fields = [field for field in model._meta.concrete_fields if field.get_internal_type() != "BigAutoField"]
    columns = tuple(str(field.column) for field in fields)
    stored = tuple((field.attname, _stored(field, vendor)) for field in fields)
    return _Table(connection.ops.quote_name(model._meta.db_table), columns, stored)


@cache
def _statement(table: _Table, rows: int = 1) -> str:
    places = f"({', '.join(['%s'] * len(table.attributes))})"
    columns = ", ".join(map(connection.ops.quote_name, table.columns))
    return f"INSERT INTO {table.name} ({columns}) VALUES {', '.join([places] * rows)}"  # noqa: S608  # the model's


@cache
def _update(table: _Table, names: tuple[str, ...]) -> str:
    columns = dict(zip((name for name, _ in table.attributes), table.columns, strict=True))
    changes = ", ".join(f"{connection.ops.quote_name(columns[name])} = %s" for name in names)
    return f"UPDATE {table.name} SET {changes} WHERE id = %s"  # noqa: S608  # the model's


def _stored(field: Field[Any, Any], vendor: str) -> Value | None:
    """How a value of the field is handed to the driver."""
    kind = (field.target_field if isinstance(field, ForeignKey) else field).get_internal_type()
    if kind in (_READ_BY_POSTGRESQL if vendor == "postgresql" else _PLAIN):
        return None
    if isinstance(field, JSONField):
        return lambda value: written(value, field.encoder)
    if kind == "UUIDField":
        return lambda value: (value if isinstance(value, UUID) else UUID(value)).hex
    if kind == "DateTimeField":
        return connection.ops.adapt_datetimefield_value
    return lambda value: field.get_db_prep_save(value, connection)
