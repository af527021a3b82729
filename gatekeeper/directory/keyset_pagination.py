"""Keyset pagination: the rows after a row, in an order by one key and then by primary key.

A page costs the same wherever it is, and no row is repeated or left out when others come and go meanwhile.
"""

from dataclasses import dataclass, replace
from typing import Any

from django.db.models import BooleanField, F, Func, Q, Value
from django.db.models.expressions import OrderBy


class RowComparison(Func):
    """``(a, b) > (1, 2)``: both databases begin reading an index over (a, b) right there.

    Of the same condition with OR and AND they would read it from its beginning.
    """

    output_field = BooleanField()
    conditional = True
    template = "(%(expressions)s)"

    def __init__(self, operator: str, *pairs: tuple[str, Any]) -> None:
        super().__init__(
            Func(*(F(name) for name, _ in pairs), template="(%(expressions)s)", output_field=BooleanField()),
            Func(*(Value(value) for _, value in pairs), template="(%(expressions)s)", output_field=BooleanField()),
            arg_joiner=f" {operator} ",
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class KeysetOrder:
    """An order by ``key``, a column or an annotation; rows with equal keys are ordered by their primary key.

    ``nullable``: rows may have no key; a missing key is the largest one.
    """

    key: str
    descending: bool = False
    pk_descending: bool = False
    nullable: bool = False

    @property
    def order_by(self) -> tuple[OrderBy, OrderBy]:
        """The expressions for ``QuerySet.order_by``."""
        pk = F("pk")
        return self._key_order(), pk.desc() if self.pk_descending else pk.asc()

    def reversed(self) -> "KeysetOrder":
        """The opposite order, for the page before a row."""
        return replace(self, descending=not self.descending, pk_descending=not self.pk_descending)

    def after(self, value: Any, pk: Any) -> Q:
        """The condition for the rows after the one with this key and primary key."""
        if value is not None and not self.nullable and self.descending == self.pk_descending:
            return Q(RowComparison("<" if self.descending else ">", (self.key, value), ("pk", pk)))
        later_pk = Q(pk__lt=pk) if self.pk_descending else Q(pk__gt=pk)
        if value is None:
            others = Q(**{f"{self.key}__isnull": True}) & later_pk
            return others | Q(**{f"{self.key}__isnull": False}) if self.descending else others
        later = Q(**{f"{self.key}__{'lt' if self.descending else 'gt'}": value}) | (Q(**{self.key: value}) & later_pk)
        return later | Q(**{f"{self.key}__isnull": True}) if self.nullable and not self.descending else later

    def after_row(self, row: Any) -> Q:
        """The condition for the rows after this one."""
        if self.key == "pk":
            return Q(pk__lt=row.pk) if self.pk_descending else Q(pk__gt=row.pk)
        return self.after(getattr(row, self.key), row.pk)

    def _key_order(self) -> OrderBy:
        key = F(self.key)
        if self.nullable:
            return key.desc(nulls_first=True) if self.descending else key.asc(nulls_last=True)
        return key.desc() if self.descending else key.asc()
