"""Evaluating a value filter against the elements of a multi-valued attribute (RFC 7644 §3.5.2). Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from scim2_models.path import (
    CompareOperator,
    Comparison,
    FilterNode,
    FilterVisitor,
    LogicalExpr,
    Not,
    Present,
    ValuePath,
)
from scim2_models.path.expressions import AttrPath, LogicalOperator

from scim.protocol.errors import InvalidFilter
from scim.protocol.literals import Literal, comparison_form, read_literal
from scim.protocol.schemas import Attribute

Element = Mapping[str, Any]


class ElementFilter(FilterVisitor[bool]):
    """Evaluates a value filter against one element. An unknown sub-attribute is InvalidFilter, never 'no match'."""

    def __init__(self, attribute: Attribute, element: Element) -> None:
        self.attribute = attribute
        self.element = element

    def visit_comparison(self, node: Comparison) -> bool:
        sub = named_sub(self.attribute, node.attr_path)
        wanted = read_literal(sub, node.op, node.value)
        found = self.element.get(sub.name)
        if isinstance(found, str):
            found = comparison_form(sub, found)
        return compare(node.op, found, wanted)

    def visit_present(self, node: Present) -> bool:
        return self.element.get(named_sub(self.attribute, node.attr_path).name) not in (None, "")

    def visit_not(self, node: Not) -> bool:
        return not self.visit(node.expr)

    def visit_logical_expr(self, node: LogicalExpr) -> bool:
        # Each term is evaluated, so that a mistake in the last one is reported whatever the first ones say.
        results = [self.visit(term) for term in node.terms]
        return all(results) if node.op == LogicalOperator.and_ else any(results)

    def visit_value_path(self, node: ValuePath) -> bool:
        raise InvalidFilter(f"{node} can't stand inside brackets.")


def selects(attribute: Attribute, node: FilterNode, element: Element) -> bool:
    """Whether the element is one that ``node`` selects."""
    return ElementFilter(attribute, element).visit(node)


def check(attribute: Attribute, node: FilterNode) -> None:
    """Refuse a value filter that isn't fully understood, whether there are elements or not. Raises: InvalidFilter."""
    selects(attribute, node, {})


def named_sub(attribute: Attribute, path: AttrPath) -> Attribute:
    """The sub-attribute that a term inside brackets names."""
    sub = attribute.sub(path.attr) if path.uri is None and path.sub_attr is None else None
    if sub is None:
        raise InvalidFilter(f"{path} is no sub-attribute of {attribute.path}.")
    return sub


def required_values(attribute: Attribute, node: FilterNode) -> dict[str, Any] | None:
    """The values that an element must have to be selected, when the filter is a conjunction of ``eq``; else None.

    Entra and others expect ``replace emails[type eq "work"].value`` to create the element when there is none.
    """
    terms = node.terms if isinstance(node, LogicalExpr) and node.op == LogicalOperator.and_ else (node,)
    values: dict[str, Any] = {}
    for term in terms:
        if not isinstance(term, Comparison) or term.op != CompareOperator.eq or term.value is None:
            return None
        sub = named_sub(attribute, term.attr_path)
        values[sub.name] = read_literal(sub, term.op, term.value) if sub.type == "boolean" else str(term.value)
    return values


def compare(operator: CompareOperator, found: Any, wanted: Literal) -> bool:
    """Compare two values of one type. ``ne`` is the opposite of ``eq``: it holds for an element without the value."""
    if operator == CompareOperator.eq:
        return bool(found == wanted)
    if operator == CompareOperator.ne:
        return bool(found != wanted)
    if not isinstance(found, str) or not isinstance(wanted, str):
        return False
    return _TEXT_COMPARISONS[operator](found, wanted)


_TEXT_COMPARISONS: Mapping[CompareOperator, Callable[[str, str], bool]] = {
    CompareOperator.co: lambda found, wanted: wanted in found,
    CompareOperator.sw: lambda found, wanted: found.startswith(wanted),
    CompareOperator.ew: lambda found, wanted: found.endswith(wanted),
    CompareOperator.gt: lambda found, wanted: found > wanted,
    CompareOperator.ge: lambda found, wanted: found >= wanted,
    CompareOperator.lt: lambda found, wanted: found < wanted,
    CompareOperator.le: lambda found, wanted: found <= wanted,
}
