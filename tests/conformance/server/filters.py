"""A filter evaluated against a document: what the site does in SQL, done here without a database."""

import operator
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from scim2_models.path import Comparison, FilterVisitor, LogicalExpr, Not, Present, ValuePath
from scim2_models.path.expressions import AttrPath, LogicalOperator

from scim.protocol.errors import InvalidFilter
from scim.protocol.literals import comparison_form, read_literal
from scim.protocol.schemas import Attribute, ResourceType
from scim.protocol.value_filters import compare, selects
from scim.query.filters import parse_filter

Document = Mapping[str, Any]


_ORDER = {"eq": operator.eq, "gt": operator.gt, "ge": operator.ge, "lt": operator.lt, "le": operator.le}


def _form(attribute: Attribute, value: Any) -> Any:
    """A stored value as it is compared."""
    if attribute.type == "dateTime":
        return datetime.fromisoformat(value)
    return comparison_form(attribute, value) if isinstance(value, str) else value


class _Selects(FilterVisitor[bool]):
    def __init__(self, resource_type: ResourceType, document: Document) -> None:
        self.resource_type = resource_type
        self.document = document

    def visit_comparison(self, node: Comparison) -> bool:
        attribute, values = self._values(node.attr_path)
        wanted = read_literal(attribute, node.op, node.value)
        forms = [_form(attribute, value) for value in values]
        if node.op.name == "ne":
            return wanted not in forms
        if attribute.type == "dateTime":
            return any(_ORDER[node.op.name](form, wanted) for form in forms)
        return any(compare(node.op, form, wanted) for form in forms)

    def visit_present(self, node: Present) -> bool:
        return bool(self._values(node.attr_path)[1])

    def visit_not(self, node: Not) -> bool:
        return not self.visit(node.expr)

    def visit_logical_expr(self, node: LogicalExpr) -> bool:
        results = [self.visit(term) for term in node.terms]
        return all(results) if node.op == LogicalOperator.and_ else any(results)

    def visit_value_path(self, node: ValuePath) -> bool:
        attribute, elements = self._found(node.attr_path)
        return any(selects(attribute, node.val_filter, element) for element in elements)

    def _found(self, path: AttrPath) -> tuple[Attribute, list[Any]]:
        extension, attribute = self.resource_type.locate(path.attr, path.uri)
        if attribute is None:
            raise InvalidFilter(f"{path} is no attribute.")
        home = self.document if extension is None else self.document.get(extension.urn, {})
        value = home.get(attribute.name)
        return attribute, value if isinstance(value, list) else [] if value is None else [value]

    def _values(self, path: AttrPath) -> tuple[Attribute, list[Any]]:
        attribute, elements = self._found(path)
        sub = attribute.sub(path.sub_attr or "value") if attribute.is_complex else None
        if attribute.is_complex and sub is None:
            raise InvalidFilter(f"{path} is no attribute.")
        if sub is None:
            return attribute, elements
        return sub, [element[sub.name] for element in elements if sub.name in element]


def matches(resource_type: ResourceType, text: str, document: Document) -> bool:
    """Whether the filter selects the document. Raises: InvalidFilter, also for what is unknown."""
    return _Selects(resource_type, document).visit(parse_filter(text))
