"""How many rows there are, for whoever only shows the number: exact while they are few, an estimate beyond that."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import F, IntegerField, Model, QuerySet, Subquery

COUNTED_ALL = 10_000  # rows of a whole table that are counted one by one
COUNTED_SOME = 1_000  # of those that a filter leaves: finding them may mean looking at many others
# What PostgreSQL knew of a table when it last analysed it: -1 before it did.
_ESTIMATED = "(SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(%s))"


@dataclass(frozen=True, slots=True)
class RowCount:
    """``is_about``: the database's own estimate. ``is_more``: there are more than ``number``."""

    number: int
    is_about: bool = False
    is_more: bool = False


class RowsFound(Subquery):
    """How many rows a query finds, as one value of a statement that asks for many.

    The query is sliced by whoever asks, so that the database stops looking.
    """

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS found)"
    output_field = IntegerField()

    def __init__(self, rows: QuerySet[Any]) -> None:
        super().__init__(rows.values("pk"))


def whole_count(rows: QuerySet[Any]) -> RowCount:
    """How many rows there are of a table that is shown as a whole. One statement."""
    try:
        statement, parameters = rows.order_by().values("pk")[: COUNTED_ALL + 1].query.sql_with_params()
    except EmptyResultSet:
        return RowCount(0)
    estimate, of_table = (_ESTIMATED, [rows.model._meta.db_table]) if connection.vendor == "postgresql" else ("0", [])
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*), {estimate} FROM ({statement}) AS found", [*of_table, *parameters])  # noqa: S608
        [(number, estimated)] = cursor.fetchall()
    return _or_estimate(_up_to(number, COUNTED_ALL), estimated)


def partial_count(rows: QuerySet[Any]) -> RowCount:
    """How many rows of a table a filter leaves."""
    return _up_to(rows.order_by()[: COUNTED_SOME + 1].count(), COUNTED_SOME)


def value_counts(model: type[Model], column: str, values: Iterable[str]) -> dict[str, int]:
    """How many rows have each of these values: exact for a value that few have, about for one that many have.

    One statement while each is exact, and one more for the estimates.
    """
    rows_by_value = {value: model._default_manager.filter(**{column: value}) for value in values}
    numbers = _numbers([rows.order_by()[: COUNTED_ALL + 1] for rows in rows_by_value.values()])
    counted = {value: _up_to(number, COUNTED_ALL) for value, number in zip(rows_by_value, numbers, strict=True)}
    is_one_large = any(count.is_more for count in counted.values())
    about = estimated_value_counts(model, column) if is_one_large else {}
    return {value: max(count.number, about.get(value, 0)) for value, count in counted.items()}


def estimated_value_counts(model: type[Model], column: str) -> dict[str, int]:
    """About how many rows have each of the most common values of a column; empty where nobody knows. One statement."""
    return {value: round(rows * share) for value, share, rows in _common_values(model, column)}


def common_value(model: type[Model], column: str, least: float) -> str | None:
    """The most common value of a column, where at least this part of the rows has it; None where nobody knows one."""
    shares = {value: share for value, share, _ in _common_values(model, column)}
    value = max(shares, key=shares.__getitem__, default=None)
    return value if value is not None and shares[value] >= least else None


def _common_values(model: type[Model], column: str) -> list[tuple[str, float, int]]:
    """The most common values of a column, which part of the rows has each, and how many rows there are.

    As PostgreSQL last saw them. One statement.
    """
    if connection.vendor != "postgresql":
        return []
    statement = (
        f"SELECT unnest(most_common_vals::text::text[]), unnest(most_common_freqs), {_ESTIMATED} FROM pg_stats "  # noqa: S608
        "WHERE schemaname = ANY (current_schemas(false)) AND tablename = %s AND attname = %s"
    )
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(statement, [table, table, column])
        return [(value, share, max(0, rows)) for value, share, rows in cursor.fetchall()]


def _estimated_rows(model: type[Model]) -> int:
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_ESTIMATED}", [model._meta.db_table])
        [(rows,)] = cursor.fetchall()
    return int(rows)


def _or_estimate(counted: RowCount, estimate: int) -> RowCount:
    return RowCount(estimate, is_about=True) if counted.is_more and estimate > counted.number else counted


def _numbers(queries: Sequence[QuerySet[Any]]) -> Sequence[int]:
    """How many rows each query finds. One statement."""
    compiled = [rows.values("pk").query.sql_with_params() for rows in queries]
    if not compiled:
        return ()
    counts = ", ".join(f"(SELECT COUNT(*) FROM ({statement}) AS found)" for statement, _ in compiled)  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counts}", [value for _, parameters in compiled for value in parameters])
        numbers: Sequence[int] = cursor.fetchone() or ()
    return numbers


def _up_to(number: int, most: int) -> RowCount:
    return RowCount(most, is_more=True) if number > most else RowCount(number)


@dataclass(frozen=True, slots=True)
class ValueCounts:
    """How many of the newest rows have each value. ``is_cut``: there are more rows than were looked at."""

    numbers: Mapping[Any, int]
    is_cut: bool

    def as_partial_count(self) -> RowCount:
        """What ``partial_count`` says of the same rows, without asking again."""
        return _up_to(sum(self.numbers.values()), COUNTED_SOME)

    def as_whole_count(self, model: type[Model]) -> RowCount:
        """What ``whole_count`` says where these are all rows of a table, without counting them again."""
        counted = _up_to(sum(self.numbers.values()), COUNTED_ALL)
        return _or_estimate(counted, _estimated_rows(model)) if counted.is_more else counted


def newest_value_counts(rows: QuerySet[Any], values: Sequence[Any]) -> list[ValueCounts]:
    """How many of the newest ``COUNTED_ALL`` rows have each value, for each of ``values``, in their order.

    A value is a column's name or an expression. ``rows`` are ordered as they are shown, so that the database reads no
    more of them than it counts. One statement; none for no values.
    """
    columns = {f"counted_{at}": F(value) if isinstance(value, str) else value for at, value in enumerate(values)}
    if not columns:
        return []
    try:
        newest = rows.annotate(**columns).values(*columns)[: COUNTED_ALL + 1]
        statement, parameters = newest.query.sql_with_params()
    except EmptyResultSet:
        return [ValueCounts({}, is_cut=False) for _ in columns]
    names = ", ".join(columns)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*), {names} FROM ({statement}) AS newest GROUP BY {names}", parameters)  # noqa: S608
        found = cursor.fetchall()
    is_cut = sum(number for number, *_ in found) > COUNTED_ALL
    return [ValueCounts(_summed((each[at + 1], each[0]) for each in found), is_cut) for at in range(len(columns))]


def _summed(counted: Iterable[tuple[Any, int]]) -> Mapping[Any, int]:
    numbers = Counter[Any]()
    for value, number in counted:
        numbers[value] += number
    return numbers
