"""Leniency towards real clients, all of it: what comes out is strict SCIM. Pure.

It is the same for every client: one Entra tenant sends both of its formats to the same address.
docs/scim-client-quirks.md lists what each client sends, with the test that shows it.
"""

import json
import re
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from scim.protocol.errors import InvalidPath, InvalidSyntax, InvalidValue, Mutability
from scim.protocol.ignored import Ignored
from scim.protocol.json_text import object_in_text
from scim.protocol.limits import MAX_NUMBER
from scim.protocol.paths import Target, find_attribute, read_path
from scim.protocol.schemas import Attribute, ResourceType, Schema

_BOOLEANS = {"true": True, "false": False}
_WHOLE = re.compile(r"[+-]?[0-9]{1,400}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,400}(?:\.[0-9]{0,400})?|\.[0-9]{1,400})(?:[eE][+-]?[0-9]{1,4})?")
# Only the server sets these; clients send them back as they got them.
_SERVER_KEYS = frozenset({"schemas", "id", "meta"})


def member(document: Mapping[str, Any], name: str, default: Any = None) -> Any:
    """The member of that name in any case (Entra's Postman collection writes ``Value``), or the default."""
    if name in document:
        return document[name]
    return next((value for key, value in document.items() if key.lower() == name.lower()), default)


def stated_attributes(resource_type: ResourceType, given: Any, ignored: Ignored) -> Iterator[tuple[Target, Any]]:
    """Each member of a resource, or of the value of an operation without a path, with what its key designates.

    Keys may be names in any case, dotted (``name.familyName``), prefixed with a URN (``urn:…:2.0:User:department``,
    whose dots separate nothing) or value paths. The URN of a schema, the core one too, holds an object of attributes;
    what isn't an object is yielded as it is. Unknown keys are put into ``ignored``; read-only ones are skipped.
    """
    stated = unwrap_list_of_one(given, "value")
    if not isinstance(stated, Mapping):
        raise InvalidSyntax("An object with the attributes is needed here.")
    for key, each in stated.items():
        if key.lower() in _SERVER_KEYS:
            if key.lower() == "schemas":
                ignored.require_schemas(each, resource_type.urns)
            continue
        target = _target_of_key(resource_type, key)
        if target is None:
            ignored.unknown(key, each)
        elif target.attribute is None and target.extension is not None:
            yield from attributes_in_extension(resource_type, target.extension, each, ignored)
        elif not _is_read_only(target):
            yield target, each


def attributes_in_extension(
    resource_type: ResourceType, schema: Schema, given: Any, ignored: Ignored
) -> Iterator[tuple[Target, Any]]:
    """The attributes in the object under a schema's URN. Entra puts such an object into a list of one."""
    stated = unwrap_list_of_one(given, schema.urn)
    if not isinstance(stated, Mapping):
        yield Target(extension=schema), stated
        return
    for key, each in stated.items():
        target = _target_inside(resource_type, schema, key)
        if target is None:
            ignored.unknown(f"{schema.urn}:{key}")
        elif not _is_read_only(target):
            yield target, each


def _target_inside(resource_type: ResourceType, schema: Schema, key: str) -> Target | None:
    attribute = resource_type.find(key, schema.urn)
    if attribute is None:
        return _target_of_key(resource_type, f"{schema.urn}:{key}")
    return Target(None if resource_type.is_core(schema.urn) else schema, attribute)


def _target_of_key(resource_type: ResourceType, key: str) -> Target | None:
    target = find_attribute(resource_type, key)
    if target is not None:
        return target
    urn = next((each for each in resource_type.urns if key.lower().startswith(f"{each}:")), None)
    head = key[len(urn) + 1 if urn else 0 :].partition(".")[0].partition("[")[0]
    # A flat "department" at the top is one of Microsoft's mistaken examples; it is no attribute there.
    if resource_type.find(head, urn) is None:
        return None
    try:
        return read_path(resource_type, key)
    except InvalidPath:
        return None


def _is_read_only(target: Target) -> bool:
    return any(part is not None and part.read_only for part in (target.attribute, target.sub))


def is_skipped(resource_type: ResourceType, path: str) -> bool:
    """Whether an operation is on ``schemas``, which follows from the attributes: scim2-models and others set it."""
    return _without_core_urn(resource_type, path) == "schemas"


def is_password(resource_type: ResourceType, path: str) -> bool:
    """Whether an operation sets the password, as Okta does. It is dropped, since people sign in through SAML."""
    return _without_core_urn(resource_type, path) == "password"


def _without_core_urn(resource_type: ResourceType, path: str) -> str:
    return path.lower().removeprefix(f"{resource_type.schema.urn.lower()}:")


def require_writable(target: Target) -> None:
    """Refuse a path to what only the server sets (RFC 7644 §3.5.2)."""
    if _is_read_only(target):
        raise Mutability(f"{target.name} is set by the server and can't be changed.")


def unwrap_list_of_one(given: Any, label: str) -> Any:
    """The value in a list of one; an empty list stays as it is.

    Raises: InvalidValue for several values, and for a list in the list.
    """
    if not isinstance(given, list) or not given:
        return given
    if len(given) > 1:
        raise InvalidValue(f"{label} takes one value, not {len(given)}.")
    if isinstance(given[0], list):
        raise InvalidValue(f"{label}: a list can't stand in a list.")
    return given[0]


def unwrap_value(given: Any, label: str, ignored: Ignored) -> Any:
    """The value in ``{"value": x}``, whose other members are unknown; an object without a value stays as it is."""
    if not isinstance(given, Mapping) or member(given, "value", given) is given:
        return given
    for key in given:
        if key.lower() != "value":
            ignored.unknown(f"{label}.{key}")
    return member(given, "value")


def read_boolean(given: Any, label: str) -> bool:
    """A boolean, also as a text in any case. Raises: InvalidValue, never a default."""
    if isinstance(given, bool):
        return given
    if isinstance(given, str) and given.strip().lower() in _BOOLEANS:
        return _BOOLEANS[given.strip().lower()]
    raise InvalidValue(f"{label}: {quoted(given)} is neither true nor false.")


def read_number(attribute: Attribute, given: Any, label: str) -> int | float:
    """A number, also as a text, as Entra sends what it maps from a directory's texts (RFC 7643 §2.3.3, §2.3.4).

    Raises: InvalidValue for what is none, for a fraction where an integer is needed, and beyond ±2^53, where a double
    loses digits (RFC 7493 §2.2).
    """
    kind = "whole number" if attribute.type == "integer" else "number"
    number = _number_in(given) if not isinstance(given, bool) else None
    if number is None or (attribute.type == "integer" and number != int(number)):
        raise InvalidValue(f"{label}: {quoted(given)} is no {kind}.")
    if abs(number) > MAX_NUMBER:
        raise InvalidValue(f"{label}: a number may be at most {MAX_NUMBER}, and at least -{MAX_NUMBER}.")
    return int(number) if attribute.type == "integer" else number + 0  # no negative zero


def _number_in(given: Any) -> int | float | None:
    if isinstance(given, str):
        text = given.strip()
        if not _NUMBER.fullmatch(text):
            return None
        given = int(text) if _WHOLE.fullmatch(text) else float(text)
    if not isinstance(given, int | float) or (isinstance(given, float) and not isfinite(given)):
        return None
    return given


def as_object(attribute: Attribute, given: Any) -> Mapping[str, Any] | None:
    """A complex value as an object, or None: it may also be a JSON text, or the bare ``value`` of one that has it.

    Entra sends a manager as the bare id, and Okta's and Microsoft's examples members as bare ids.
    """
    stated = object_in_text(given) if isinstance(given, str) else given
    if isinstance(stated, Mapping):
        return _with_role_in_text(stated) if attribute.name == "roles" else stated
    if attribute.sub("value") is None or isinstance(stated, bool | list) or stated is None:
        return None
    return {"value": stated}


def _with_role_in_text(role: Mapping[str, Any]) -> Mapping[str, Any]:
    """Entra's AppRoleAssignmentsComplex: the role is a JSON text inside ``value``, its name called displayName."""
    text = member(role, "value")
    inner = object_in_text(text) if isinstance(text, str) else text
    if not isinstance(inner, Mapping) or not isinstance(member(inner, "value"), str):
        return role
    name = member(inner, "displayName")
    rest = {key: each for key, each in role.items() if key.lower() != "value"}
    return {**rest, "value": member(inner, "value"), **({"display": name} if isinstance(name, str) else {})}


def quoted(value: Any) -> str:
    """A value as messages quote it."""
    try:
        return json.dumps(value, default=str)[:60]
    except RecursionError:
        return "what is nested so deeply"
