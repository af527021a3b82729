"""``bulkId:…`` references between the operations of a Bulk request (RFC 7644 §3.7.2). Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from scim.protocol.schemas import ENTERPRISE_USER

PREFIX = "bulkId:"


def references(value: Any) -> Iterator[str]:
    """The bulkIds that a document or a path refers to, as a whole text or as the last part of an address."""
    pending = [value]
    while pending:
        each = pending.pop()
        if isinstance(each, str):
            if PREFIX in each:
                yield each.partition(PREFIX)[2]
        elif isinstance(each, dict):
            pending.extend(reversed(each.values()))
        elif isinstance(each, list):
            pending.extend(reversed(each))


def resolved(value: Any, ids: Mapping[str, str]) -> Any:
    """``value`` with the references that ``ids`` knows replaced; the others stay as they are."""
    if isinstance(value, str):
        head, sign, name = value.partition(PREFIX)
        return head + ids[name] if sign and name in ids else value
    if isinstance(value, Mapping):
        return {key: resolved(each, ids) for key, each in value.items()}
    if isinstance(value, list):
        return [resolved(each, ids) for each in value]
    return value


def without_manager(data: Any) -> tuple[Any, Any]:
    """A user's document without its manager, and the manager: two users can be each other's, so one has to wait."""
    if not isinstance(data, Mapping):
        return data, None
    for urn, extension in data.items():
        if urn.lower() != ENTERPRISE_USER.lower() or not isinstance(extension, Mapping):
            continue
        name = next((key for key in extension if key.lower() == "manager"), None)
        if name is not None:
            rest = {key: each for key, each in extension.items() if key != name}
            return {**data, urn: rest}, extension[name]
    return data, None
