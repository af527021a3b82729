"""The member references of a group, as ids of users (RFC 7643 §4.2). Pure."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from scim2_models.path import CompareOperator, Comparison, FilterNode, LogicalExpr, Present
from scim2_models.path.expressions import LogicalOperator

from gatekeeper.errors import UnknownMembers
from scim import dialect
from scim.errors import InvalidFilter, InvalidValue
from scim.schemas import Attribute
from scim.selection import check, named_sub

_EVERYBODY = None


def member_ids(attribute: Attribute, value: Any, ignored: list[str], *, strict: bool) -> frozenset[UUID]:
    """The ids that a list of members names; bare ids and Entra's ``{"$ref": null, "value": …}`` alike.

    ``strict`` is for members to add: what is no id can't be a user, and is UnknownMembers. Without it (members to
    remove) it is left out, since taking out a stranger is no mistake.
    Raises: InvalidValue for a member without an id and for nested groups; UnknownMembers.
    """
    references = [_reference(element) for element in dialect.read_value(attribute, value, ignored) or ()]
    ids = {reference: as_id(reference) for reference in references}
    strangers = [reference for reference, read in ids.items() if read is None]
    if strangers and strict:
        raise UnknownMembers(strangers)
    return frozenset(read for read in ids.values() if read is not None)


def as_id(text: str) -> UUID | None:
    """An id as this site writes it, or None."""
    try:
        return UUID(text) if len(text) == 36 else None
    except ValueError:
        return None


def _reference(element: Mapping[str, Any]) -> str:
    kind = element.get("type")
    if kind is not None and str(kind).lower() != "user":
        raise InvalidValue(
            f"members: {element.get('value')} has the type {kind}; only users can be members. "
            "Nested groups are not supported: assign the inner group itself, or its users."
        )
    reference = element.get("value") or str(element.get("$ref") or "").rstrip("/").rpartition("/")[2]
    if not reference:
        raise InvalidValue("members: each member needs the id of a user as its value.")
    return str(reference)


def selected_members(attribute: Attribute, node: FilterNode) -> frozenset[UUID] | None:
    """The ids that ``members[…]`` selects, or None for everybody. Only ids and the type can be selected by.

    Raises: InvalidFilter.
    """
    check(attribute, node)
    return _selected(attribute, node)


def _selected(attribute: Attribute, node: FilterNode) -> frozenset[UUID] | None:
    if isinstance(node, LogicalExpr):
        parts = [_selected(attribute, term) for term in node.terms]
        if node.op == LogicalOperator.or_:
            return _EVERYBODY if _EVERYBODY in parts else frozenset().union(*(part for part in parts if part))
        named = [part for part in parts if part is not None]
        return frozenset.intersection(*named) if named else _EVERYBODY
    if isinstance(node, Present) and named_sub(attribute, node.attr_path).name in ("value", "type"):
        return _EVERYBODY
    if isinstance(node, Comparison) and node.op == CompareOperator.eq:
        name, value = named_sub(attribute, node.attr_path).name, str(node.value)
        if name == "value":
            read = as_id(value)
            return frozenset({read} if read else ())
        if name == "type":
            return _EVERYBODY if value.lower() == "user" else frozenset()
    raise InvalidFilter(f"members[{node}] can't be served: members are selected by their value.")
