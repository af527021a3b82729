"""What an edit changed, as codes with parameters for the provisioning log. Pure.

Each attribute that differs is named, and each value that was removed. Values of secret attributes are redacted.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from gatekeeper.audit.provisioning_codes import NAMED, TEXT_LENGTH, WORK_EMAIL, Change, ChangeCode, WarningCode
from gatekeeper.audit.redact import REDACTED, is_secret
from gatekeeper.directory.changes import UserRecord
from scim.resources.profiles import user_profile

_Key = tuple[str, str]  # the URN of the extension or "", and the attribute's name
_Identity = tuple[str, str, int]  # value and type of an element, and its number among those with the same


def attribute_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """One change for each single value that differs; for a list, its removed, added and altered elements."""
    old, new = dict(_flat(before)), dict(_flat(after))
    return [
        change
        for key in {**old, **new}
        if old.get(key) != new.get(key)
        for change in _changes(key[1], old.get(key), new.get(key))
    ]


def user_changes(before: UserRecord, after: UserRecord) -> list[Change]:
    """The changes of a user's attributes, and of the address that sign-in compares, which follows from them."""
    changes = attribute_changes(user_profile(before), user_profile(after))
    if before.work_email != after.work_email:
        changes += _changes(WORK_EMAIL, before.work_email, after.work_email)
    return changes


def member_changes(added: Collection[object], removed: Collection[object]) -> list[Change]:
    """The members that a group got and lost, by their ids."""
    parts = ((ChangeCode.MEMBERS_ADDED, added), (ChangeCode.MEMBERS_REMOVED, removed))
    return [
        {"code": code.value, "count": len(ids), **_first("ids", sorted(map(str, ids)))} for code, ids in parts if ids
    ]


def name_change(code: ChangeCode, name: str, **more: Any) -> Change:
    """A change of a whole resource, which is known by its name."""
    return {"code": code.value, "name": name, **more}


def lists_changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, int]:
    """How many elements each multi-valued attribute had that differs now."""
    old, new = dict(_flat(before)), dict(_flat(after))
    return {
        f"{urn}:{name}" if urn else name: len(each)
        for (urn, name), each in old.items()
        if isinstance(each, list) and each != new.get((urn, name))
    }


def warnings_of(emptied: Collection[str], removed: Mapping[str, int]) -> list[dict[str, Any]]:
    """The warnings that a request was read as "remove all" of these attributes."""
    return [
        {"code": WarningCode.REMOVED_ALL.value, "attribute": name, "count": count}
        for name, count in removed.items()
        if count and name in emptied
    ]


def _first(name: str, things: Sequence[Any]) -> dict[str, Any]:
    """As many things as are named, and the number of the others."""
    kept = {name: list(things[:NAMED])}
    return kept if len(things) <= NAMED else {**kept, "more": len(things) - NAMED}


def _flat(profile: Mapping[str, Any]) -> Iterator[tuple[_Key, Any]]:
    """Attributes of extensions and of complex attributes beside the others: "department", "name.familyName"."""
    for name, value in profile.items():
        if ":" in name and isinstance(value, Mapping):  # only the URN of an extension has a colon
            yield from (((name, inner), each) for (_, inner), each in _flat(value))
        elif isinstance(value, Mapping):
            yield from ((("", f"{name}.{inner}"), each) for inner, each in value.items())
        else:
            yield ("", name), value


def _changes(name: str, before: Any, after: Any) -> Iterator[Change]:
    if isinstance(before, list) or isinstance(after, list):
        yield from _list_changes(name, _identified(before or ()), _identified(after or ()))
    elif before is None:
        yield {"code": ChangeCode.ATTRIBUTE_SET.value, "attribute": name, "after": _kept(name, after)}
    elif after is None:
        yield {"code": ChangeCode.ATTRIBUTE_REMOVED.value, "attribute": name, "before": _kept(name, before)}
    else:
        values = {"before": _kept(name, before), "after": _kept(name, after)}
        yield {"code": ChangeCode.ATTRIBUTE_CHANGED.value, "attribute": name, **values}


def _list_changes(name: str, before: Mapping[_Identity, Any], after: Mapping[_Identity, Any]) -> Iterator[Change]:
    removed = [_element(name, each) for identity, each in before.items() if identity not in after]
    added = [_element(name, each) for identity, each in after.items() if identity not in before]
    altered = [
        {"element": _element(name, _known_by(each)), "changes": attribute_changes(each, after[identity])}
        for identity, each in before.items()
        if identity in after and each != after[identity]
    ]
    parts = (
        (ChangeCode.ELEMENTS_REMOVED, removed),
        (ChangeCode.ELEMENTS_ADDED, added),
        (ChangeCode.ELEMENTS_ALTERED, altered),
    )
    for code, elements in parts:
        if elements:
            yield {"code": code.value, "attribute": name, **_first("elements", elements)}
    if not (removed or added or altered):
        yield {"code": ChangeCode.ELEMENTS_REORDERED.value, "attribute": name}


def _identified(elements: Sequence[Any]) -> dict[_Identity, Any]:
    """The elements by their value and type; those that have both in common are numbered in their order."""
    seen: Counter[tuple[str, str]] = Counter()
    identified = {}
    for each in elements:
        stated = each if isinstance(each, Mapping) else {"value": each}
        value, kind = str(stated.get("value", "")), str(stated.get("type", ""))
        identified[value, kind, seen[value, kind]] = stated
        seen[value, kind] += 1
    return identified


def _known_by(element: Mapping[str, Any]) -> Mapping[str, Any]:
    """The value and type of an element, or all of one that has neither."""
    return {sub: element[sub] for sub in ("value", "type") if sub in element} or element


def _element(name: str, element: Mapping[str, Any]) -> dict[str, Any]:
    return {sub: _kept(name if sub == "value" else sub, value) for sub, value in element.items()}


def _kept(name: str, value: Any) -> Any:
    """A value as the log keeps it: redacted if it is secret, cut off if it is long."""
    if is_secret(name):
        return REDACTED
    if isinstance(value, bool):
        return value
    text = str(value)
    return f"{text[:TEXT_LENGTH]}{'…' if len(text) > TEXT_LENGTH else ''}"
