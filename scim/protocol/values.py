"""Absent, empty and unreadable are three things in every value that a client sends. Pure.

Absent says nothing and leaves what is there. Empty (null, "" or []) clears in a replace or PUT, and is nothing in an
add. What can't be read is InvalidValue that names the element, so that nothing is changed (docs/scim-client-quirks.md).
"""

import math
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, Final

from scim.protocol import client_quirks
from scim.protocol.errors import InvalidValue
from scim.protocol.ignored import Ignored
from scim.protocol.literals import instant_in
from scim.protocol.references import id_in_reference
from scim.protocol.schemas import Attribute

Element = dict[str, Any]


class Nothing(Enum):
    """The two ways of not giving a value."""

    ABSENT = "not stated"
    EMPTY = "stated as null, an empty text or an empty list"


ABSENT: Final = Nothing.ABSENT
EMPTY: Final = Nothing.EMPTY

# RFC 7643 §4.1.2 lets these hold line breaks; certificates are often wrapped.
_WITH_LINES = frozenset({"addresses.formatted", "addresses.streetAddress", "x509Certificates.value"})
_NAMES = frozenset({"userName", "displayName", "nickName", "emails.value"})
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,20})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
_ANY_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_BUT_TABS = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\ud800-\udfff]")
_BUT_TABS_AND_LINES = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def is_empty(given: Any) -> bool:
    """null, "" and [] mean "no value" (RFC 7643 §2.5; Microsoft's gallery test SCIM_Null_Update sends "")."""
    return given is None or given in ("", [])


def read_single(attribute: Attribute, given: Any, label: str, ignored: Ignored) -> Any:
    """One value of the schema's type, or EMPTY. A complex one has the sub-attributes that are stated, some as EMPTY.

    Raises: InvalidValue, naming the value by its ``label``.
    """
    if given and isinstance(given, str) and attribute.is_text:
        return _read_text(attribute, given, label)  # as nearly all values come
    given = client_quirks.unwrap_list_of_one(given, label)
    if not attribute.is_complex:
        given = client_quirks.unwrap_value(given, label, ignored)
    if is_empty(given):
        if attribute.type == "boolean" and attribute.required:
            raise InvalidValue(f"{label} is true or false and can't be empty.")
        return EMPTY
    if attribute.is_complex:
        return read_object(attribute, given, label, ignored)
    if attribute.type == "boolean":
        return client_quirks.read_boolean(given, label)
    if attribute.is_number:
        return client_quirks.read_number(attribute, given, label)
    return _read_text(attribute, given, label) if attribute.is_text else _read_instant(given, label)


def read_object(attribute: Attribute, given: Any, label: str, ignored: Ignored, *, is_element: bool = False) -> Element:
    """A complex value: the sub-attributes that are stated. Unknown ones are put into ``ignored``.

    Raises: InvalidValue, naming the sub-attribute that can't be read; for an element of which no one is known, too.
    """
    stated = client_quirks.as_object(attribute, given)
    if stated is None:
        raise InvalidValue(f"{label}: {client_quirks.quoted(given)} is no object.")
    read: Element = {}
    unknown = []
    for key, each in stated.items():
        sub = attribute.sub(key)
        if sub is None:
            unknown.append(f"{attribute.path}.{key}")
        elif not sub.read_only:
            read[sub.name] = read_single(sub, each, f"{label}.{sub.name}", ignored)
    if is_element and stated and len(unknown) == len(stated):
        raise InvalidValue(f"{label}: {client_quirks.quoted(given)} has no sub-attribute of {attribute.path}.")
    for name in unknown:
        ignored.unknown(name)
    return _as_id(read, label, ignored) if attribute.is_reference else read


def read_elements(attribute: Attribute, given: Any, ignored: Ignored, *, may_be_nothing: bool) -> Any:
    """The elements of a multi-valued attribute as a list, or EMPTY.

    An element that states its values as empty is left out: Okta pushes ``[{"value": ""}]``. One that states nothing
    (null, "" or {}) is left out if it ``may_be_nothing``, where that takes nothing away; elsewhere it is refused.
    Raises: InvalidValue, naming the element, such as ``emails[1]``.
    """
    if is_empty(given):
        return EMPTY
    elements = []
    for label, each in labelled(attribute, given):
        element = _read_element(attribute, each, label, ignored)
        if element is ABSENT and not may_be_nothing:
            raise InvalidValue(f"{label} states nothing; leave it out, or give it a value.")
        if not isinstance(element, Nothing):
            elements.append(element)
    return elements if elements or may_be_nothing else EMPTY


def labelled(attribute: Attribute, given: Any) -> Iterator[tuple[str, Any]]:
    """The elements of a list, or the one that is given without a list, each with its label for messages."""
    if not isinstance(given, list):
        yield attribute.path, given
        return
    for position, each in enumerate(given):
        yield f"{attribute.path}[{position}]", each


def _read_element(attribute: Attribute, given: Any, label: str, ignored: Ignored) -> Any:
    if isinstance(given, list):
        raise InvalidValue(f"{label}: a list can't stand in a list.")
    if is_empty(given):
        return ABSENT
    if not attribute.is_complex:
        return read_single(attribute, given, label, ignored)
    read = read_object(attribute, given, label, ignored, is_element=True)
    return without_empty(read) or (EMPTY if read else ABSENT)


def without_empty(value: Mapping[str, Any]) -> Element:
    """A complex value without the sub-attributes that were stated as empty."""
    return {name: given for name, given in value.items() if given is not EMPTY}


def _read_instant(given: Any, label: str) -> str:
    """A time as it was sent, if it is one: date and time, with or without a zone (RFC 7643 §2.3.5)."""
    text = given.strip() if isinstance(given, str) else ""
    if not _INSTANT.fullmatch(text) or instant_in(text) is None:
        raise InvalidValue(f'{label}: {client_quirks.quoted(given)} is no time such as "2026-01-05T09:00:00Z".')
    return text


def _read_text(attribute: Attribute, given: Any, label: str) -> str:
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        raise InvalidValue(f"{label}: {client_quirks.quoted(given)} is no text.")
    if isinstance(given, float) and not math.isfinite(given):
        raise InvalidValue(f"{label}: a number has to be finite.")
    text = str(given)
    found = _unwanted(attribute).search(text)
    if found is not None:
        character = f"U+{ord(found.group()):04X}"
        raise InvalidValue(f"{label} holds the control character {character}; leave it out.")
    return text


def _unwanted(attribute: Attribute) -> re.Pattern[str]:
    """Characters that would do harm in a terminal, a log line or a header, or that no database column holds."""
    if attribute.path in _WITH_LINES:
        return _BUT_TABS_AND_LINES
    is_name = attribute.path in _NAMES or attribute.path.startswith("name.") or attribute.case_exact
    return _ANY_CONTROL if is_name else _BUT_TABS


def _as_id(read: Element, label: str, ignored: Ignored) -> Element:
    """A reference by its id, which is read from ``$ref`` when only the address is stated.

    An address beside a value is dropped, since it follows from the id: Microsoft's examples have one on another host.
    """
    address, rest = read.get("$ref", EMPTY), {name: each for name, each in read.items() if name != "$ref"}
    if address is EMPTY:
        return rest
    if rest.get("value", EMPTY) is EMPTY:
        return {**rest, "value": id_in_reference(address, f"{label}.$ref")}
    if not address.rstrip("/").endswith(f"/{rest['value']}"):
        ignored.dropped(f"{label}.$ref")
    return rest
