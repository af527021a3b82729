"""Reading the schemas that a server publishes (RFC 7643 §7)."""

from collections.abc import Mapping
from typing import Any

from entra_client.directory.attribute_mapping import Path

Attributes = Mapping[str, Mapping[str, Any]]

_LEFT_OUT = ("groups", "roles", "id", "schemas", "meta", "active", "members", "password")
# Where any text would not do.
_VALUES = {"locale": "en-GB", "preferredlanguage": "en-GB", "timezone": "Europe/London"}


def sub_attributes(attribute: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The sub-attributes of an attribute, by their names in lower case."""
    subs = attribute.get("subAttributes")
    return {str(one["name"]).lower(): one for one in subs} if isinstance(subs, list) else {}


def has_path(attributes: Attributes, path: Path) -> bool:
    """Whether a schema has what a path of the mapping designates."""
    attribute = attributes.get(path.attribute.lower())
    if attribute is None:
        return False
    subs = sub_attributes(attribute)
    return (path.sub is None or path.sub.lower() in subs) and (path.type is None or "type" in subs)


def eligible_values(attributes: Attributes, prefix: str, text: str) -> dict[str, Any]:
    """Path → a value to write, for each single-valued string, integer, dateTime or boolean that clients may write."""
    values: dict[str, Any] = {}
    for name, attribute in attributes.items():
        if attribute.get("multiValued") or name in _LEFT_OUT:
            continue
        path = f"{prefix}{attribute['name']}"
        if attribute.get("type") == "complex":
            subs = {key: one for key, one in sub_attributes(attribute).items() if not one.get("multiValued")}
            if name != "manager":
                values |= {f"{path}.{one['name']}": _value(key, one, text) for key, one in subs.items() if _writes(one)}
        elif _writes(attribute):
            values[path] = _value(name, attribute, text)
    return values


def _writes(attribute: Mapping[str, Any]) -> bool:
    return attribute.get("mutability") == "readWrite" and attribute.get("type") in (
        "string",
        "integer",
        "dateTime",
        "boolean",
    )


def _value(name: str, attribute: Mapping[str, Any], text: str) -> Any:
    canonical = attribute.get("canonicalValues")
    if isinstance(canonical, list) and canonical:
        return canonical[0]
    by_type = {"integer": 7, "dateTime": "2026-11-28T09:00:00Z", "boolean": True}
    return by_type.get(str(attribute.get("type")), _VALUES.get(name, f"{text} {name}" if name != "username" else text))
