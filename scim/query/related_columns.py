"""Filter columns in other tables: the search index over users' profiles, and the rows of memberships."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Exists, F, FilteredRelation, OuterRef, Q, QuerySet, Subquery
from scim2_models.path import CompareOperator

from gatekeeper.directory.case_folding import fold
from scim.models import PREFIX_LENGTH, AttributeValue
from scim.protocol.errors import InvalidFilter
from scim.protocol.literals import Literal, index_text
from scim.protocol.schemas import Attribute
from scim.query.columns import FilterColumn, by_code_point, text_condition


def row_condition(attribute: Attribute, operator: CompareOperator, wanted: Literal) -> Q:
    """The rows of the search index whose value compares so. eq goes through the index on (path, prefix)."""
    text = index_text(attribute, wanted)
    at_path = Q(path=attribute.path)
    if operator != CompareOperator.eq:
        return at_path & text_condition(F("text" if attribute.case_exact else "folded"), operator, text)
    folded = fold(text)
    condition = at_path & Q(prefix=folded[:PREFIX_LENGTH])
    if len(folded) > PREFIX_LENGTH:
        condition &= Q(folded=folded)
    return condition & Q(text=text) if attribute.case_exact else condition


SORTED_ROW = "sorted_row"  # the annotation that joins the index row of an attribute with one value


@dataclass(frozen=True)
class IndexedColumn:
    """An attribute of a user's profile, found through the search index. ``is_single``: nobody has two values of it."""

    attribute: Attribute
    is_single: bool

    def compare(self, operator: CompareOperator, wanted: Literal) -> Q:
        return _owners(row_condition(self.attribute, operator, wanted))

    def present(self) -> Q:
        paths = [self.attribute.path, *(sub.path for sub in self.attribute.subs.values())]
        return _owners(Q(path__in=paths))

    def row(self) -> FilteredRelation:
        """The join to the one row of a single value, which ``order`` reads: it is to be annotated as SORTED_ROW."""
        return FilteredRelation("attribute_values", condition=Q(attribute_values__path=self.attribute.path))

    def order(self) -> Any:
        """The value; the primary value of a multi-valued attribute, else the first (RFC 7644 §3.4.2.3)."""
        column = "text" if self.attribute.case_exact else "folded"
        if self.is_single:
            return by_code_point(F(f"{SORTED_ROW}__{column}"))
        values = AttributeValue.objects.filter(user_id=OuterRef("pk"), path=self.attribute.path)
        head = self.attribute.path.rpartition(".")[0]
        primary = AttributeValue.objects.filter(
            user_id=OuterRef("user_id"), element=OuterRef("element"), path=f"{head}.primary", prefix="true"
        )
        first = values.annotate(is_primary=Exists(primary)).order_by("-is_primary", "element").values(column)[:1]
        return by_code_point(Subquery(first))


def owners_of(rows: QuerySet[Any], owner: str) -> Q:
    """The resources that these rows belong to, by the column ``owner``.

    PostgreSQL scans a large list again for each row where IN stands under NOT or OR; EXISTS it turns into a join.
    SQLite makes a search tree of the list.
    """
    if connection.vendor == "postgresql":
        return Q(Exists(rows.filter(**{owner: OuterRef("pk")})))
    return Q(pk__in=rows.values(owner))


def _owners(condition: Q) -> Q:
    return owners_of(AttributeValue.objects.filter(condition), "user_id")


@dataclass(frozen=True)
class SameElementColumn:
    """A sub-attribute of the same element as the index row that the condition is put on."""

    attribute: Attribute

    def compare(self, operator: CompareOperator, wanted: Literal) -> Q:
        return self._exists(row_condition(self.attribute, operator, wanted))

    def present(self) -> Q:
        return self._exists(Q(path=self.attribute.path))

    def order(self) -> Any:
        raise NotImplementedError("Elements are not sorted.")

    def _exists(self, condition: Q) -> Q:
        same = AttributeValue.objects.filter(user_id=OuterRef("user_id"), element=OuterRef("element"))
        return Q(Exists(same.filter(condition)))


@dataclass(frozen=True)
class RelatedColumn:
    """A column of another table's rows, such as the ids of a group's members; ``owner`` refers to the resource."""

    rows: Callable[[], QuerySet[Any]]
    owner: str
    column: FilterColumn

    def compare(self, operator: CompareOperator, wanted: Literal) -> Q:
        return self.where(self.column.compare(operator, wanted))

    def present(self) -> Q:
        return self.where(self.column.present())

    def order(self) -> Any:
        raise InvalidFilter("Resources can't be sorted by this attribute.")

    def where(self, condition: Q) -> Q:
        return owners_of(self.rows().filter(condition), self.owner)
