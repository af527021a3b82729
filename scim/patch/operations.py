"""Applying operations to a copy of a profile, one after the other (RFC 7644 §3.5.2). Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scim.patch.elements import Elements, VisitBudget
from scim.protocol.errors import InvalidValue, NoTarget
from scim.protocol.ignored import Ignored
from scim.protocol.limits import MAX_ELEMENTS, MAX_USER_BYTES
from scim.protocol.paths import Target
from scim.protocol.schemas import Attribute, Schema
from scim.protocol.value_filters import required_values, selects
from scim.protocol.values import ABSENT, EMPTY, read_object, without_empty

Profile = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation on one target, with a value of the schema's type.

    EMPTY removes the target. A remove from a multi-valued attribute has the list of what to remove, or ABSENT for all.
    """

    op: str
    target: Target
    value: Any


class Edit:
    """The copy of a profile while it is edited. Multi-valued attributes become lists again in ``result``."""

    def __init__(self, profile: Mapping[str, Any]) -> None:
        self._before = profile
        self._profile = dict(profile)
        self._elements: dict[tuple[str | None, str], tuple[Attribute, Elements]] = {}
        self._visits = VisitBudget()

    def apply(self, operation: Operation) -> None:
        """Raises: NoTarget when a selection selects nothing that could be created."""
        target = operation.target
        if target.attribute is None:
            self._drop_extension(target.extension)
        elif target.attribute.multi_valued:
            edit_elements(self._elements_of(target.extension, target.attribute), operation, target.attribute)
        else:
            self._edit_single(target.attribute, operation)

    def result(self) -> Profile:
        """The edited profile, without empty values.

        Raises: InvalidValue when it would hold more than a profile may, and more than it did.
        """
        for (urn, name), (attribute, elements) in self._elements.items():
            _require_few(attribute, elements, self._at(self._before, urn).get(name) or ())
            self._set(urn, name, elements.as_list() or EMPTY)
        _require_small(self._profile, self._before)
        return self._profile

    def _elements_of(self, extension: Schema | None, attribute: Attribute) -> Elements:
        urn = extension.urn if extension else None
        known = self._elements.get((urn, attribute.name))
        if known is None:
            current = self._at(self._profile, urn).get(attribute.name) or ()
            known = self._elements[urn, attribute.name] = attribute, Elements(attribute, current, self._visits)
        return known[1]

    def _edit_single(self, attribute: Attribute, operation: Operation) -> None:
        target, value = operation.target, operation.value
        urn = target.extension.urn if target.extension else None
        current = self._at(self._profile, urn).get(attribute.name)
        if target.selection is not None and not selects(attribute, target.selection, current or {}):
            if value is EMPTY:
                return
            raise NoTarget(f"{attribute.path} is not what {target.selection} selects.")
        if target.sub is not None:
            value = _with_subs(current or {}, {target.sub.name: value})
        elif value is not EMPTY and attribute.is_complex:
            value = _with_subs(current or {}, value)
        self._set(urn, attribute.name, value if value != {} else EMPTY)

    def _drop_extension(self, extension: Schema | None) -> None:
        urn = extension.urn if extension else None
        self._profile.pop(str(urn), None)
        self._elements = {key: each for key, each in self._elements.items() if key[0] != urn}

    @staticmethod
    def _at(profile: Mapping[str, Any], urn: str | None) -> Mapping[str, Any]:
        return profile if urn is None else profile.get(urn) or {}

    def _set(self, urn: str | None, name: str, value: Any) -> None:
        container = self._profile if urn is None else dict(self._profile.get(urn) or {})
        if value is EMPTY:
            container.pop(name, None)
        else:
            container[name] = value
        if urn is not None:
            self._profile[urn] = container
            if not container:
                del self._profile[urn]


def _with_subs(current: Mapping[str, Any], changes: Mapping[str, Any]) -> Profile:
    """Sub-attributes that are not named stay (§3.5.2.3), unless ``value`` changes: that is another manager."""
    if "value" in changes and changes["value"] != current.get("value"):
        return {} if changes["value"] is EMPTY else without_empty(changes)
    return without_empty({**current, **changes})


def edit_elements(elements: Elements, operation: Operation, attribute: Attribute) -> None:
    """Apply one operation to a multi-valued attribute."""
    target, value = operation.target, operation.value
    if target.selection is not None:
        _edit_selected(elements, operation, attribute)
    elif target.sub is not None:
        _edit_all(elements, {target.sub.name: value})
    elif operation.op == "remove" and value is not ABSENT:
        elements.drop_listed(value)
    else:
        if operation.op != "add":
            elements.clear()
        elements.add(() if value in (EMPTY, ABSENT) else value)


def _edit_all(elements: Elements, changes: Mapping[str, Any]) -> None:
    if len(elements):
        elements.edit(elements.all_positions(), changes)
    else:
        elements.add([stated] if (stated := without_empty(changes)) else [])


def _edit_selected(elements: Elements, operation: Operation, attribute: Attribute) -> None:
    target, value = operation.target, operation.value
    assert target.selection is not None
    positions = elements.select_positions(target.selection)
    changes = {target.sub.name: value} if target.sub is not None else value
    if not positions:
        if operation.op != "remove":
            elements.add(_created(changes, target, attribute))
    elif changes is EMPTY:
        elements.drop(positions)
    else:
        elements.edit(positions, changes)


def _created(changes: Any, target: Target, attribute: Attribute) -> list[Profile]:
    """The element to create when a value path selects none, which Entra expects.

    Raises: NoTarget when the selection is more than values that the element would have, or would not select it.
    """
    assert target.selection is not None
    required = required_values(attribute, target.selection)
    if required is None:
        raise NoTarget(f"No element of {attribute.path} is selected by {target.selection}.")
    stated = {} if changes is EMPTY else without_empty(changes)
    if not stated:
        return []
    element = {**without_empty(read_object(attribute, required, attribute.path, Ignored())), **stated}
    if not selects(attribute, target.selection, element):
        raise NoTarget(f"No element of {attribute.path} is selected by {target.selection}, nor would the new one be.")
    return [element]


def _require_few(attribute: Attribute, elements: Elements, before: Any) -> None:
    if len(elements) > max(MAX_ELEMENTS, len(before)):
        raise InvalidValue(
            f"{attribute.path} may have at most {MAX_ELEMENTS} elements; after this it would have {len(elements)}."
        )


def _require_small(profile: Profile, before: Mapping[str, Any]) -> None:
    size = _size(profile)
    if size > MAX_USER_BYTES and size > _size(before):
        raise InvalidValue(f"All values together may have at most {MAX_USER_BYTES} bytes; after this they have {size}.")


def _size(profile: Mapping[str, Any]) -> int:
    return len(json.dumps(profile, ensure_ascii=False).encode())
