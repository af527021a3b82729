"""Columns that filters compare and lists are sorted by, and how they are compared in the database.

Conditions are two-valued: a missing value makes a comparison false, so that ``not`` means all other rows.
Text is compared by position functions, never by LIKE, so ``%`` and ``_`` are letters like others, and by code point, so
both databases answer alike.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.db import connection
from django.db.models import CharField, F, Q, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Collate, Concat, Right, StrIndex, Substr
from django.db.models.lookups import Exact, GreaterThan, GreaterThanOrEqual, LessThan, LessThanOrEqual
from scim2_models.path import CompareOperator

from scim.protocol.errors import InvalidFilter
from scim.protocol.literals import Literal
from scim.protocol.references import as_id

_ORDER = {
    CompareOperator.gt: GreaterThan,
    CompareOperator.ge: GreaterThanOrEqual,
    CompareOperator.lt: LessThan,
    CompareOperator.le: LessThanOrEqual,
}


def everything() -> Q:
    """True for every row. An empty Q() would vanish from ``or`` and widen it."""
    return ~nothing()


def nothing() -> Q:
    """True for no row."""
    return Q(pk__in=())


class FilterColumn(Protocol):
    """The column, or the expression, that holds the values of one attribute."""

    def compare(self, operator: CompareOperator, wanted: Literal) -> Q:
        """The rows whose value compares so; ``wanted`` is never None and the operator never ``ne``."""
        ...

    def present(self) -> Q:
        """The rows that have a value."""
        ...

    def order(self) -> Any:
        """The expression to sort by."""
        ...


def by_code_point(expression: Any) -> Collate:
    """Sort and compare text alike on both databases, whatever the database's language is."""
    return Collate(expression, "C" if connection.vendor == "postgresql" else "BINARY")


def uuid_text(column: str) -> Combinable:
    """An id as SCIM shows it: SQLite keeps its 32 digits without dashes."""
    if connection.vendor == "postgresql":
        return Cast(F(column), TextField())
    parts: list[Combinable] = []
    for start, length in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12)):
        parts += [Value("-", output_field=TextField())] if parts else []
        parts.append(Substr(Cast(F(column), CharField()), start, length))
    return Concat(*parts, output_field=TextField())


def text_condition(expression: Any, operator: CompareOperator, wanted: str) -> Q:
    """Compare an expression that is never NULL with a text."""
    value = Value(wanted, output_field=TextField())
    if operator == CompareOperator.eq:
        return Q(Exact(expression, value))
    if operator == CompareOperator.co:
        return Q(GreaterThan(StrIndex(expression, value), Value(0)))
    if operator == CompareOperator.sw:
        return Q(Exact(StrIndex(expression, value), Value(1)))
    if operator == CompareOperator.ew:
        return Q(Exact(Right(expression, len(wanted)), value)) if wanted else everything()
    return Q(_ORDER[operator](by_code_point(expression), value))


@dataclass(frozen=True)
class TextColumn:
    """A column that holds the text in its comparison form."""

    column: str
    nullable: bool = False

    def compare(self, operator: CompareOperator, wanted: Literal) -> Q:
        if operator == CompareOperator.eq:
            return Q(**{self.column: wanted})
        return self.present() & text_condition(F(self.column), operator, str(wanted))

    def present(self) -> Q:
        if not self.nullable:
            return everything()
        return Q(**{f"{self.column}__isnull": False}) & ~Q(**{self.column: ""})

    def order(self) -> Any:
        return by_code_point(F(self.column))


@dataclass(frozen=True)
class IdColumn:
    """A UUID column; equal only to the id exactly as it is shown."""

    column: str

    def compare(self, operator: CompareOperator, wanted: Literal) -> Q:
        if operator != CompareOperator.eq:
            return text_condition(uuid_text(self.column), operator, str(wanted))
        read = as_id(str(wanted))
        return Q(**{self.column: read}) if read is not None and str(read) == wanted else nothing()

    def present(self) -> Q:
        return everything()

    def order(self) -> Any:
        return F(self.column)


@dataclass(frozen=True)
class TextExpression:
    """Text that is put together from columns that are never NULL."""

    expression: Callable[[], Any]

    def compare(self, operator: CompareOperator, wanted: Literal) -> Q:
        return text_condition(self.expression(), operator, str(wanted))

    def present(self) -> Q:
        return everything()

    def order(self) -> Any:
        return by_code_point(self.expression())


@dataclass(frozen=True)
class AddressColumn:
    """``$ref`` and ``meta.location``: the base address with the id. Equality goes through the id."""

    base: str
    column: str

    def compare(self, operator: CompareOperator, wanted: Literal) -> Q:
        if operator != CompareOperator.eq:
            expression = Concat(Value(self.base, output_field=TextField()), uuid_text(self.column))
            return text_condition(expression, operator, str(wanted))
        text = str(wanted)
        if not text.startswith(self.base):
            return nothing()
        return IdColumn(self.column).compare(operator, text.removeprefix(self.base))

    def present(self) -> Q:
        return everything()

    def order(self) -> Any:
        return F(self.column)


@dataclass(frozen=True)
class Constant:
    """A value that all rows share."""

    text: str

    def compare(self, operator: CompareOperator, wanted: Literal) -> Q:
        return text_condition(Value(self.text, output_field=TextField()), operator, str(wanted))

    def present(self) -> Q:
        return everything()

    def order(self) -> Any:
        return Value(self.text, output_field=TextField())


@dataclass(frozen=True)
class ValueColumn:
    """A boolean or a time in a column."""

    column: str

    def compare(self, operator: CompareOperator, wanted: Literal) -> Q:
        if operator == CompareOperator.eq:
            return Q(**{self.column: wanted})
        if not isinstance(wanted, datetime) or operator not in _ORDER:
            raise InvalidFilter(f"{operator.value} has no meaning for a time.")
        return Q(**{f"{self.column}__{_LOOKUPS[operator]}": wanted})

    def present(self) -> Q:
        return everything()

    def order(self) -> Any:
        return F(self.column)


_LOOKUPS = {
    CompareOperator.gt: "gt",
    CompareOperator.ge: "gte",
    CompareOperator.lt: "lt",
    CompareOperator.le: "lte",
}
