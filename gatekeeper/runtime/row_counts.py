"""How many rows there are, for whoever only shows the number: exact while they are few, an estimate beyond that."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Model, QuerySet

COUNTED_ALL = 10_000  # rows of a whole table that are counted one by one
COUNTED_SOME = 1_000  # of those that a filter leaves: finding them may mean looking at many others


@dataclass(frozen=True, slots=True)
class RowCount:
    """``is_about``: the database's own estimate. ``is_more``: there are more than ``number``."""

    number: int
    is_about: bool = False
    is_more: bool = False


def whole_count(rows: QuerySet[Any]) -> RowCount:
    """How many rows there are of a table that is shown as a whole."""
    counted = _counted(rows, COUNTED_ALL)
    estimate = estimated_rows(rows.model) if counted.is_more else 0
    return RowCount(estimate, is_about=True) if estimate > counted.number else counted


def partial_count(rows: QuerySet[Any]) -> RowCount:
    """How many rows of a table a filter leaves."""
    return _counted(rows, COUNTED_SOME)


def value_counts(model: type[Model], column: str, values: Iterable[str]) -> dict[str, int]:
    """How many rows have each of these values: exact for a value that few have, about for one that many have."""
    counted = {value: _counted(model._default_manager.filter(**{column: value}), COUNTED_ALL) for value in values}
    shares = _shares(model, column) if any(count.is_more for count in counted.values()) else {}
    rows = estimated_rows(model) if shares else 0
    return {value: max(count.number, round(rows * shares.get(value, 0))) for value, count in counted.items()}


def estimated_rows(model: type[Model]) -> int:
    """What PostgreSQL knew of the table when it last analysed it; 0 where nobody knows."""
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(%s)", [model._meta.db_table])
        found = cursor.fetchone()
    return max(0, int(found[0])) if found else 0


def _shares(model: type[Model], column: str) -> dict[str, float]:
    """Which part of the rows has each of the most common values, as PostgreSQL last saw them."""
    if connection.vendor != "postgresql":
        return {}
    statement = (
        "SELECT unnest(most_common_vals::text::text[]), unnest(most_common_freqs) FROM pg_stats "
        "WHERE schemaname = ANY (current_schemas(false)) AND tablename = %s AND attname = %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [model._meta.db_table, column])
        return dict(cursor.fetchall())


def _counted(rows: QuerySet[Any], most: int) -> RowCount:
    number = rows.order_by()[: most + 1].count()
    return RowCount(most, is_more=True) if number > most else RowCount(number)
