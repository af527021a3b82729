"""Compiling filters to ORM conditions (RFC 7644 §3.4.2.2), from the syntax tree that scim2-models parses.

A filter that isn't fully understood is refused with the part that isn't, never answered with more or fewer resources.
"""

from collections.abc import Callable
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import Q, QuerySet
from scim2_models import InvalidFilterException, ScimFilter
from scim2_models.path import (
    AttrPath,
    CompareOperator,
    Comparison,
    FilterNode,
    FilterVisitor,
    LogicalExpr,
    Not,
    Present,
    ValuePath,
)
from scim2_models.path.expressions import LogicalOperator

from scim.models import AttributeValue
from scim.protocol.errors import InvalidFilter, TooMany
from scim.protocol.limits import MAX_FILTER_DEPTH, MAX_FILTER_LENGTH, MAX_FILTER_TERMS
from scim.protocol.literals import read_literal
from scim.protocol.paths import count_terms, nests_too_deeply
from scim.protocol.schemas import Attribute, ResourceType
from scim.protocol.value_filters import named_sub
from scim.query.attribute_columns import RELATIONS, column_of
from scim.query.columns import FilterColumn, nothing
from scim.query.related_columns import SORTED_ROW, IndexedColumn, SameElementColumn, owners_of, row_condition

_TOO_DEEP = f"A filter may nest at most {MAX_FILTER_DEPTH} expressions."


def compile_filter(resource_type: ResourceType, text: str, among: tuple[ResourceType, ...] = ()) -> Q:
    """The condition that a filter puts on the rows of a resource type.

    ``among`` are the types that the request covers: a term on an attribute that only another of them has is false here
    (RFC 7644 §3.4.2.1).

    Returns: a Q that is never empty. Raises: InvalidFilter (400), naming the part that isn't understood; TooMany (400).
    Cost:    no query; the tree is bounded in length, depth and number of terms.
    """
    return _Compiler(resource_type, among).visit(parse_filter(text))


def parse_filter(text: str) -> FilterNode:
    """The syntax tree of a filter. Raises: InvalidFilter; TooMany for one that is longer or deeper than is served."""
    if len(text) > MAX_FILTER_LENGTH:
        raise TooMany(f"A filter may have at most {MAX_FILTER_LENGTH} characters; this one has {len(text)}.")
    if nests_too_deeply(text):
        raise TooMany(_TOO_DEEP)
    try:
        node: FilterNode = ScimFilter(text).ast
    except InvalidFilterException as error:
        if "nests more than" in str(error):  # the library counts "and", "or" and "not" inside each other as well
            raise TooMany(_TOO_DEEP) from error
        raise InvalidFilter(f"The filter can't be read: {error}. It was: {text[:300]}") from error
    terms = count_terms(node)
    if terms > MAX_FILTER_TERMS:
        raise TooMany(f"A filter may have at most {MAX_FILTER_TERMS} terms; this one has {terms}.")
    return node


def with_sort_key(rows: QuerySet[Any], resource_type: ResourceType, attribute: Attribute) -> QuerySet[Any]:
    """The rows, each with its ``sort_key``. Raises: InvalidFilter when the attribute can't be sorted by.

    A value in the search index is joined: looked up row by row it would be a sub-plan for each.
    """
    column = column_of(resource_type, attribute)
    if isinstance(column, IndexedColumn) and column.is_single:
        rows = rows.annotate(**{SORTED_ROW: column.row()})
    keyed: QuerySet[Any] = rows.annotate(sort_key=column.order())
    return keyed


class _Terms(FilterVisitor[Q]):
    """Base of all scopes: how terms are combined and compared."""

    def find(self, path: AttrPath) -> tuple[Attribute, FilterColumn]:
        raise NotImplementedError

    def visit_comparison(self, node: Comparison) -> Q:
        attribute, column = self.find(node.attr_path)
        wanted = read_literal(attribute, node.op, node.value)
        if wanted is None:
            return ~column.present() if node.op == CompareOperator.eq else column.present()
        if node.op == CompareOperator.ne:
            # "Not equal" holds for who has no value: the opposite of eq, so that both together are everybody.
            return ~column.compare(CompareOperator.eq, wanted)
        return column.compare(node.op, wanted)

    def visit_present(self, node: Present) -> Q:
        return self.find(node.attr_path)[1].present()

    def visit_not(self, node: Not) -> Q:
        return ~self.visit(node.expr)

    def visit_logical_expr(self, node: LogicalExpr) -> Q:
        return reduce(and_ if node.op == LogicalOperator.and_ else or_, (self.visit(term) for term in node.terms))

    def visit_value_path(self, node: ValuePath) -> Q:
        raise InvalidFilter(f"{node} can't stand inside brackets.")


class _Compiler(_Terms):
    """The scope of a whole resource."""

    def __init__(self, resource_type: ResourceType, among: tuple[ResourceType, ...] = ()) -> None:
        self.resource_type = resource_type
        self.among = among

    def visit(self, node: FilterNode) -> Q:
        if isinstance(node, Comparison | Present | ValuePath) and self._is_of_another_type(node.attr_path):
            return nothing()
        return super().visit(node)

    def find(self, path: AttrPath) -> tuple[Attribute, FilterColumn]:
        attribute = self._named(path)
        return attribute, column_of(self.resource_type, attribute)

    def visit_comparison(self, node: Comparison) -> Q:
        attribute = self._named(node.attr_path)
        value = attribute.sub("value") if attribute.is_complex else None
        if value is None:
            return super().visit_comparison(node)
        # "emails co x" asks for emails.value (RFC 7643 §2.4).
        path = AttrPath(attr=node.attr_path.attr, sub_attr="value", uri=node.attr_path.uri)
        return super().visit_comparison(Comparison(attr_path=path, op=node.op, value=node.value))

    def visit_value_path(self, node: ValuePath) -> Q:
        attribute = self._named(node.attr_path)
        if not attribute.is_complex:
            raise InvalidFilter(f"{attribute.path} has no elements to select from.")
        if not attribute.multi_valued:
            raise InvalidFilter(f"{attribute.path} has one value; compare its sub-attributes without brackets.")
        if attribute.path in RELATIONS:
            return _in_relation(attribute, node.val_filter)
        return _in_one_element(attribute, node.val_filter)

    def _is_of_another_type(self, path: AttrPath) -> bool:
        return _find(self.resource_type, path) is None and any(_find(each, path) for each in self.among)

    def _named(self, path: AttrPath) -> Attribute:
        found = _find(self.resource_type, path)
        if found is None:
            raise InvalidFilter(f"{path} is no attribute of a {self.resource_type.name}.")
        return found


def _find(resource_type: ResourceType, path: AttrPath) -> Attribute | None:
    _, attribute = resource_type.locate(path.attr, path.uri)
    return attribute.sub(path.sub_attr) if attribute and path.sub_attr else attribute


class _Inside(_Terms):
    """The scope of one element of a multi-valued attribute."""

    def __init__(self, attribute: Attribute, column_of: Callable[[Attribute], FilterColumn]) -> None:
        self.attribute = attribute
        self.column_of = column_of

    def find(self, path: AttrPath) -> tuple[Attribute, FilterColumn]:
        sub = named_sub(self.attribute, path)
        return sub, self.column_of(sub)


def _in_one_element(attribute: Attribute, node: FilterNode) -> Q:
    """``emails[…]``: all terms hold for one element. An ``eq`` term, if there is one, is looked up in the index."""
    inside = _Inside(attribute, SameElementColumn)
    terms = list(node.terms) if isinstance(node, LogicalExpr) and node.op == LogicalOperator.and_ else [node]
    drivers = [term for term in terms if isinstance(term, Comparison) and term.op == CompareOperator.eq]
    drivers = [term for term in drivers if term.value is not None]
    drivers.sort(key=lambda term: term.attr_path.attr.lower() != "value")
    condition = Q(path=attribute.path)
    if drivers:
        sub = named_sub(attribute, drivers[0].attr_path)
        condition = row_condition(sub, drivers[0].op, read_literal(sub, drivers[0].op, drivers[0].value))
        terms.remove(drivers[0])
    for term in terms:
        condition &= inside.visit(term)
    return owners_of(AttributeValue.objects.filter(condition), "user_id")


def _in_relation(attribute: Attribute, node: FilterNode) -> Q:
    columns = RELATIONS[attribute.path]
    condition = _Inside(attribute, lambda sub: columns[sub.name]().column).visit(node)
    return columns["value"]().where(condition)
