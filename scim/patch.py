"""PATCH operations to one edit of the record (RFC 7644 §3.5.2). Pure: no database, no request.

``read_patch`` reads all operations first and refuses what can't be understood; the edit that comes out is applied once,
by the directory's verb, to the record that is there then.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gatekeeper.directory.changes import MembersChange
from scim import dialect
from scim.errors import InvalidValue, Mutability, NoTarget, TooLarge
from scim.limits import MAX_OPERATIONS
from scim.literals import comparison_form
from scim.members import member_ids, selected_members
from scim.paths import Target, read_path
from scim.schemas import Attribute, ResourceType
from scim.selection import check, required_values, selects

Profile = dict[str, Any]


@dataclass(frozen=True)
class Operation:
    """One operation on one target, its value as the schema wants it (None: no value)."""

    op: str
    target: Target
    value: Any = None


@dataclass
class Patch:
    """All operations of a request: the edit of the profile, the change of the members, and what was not understood."""

    operations: list[Operation] = field(default_factory=list)
    members: MembersChange = field(default_factory=MembersChange.keep)
    ignored: list[str] = field(default_factory=list)

    def edited(self, profile: Mapping[str, Any]) -> Profile:
        """The profile after all operations, each seeing the result of the former. ``profile`` stays as it is."""
        edited = copy.deepcopy(dict(profile))
        for operation in self.operations:
            _apply(edited, operation)
        return edited


def read_patch(resource_type: ResourceType, body: Mapping[str, Any]) -> Patch:
    """Read a PATCH body in any dialect.

    Raises: InvalidSyntax, InvalidPath, InvalidValue, NoTarget, Mutability, InvalidFilter; TooLarge.
    """
    given = dialect.read_operations(body)
    if len(given) > MAX_OPERATIONS:
        raise TooLarge(f"A PATCH may have at most {MAX_OPERATIONS} operations; this one has {len(given)}.")
    patch = Patch()
    for op, path, value in given:
        if path is None:
            for target, part in dialect.spread(resource_type, value, patch.ignored):
                _add(patch, op, target, part)
            continue
        if dialect.is_password(path):
            patch.ignored.append(path)
            continue
        target = read_path(resource_type, path)
        dialect.require_writable(target)
        if target.attribute is None and isinstance(value, Mapping) and op != "remove":
            for inner, part in dialect.spread(resource_type, {path: value}, patch.ignored):
                _add(patch, op, inner, part)
        else:
            _add(patch, op, target, value)
    return patch


def read_resource(resource_type: ResourceType, body: Mapping[str, Any]) -> Patch:
    """A whole resource (POST, PUT) as the edit that builds it on an empty profile."""
    patch = Patch()
    for target, value in dialect.spread(resource_type, body, patch.ignored):
        if not dialect.is_unset(value):
            _add(patch, "add", target, value)
    return patch


def _add(patch: Patch, op: str, target: Target, value: Any) -> None:
    attribute = target.attribute
    if attribute is not None and attribute.path == "members":
        patch.members = _change_members(patch.members, op, target, value, patch.ignored)
        return
    if attribute is not None and target.selection is not None:
        check(attribute, target.selection)
    read = None if attribute is None else _read_value(op, target, value, patch.ignored)
    if read is None and attribute is not None and attribute.required and target.sub is None:
        if op == "remove":
            raise Mutability(f"{attribute.path} is required and can't be removed.")
        raise InvalidValue(f"{attribute.path} is required and can't be empty.")
    patch.operations.append(Operation(op, target, read))


def _read_value(op: str, target: Target, value: Any, ignored: list[str]) -> Any:
    attribute = target.attribute
    assert attribute is not None
    if op == "remove" and (target.selection is not None or target.sub is not None or not attribute.multi_valued):
        return None
    if target.sub is not None:
        return dialect.read_one(target.sub, value, ignored)
    if target.selection is not None:
        return dialect.read_one(attribute, value, ignored)
    return dialect.read_value(attribute, value, ignored)


def _change_members(change: MembersChange, op: str, target: Target, value: Any, ignored: list[str]) -> MembersChange:
    """One operation on the members. A remove with a value takes out those members only, as Entra means it."""
    attribute = target.attribute
    assert attribute is not None
    if target.selection is not None:
        if op != "remove":
            raise NoTarget("Members are added by their id, not through a selection.")
        chosen = selected_members(attribute, target.selection)
        return change.then_replace(()) if chosen is None else change.then_remove(chosen)
    if target.sub is not None and target.sub.name != "value":
        raise Mutability(f"{target.sub.path} can't be changed; add and remove members instead.")
    if op == "remove":
        if dialect.is_unset(value) and value != []:
            return change.then_replace(())
        return change.then_remove(member_ids(attribute, value, ignored, strict=False))
    ids = member_ids(attribute, value, ignored, strict=True)
    return change.then_add(ids) if op == "add" else change.then_replace(ids)


def _apply(profile: Profile, operation: Operation) -> None:
    target = operation.target
    if target.attribute is None:
        if target.extension is not None:
            profile.pop(target.extension.urn, None)
        return
    container = profile.setdefault(target.extension.urn, {}) if target.extension else profile
    current = container.get(target.attribute.name)
    edited = _edited_attribute(current, operation, target.attribute)
    if dialect.is_unset(edited):
        container.pop(target.attribute.name, None)
    else:
        container[target.attribute.name] = edited
    if target.extension and not container:
        del profile[target.extension.urn]


def _edited_attribute(current: Any, operation: Operation, attribute: Attribute) -> Any:
    if operation.target.selection is not None:
        return _edit_selected(current, operation, attribute)
    if attribute.multi_valued:
        return _edit_list(list(current or ()), operation, attribute)
    if operation.value is None and operation.target.sub is None:
        return None
    if attribute.is_complex:
        return _edit_element(dict(current or {}), operation)
    return operation.value


def _edit_element(element: Profile, operation: Operation) -> Profile:
    """Set or take away sub-attributes; those that are not named stay (RFC 7644 §3.5.2.3)."""
    sub = operation.target.sub
    given = {sub.name: operation.value} if sub is not None else dict(operation.value or {})
    attribute = operation.target.attribute
    assert attribute is not None
    if "value" in given and not attribute.multi_valued:
        # Another manager is another person: nothing that described the former one stays.
        return dialect.without_unset(given) if given["value"] is not None else {}
    return dialect.without_unset({**element, **given})


def _edit_list(elements: list[Any], operation: Operation, attribute: Attribute) -> list[Any]:
    if operation.target.sub is not None:
        if not elements and operation.value is not None:
            elements = [{}]
        return [edited for element in elements if (edited := _edit_element(dict(element), operation))]
    value = operation.value
    if operation.op == "remove":
        return [] if value is None else [each for each in elements if not _listed(attribute, each, value)]
    if operation.op == "replace" or value is None:
        return _one_primary(value or [], 0)
    return _with_added(elements, value, attribute)


def _edit_selected(current: Any, operation: Operation, attribute: Attribute) -> Any:
    selection = operation.target.selection
    assert selection is not None
    elements = list(current or ()) if attribute.multi_valued else [current] if current else []
    chosen = [position for position, each in enumerate(elements) if selects(attribute, selection, each)]
    if not chosen and operation.op != "remove":
        elements.append(_new_element(operation, attribute))
        chosen = [len(elements) - 1]
    elif operation.value is None and operation.target.sub is None:
        elements = [each for position, each in enumerate(elements) if position not in chosen]
        chosen = []
    for position in chosen:
        elements[position] = _edit_element(dict(elements[position]), operation)
    kept = [each for each in elements if each]
    if not attribute.multi_valued:
        return kept[0] if kept else None
    return _one_primary(kept, chosen[0] if chosen and len(kept) == len(elements) else 0)


def _new_element(operation: Operation, attribute: Attribute) -> Profile:
    """The element that a value path asks for and that isn't there: Entra expects it to be created."""
    values = required_values(attribute, operation.target.selection) if operation.target.selection else None
    if values is None or not attribute.multi_valued:
        raise NoTarget(f"No element of {attribute.path} is selected by {operation.target.selection}.")
    return {} if operation.value is None else values


def _with_added(elements: list[Any], added: list[Any], attribute: Attribute) -> list[Any]:
    """Append what is new; what is there already, by value and type, is brought up to date instead of doubled."""
    primaries = []
    for element in added:
        position = next((at for at, each in enumerate(elements) if _same(attribute, each, element)), None)
        if position is None:
            elements.append(element)
            position = len(elements) - 1
        elif isinstance(element, dict):
            elements[position] = {**elements[position], **element}
        if isinstance(element, dict) and element.get("primary") is True:
            primaries.append(position)
    return _one_primary(elements, primaries[0] if primaries else 0)


def _same(attribute: Attribute, one: Any, other: Any) -> bool:
    if one == other or not isinstance(one, dict) or "value" not in other:
        return bool(one == other)
    return all(_key(attribute, one, name) == _key(attribute, other, name) for name in ("value", "type"))


def _listed(attribute: Attribute, element: Any, unwanted: list[Any]) -> bool:
    """Whether a remove with a list of values means this element: by its value, else by all that is given."""
    for each in unwanted:
        if each == element:
            return True
        if not isinstance(each, dict) or not each:
            continue
        names = [name for name in ("value", "type") if name in each] if "value" in each else list(each)
        if all(_key(attribute, element, name) == _key(attribute, each, name) for name in names):
            return True
    return False


def _key(attribute: Attribute, element: Mapping[str, Any], name: str) -> Any:
    value, sub = element.get(name), attribute.sub(name)
    return comparison_form(sub, value) if isinstance(value, str) and sub else value


def _one_primary(elements: list[Any], winner: int) -> list[Any]:
    """At most one element is primary (RFC 7643 §2.4): the one at ``winner`` if it claims so, else the first."""
    claims = [at for at, each in enumerate(elements) if isinstance(each, dict) and each.get("primary") is True]
    if len(claims) < 2:
        return elements
    kept = winner if winner in claims else claims[0]
    return [{**each, "primary": False} if at in claims and at != kept else each for at, each in enumerate(elements)]
