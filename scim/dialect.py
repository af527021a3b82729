"""The leniency towards real clients, in one place: what comes out is strict SCIM. Pure.

Everything here is accepted from everybody, always: one Entra tenant sends both of its dialects to the same address.
What each client sends, and the test that shows it, stands in docs/scim-dialects.md.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from scim.errors import InvalidPath, InvalidSyntax, InvalidValue, Mutability, NoTarget
from scim.paths import Target, find_attribute, read_path
from scim.schemas import Attribute, ResourceType, Schema

_UNSET: tuple[Any, ...] = (None, "", [], {})
_BOOLEANS = {"true": True, "false": False}
# Clients send these back as they got them; they say nothing new.
_SERVER_KEYS = frozenset({"schemas", "id", "meta"})
_OPERATIONS = frozenset({"add", "replace", "remove"})


def member(document: Mapping[str, Any], name: str) -> Any:
    """The member of that name in any case (Entra's Postman collection writes ``Value``), or None."""
    if name in document:
        return document[name]
    return next((value for key, value in document.items() if key.lower() == name.lower()), None)


def is_unset(value: Any) -> bool:
    """null, "" and [] mean "no value" (RFC 7643 §2.5; Microsoft's gallery test SCIM_Null_Update sends "")."""
    return any(value == nothing and type(value) is type(nothing) for nothing in _UNSET)


def read_operations(body: Mapping[str, Any]) -> list[tuple[str, str | None, Any]]:
    """The operations of a PATCH body as (op, path or None, value), with op in lower case.

    A missing list is refused; an empty one changes nothing, since a client was seen to send it.
    Raises: InvalidSyntax; NoTarget for a remove without a path (RFC 7644 §3.5.2.2).
    """
    operations = member(body, "Operations")
    if isinstance(operations, Mapping):
        operations = [operations]
    if not isinstance(operations, list):
        raise InvalidSyntax("A PATCH needs a list called Operations.")
    return [_read_operation(operation) for operation in operations]


def _read_operation(operation: Any) -> tuple[str, str | None, Any]:
    if not isinstance(operation, Mapping):
        raise InvalidSyntax("Each of the Operations is an object with op, path and value.")
    op, path, value = (member(operation, name) for name in ("op", "path", "value"))
    if not isinstance(op, str) or op.lower() not in _OPERATIONS:
        raise InvalidSyntax(f"{_shown(op)} is no operation; there are add, replace and remove.")
    if path is not None and not isinstance(path, str):
        raise InvalidPath("A path is a text.")
    path = path.strip() if path else None
    if op.lower() == "remove" and not path:
        raise NoTarget("A remove needs a path that says what to remove.")
    if op.lower() == "add" and value is None and path:
        raise InvalidValue(f"{path[:200]}: an add needs a value.")
    return op.lower(), path or None, value


def spread(resource_type: ResourceType, value: Any, ignored: list[str]) -> Iterator[tuple[Target, Any]]:
    """Each member of a resource, or of the value of an operation without a path, with what its key designates.

    Keys may be names in any case, dotted (``name.familyName``), prefixed with a URN (``urn:…:2.0:User:department``,
    whose dots separate nothing) or value paths. Unknown ones are put into ``ignored``; what only the server sets is
    skipped.
    """
    if not isinstance(value, Mapping):
        raise InvalidSyntax("An object with the attributes is needed here.")
    for key, given in value.items():
        if key.lower() in _SERVER_KEYS:
            continue
        target = _target_of_key(resource_type, key)
        if target is None:
            ignored.append(key[:200])
        elif target.attribute is None and target.extension is not None:
            yield from _spread_extension(target.extension, given, ignored)
        elif not _is_read_only(target):
            yield target, given


def _spread_extension(extension: Schema, value: Any, ignored: list[str]) -> Iterator[tuple[Target, Any]]:
    if is_unset(value):
        # {} says nothing about the attributes in it; null takes them all away.
        if value is None:
            yield Target(extension=extension), None
        return
    if not isinstance(value, Mapping):
        raise InvalidValue(f"{extension.urn} is an object with attributes.")
    for key, given in value.items():
        name, _, rest = key.partition(".")
        attribute = extension.find(name)
        sub = attribute.sub(rest) if attribute and rest else None
        if attribute is None or (rest and sub is None):
            ignored.append(f"{extension.urn}:{key}"[:200])
        elif not _is_read_only(Target(extension, attribute, sub)):
            yield Target(extension, attribute, sub), given


def _target_of_key(resource_type: ResourceType, key: str) -> Target | None:
    target = find_attribute(resource_type, key)
    # A flat "department" at the top is one of Microsoft's mistaken examples; it is no attribute there.
    if target is not None or (resource_type.find(key.partition(".")[0].partition("[")[0]) is None and ":" not in key):
        return target
    try:
        return read_path(resource_type, key)
    except InvalidPath:
        return None


def _is_read_only(target: Target) -> bool:
    return any(part is not None and part.read_only for part in (target.attribute, target.sub))


def is_password(path: str) -> bool:
    """Okta and others set passwords; people sign in through SAML here, so they are dropped and never kept."""
    return path.lower() in ("password", "urn:ietf:params:scim:schemas:core:2.0:user:password")


def require_writable(target: Target) -> None:
    """Refuse a path to what only the server sets (RFC 7644 §3.5.2)."""
    if _is_read_only(target):
        raise Mutability(f"{target.name} is set by the server and can't be changed.")


def read_value(attribute: Attribute, value: Any, ignored: list[str]) -> Any:
    """A value as the schema wants it; None means "no value".

    Raises: InvalidValue, naming the attribute and what it takes.
    """
    if not attribute.multi_valued:
        return read_one(attribute, value, ignored)
    if is_unset(value):
        return None
    given = value if isinstance(value, list) else [value]
    read = (read_one(attribute, item, ignored) for item in given)
    elements = [without_unset(item) if isinstance(item, dict) else item for item in read]
    return [item for item in elements if not is_unset(item)] or None


def read_one(attribute: Attribute, value: Any, ignored: list[str]) -> Any:
    """One value, or one element of a multi-valued attribute."""
    value = _unwrapped(attribute, value)
    if is_unset(value):
        if value == "" and attribute.name == "active":
            raise InvalidValue('active: "" is neither true nor false.')
        return None
    if attribute.is_complex:
        return _read_complex(attribute, value, ignored)
    if attribute.type == "boolean":
        return _read_boolean(attribute, value)
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise InvalidValue(f"{attribute.path}: {_shown(value)} is no text.")


def without_unset(value: dict[str, Any]) -> dict[str, Any]:
    """A complex value without the sub-attributes that were stated as empty."""
    return {name: given for name, given in value.items() if given is not None}


def _unwrapped(attribute: Attribute, value: Any) -> Any:
    """Take a single value out of a list of one, and a simple one out of ``{"value": x}``."""
    if isinstance(value, list):
        if len(value) > 1:
            raise InvalidValue(f"{attribute.path} takes one value, not {len(value)}.")
        value = value[0] if value else None
    if isinstance(value, Mapping) and not attribute.is_complex and member(value, "value") is not None:
        return member(value, "value")
    return value


def _read_boolean(attribute: Attribute, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in _BOOLEANS:
        return _BOOLEANS[value.strip().lower()]
    raise InvalidValue(f"{attribute.path}: {_shown(value)} is neither true nor false.")


def _read_complex(attribute: Attribute, value: Any, ignored: list[str]) -> dict[str, Any]:
    if isinstance(value, str):
        value = _object_in_text(value)
    if not isinstance(value, Mapping):
        # Entra sends a manager as the bare id, and Okta's and Microsoft's examples members as bare ids.
        if attribute.sub("value") is None or isinstance(value, bool):
            raise InvalidValue(f"{attribute.path}: {_shown(value)} is no object.")
        value = {"value": value}
    read: dict[str, Any] = {}
    for key, given in value.items():
        sub = attribute.sub(key)
        if sub is None:
            ignored.append(f"{attribute.path}.{key}"[:200])
        elif not sub.read_only:
            read[sub.name] = read_one(sub, given, ignored)
    return _with_value_in_text(attribute, read)


def _with_value_in_text(attribute: Attribute, read: dict[str, Any]) -> dict[str, Any]:
    """Entra's AppRoleAssignmentsComplex: the role is a JSON text inside ``value``, its name called displayName."""
    text = read.get("value")
    inner = _object_in_text(text) if attribute.name == "roles" and isinstance(text, str) else text
    if not isinstance(inner, Mapping) or not isinstance(member(inner, "value"), str):
        return read
    name = member(inner, "displayName")
    return {**read, "value": member(inner, "value"), **({"display": name} if isinstance(name, str) else {})}


def _object_in_text(text: str) -> Any:
    """An object that was sent as a JSON text; a text that is none stays as it is."""
    if not text.lstrip().startswith("{"):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _shown(value: Any) -> str:
    return json.dumps(value, default=str)[:60]
