"""The member references of a group, as ids of users (RFC 7643 §4.2). Pure."""

from collections.abc import Collection
from enum import Enum
from typing import Any, Final
from uuid import UUID

from scim2_models.path import CompareOperator, Comparison, FilterNode, LogicalExpr, Present
from scim2_models.path.expressions import LogicalOperator

from gatekeeper.directory.changes import MembersChange
from gatekeeper.errors import UnknownMembers
from scim.protocol.errors import InvalidFilter, InvalidValue
from scim.protocol.ignored import Ignored
from scim.protocol.references import as_id
from scim.protocol.schemas import Attribute
from scim.protocol.value_filters import check, named_sub
from scim.protocol.values import EMPTY, labelled, read_object


class Members(Enum):
    """A selection of members that is no set of ids."""

    ALL = "all"


ALL: Final = Members.ALL
Chosen = frozenset[UUID] | Members

_PLAIN = frozenset({"value", "type", "display", "$ref"})


class MembersEdit:
    """The operations on the members of a group, combined: a later one wins, since they are applied in order.

    Cost: of each operation as much as it names, however many there are.
    """

    def __init__(self) -> None:
        self._base: set[UUID] | None = None
        self._add: set[UUID] = set()
        self._remove: set[UUID] = set()

    def apply(self, op: str, ids: Collection[UUID]) -> None:
        """Combine an add, a remove or a replace of these ids with the operations before it."""
        if op == "replace":
            self._base, self._add, self._remove = set(ids), set(), set()
            return
        into, out_of = (self._add, self._remove) if op == "add" else (self._remove, self._add)
        into.update(ids)
        out_of.difference_update(ids)

    def change(self) -> MembersChange:
        """The change that the operations make together."""
        base = None if self._base is None else frozenset(self._base)
        return MembersChange(base, frozenset(self._add), frozenset(self._remove))


def member_ids(attribute: Attribute, given: Any, ignored: Ignored, *, strict: bool) -> list[UUID]:
    """The ids that a list of members names; bare ids and Entra's ``{"$ref": null, "value": …}`` alike.

    ``strict`` is for members to add: what is no id can't be a user, and is UnknownMembers. Without it, for members to
    remove, it is left out, since removing somebody who is no member is no mistake.
    Raises: InvalidValue for a member that names nobody and for nested groups; UnknownMembers.
    """
    found, unknown = [], []
    for label, element in labelled(attribute, given):
        reference = _reference(attribute, element, label, ignored)
        read = as_id(reference)
        if read is None:
            unknown.append(reference)
        else:
            found.append(read)
    if unknown and strict:
        raise UnknownMembers(unknown)
    return found


def _reference(attribute: Attribute, element: Any, label: str, ignored: Ignored) -> str:
    plain = _plain_reference(element)
    if plain:
        return plain
    if isinstance(element, list):
        raise InvalidValue(f"{label}: a list can't stand in a list.")
    read = {} if element in (None, "") else read_object(attribute, element, label, ignored)
    kind = read.get("type", EMPTY)
    if kind is not EMPTY and kind.lower() != "user":
        raise InvalidValue(
            f"{label}: {read.get('value')} has the type {kind}; only users can be members. "
            "Nested groups are not supported: assign the inner group itself, or its users."
        )
    reference = read.get("value", EMPTY)
    if reference is EMPTY:
        raise InvalidValue(f"{label}: each member needs the id of a user as its value.")
    return str(reference)


def _plain_reference(element: Any) -> str:
    """The id of a member in the form that nearly all have, or "": groups have thousands, so they are read quickly."""
    if not isinstance(element, dict) or not element.keys() <= _PLAIN:
        return ""
    value, kind, address = element.get("value"), element.get("type", "User"), element.get("$ref")
    return value if isinstance(value, str) and kind == "User" and address is None else ""


def selected_members(attribute: Attribute, node: FilterNode) -> Chosen:
    """The ids that ``members[…]`` selects, or ALL. Only ids and the type can be selected by.

    Raises: InvalidFilter.
    """
    check(attribute, node)
    return _selected(attribute, node)


def _selected(attribute: Attribute, node: FilterNode) -> Chosen:
    if isinstance(node, LogicalExpr):
        return _combined(node.op, [_selected(attribute, term) for term in node.terms])
    if isinstance(node, Present) and named_sub(attribute, node.attr_path).name in ("value", "type"):
        return ALL
    if isinstance(node, Comparison) and node.op == CompareOperator.eq:
        name, value = named_sub(attribute, node.attr_path).name, str(node.value)
        if name == "value":
            read = as_id(value)
            return frozenset({read} if read else ())
        if name == "type":
            return ALL if value.lower() == "user" else frozenset()
    raise InvalidFilter(f"members[{node}] can't be served: members are selected by their value.")


def _combined(operator: LogicalOperator, parts: list[Chosen]) -> Chosen:
    named = [part for part in parts if part is not ALL]
    if operator == LogicalOperator.or_:
        return frozenset().union(*named) if len(named) == len(parts) else ALL
    return frozenset.intersection(*named) if named else ALL
