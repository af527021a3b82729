"""Filter literals as values that can be compared, after the schema's rules (RFC 7644 §3.4.2.2). Pure."""

from datetime import UTC, datetime
from math import isfinite
from struct import pack, unpack
from typing import Any

from scim2_models.path import ORDERING_OPERATORS, STRING_OPERATORS, CompareOperator

from gatekeeper.directory.case_folding import fold
from scim.protocol.errors import InvalidFilter
from scim.protocol.schemas import Attribute

Literal = str | bool | float | datetime | None

_SIGN, _ALL_BITS = 1 << 63, (1 << 64) - 1
_BOOLEANS = {"true": True, "false": False}


def read_literal(attribute: Attribute, operator: CompareOperator, value: Any) -> Literal:
    """Check that ``operator`` and ``value`` suit the attribute, and return the value in its comparison form.

    Text of an attribute that ignores case is folded. ``null`` may be compared with eq and ne only: eq null means "has
    no value". Entra writes ``primary eq "True"``, so text that reads as a boolean is one.
    Raises: InvalidFilter, naming the attribute.
    """
    if attribute.is_complex:
        raise InvalidFilter(f"{attribute.path} has sub-attributes; compare one of them.")
    if value is None:
        if operator not in (CompareOperator.eq, CompareOperator.ne):
            raise InvalidFilter(f"{attribute.path} can't be compared with null by {operator.value}.")
        return None
    if attribute.type == "boolean":
        return _read_boolean(attribute, operator, value)
    if attribute.is_number or attribute.type == "dateTime":
        if operator in STRING_OPERATORS:
            raise InvalidFilter(f"{attribute.path} is no text; {operator.value} has no meaning for it.")
        return _read_number(attribute, value) if attribute.is_number else _read_instant(attribute, value)
    return _read_text(attribute, operator, value)


def comparison_form(attribute: Attribute, text: str) -> str:
    """The form in which two values of the attribute are compared."""
    return text if attribute.case_exact else fold(text)


def index_text(attribute: Attribute, value: Any) -> str:
    """A value as the search index has it: of numbers and times a text that sorts and compares by code point as they do.

    No letter in it changes with case. What can't be read is indexed as it is.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(" ", "microseconds")
    if attribute.is_number:
        return _number_text(value)
    instant = instant_in(value) if attribute.type == "dateTime" and isinstance(value, str) else None
    return str(value) if instant is None else index_text(attribute, instant)


def instant_in(text: str) -> datetime | None:
    """The moment that a text states, in UTC, also where it names no zone; None for what is no time."""
    try:
        instant = datetime.fromisoformat(text)
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _number_text(value: Any) -> str:
    """The bits of a double in hex, negative ones reversed, so that the order of texts is the order of numbers."""
    try:
        (bits,) = unpack(">Q", pack(">d", float(value) + 0.0))
    except (TypeError, ValueError, OverflowError):
        return str(value)
    return f"{bits ^ (_ALL_BITS if bits & _SIGN else _SIGN):016x}"


def _read_number(attribute: Attribute, value: Any) -> float:
    try:
        number = None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = None
    if number is None or not isfinite(number):
        raise InvalidFilter(f"{attribute.path} is compared with a number.")
    return number


def _read_boolean(attribute: Attribute, operator: CompareOperator, value: Any) -> bool:
    if operator not in (CompareOperator.eq, CompareOperator.ne):
        raise InvalidFilter(f"{attribute.path} is true or false; {operator.value} has no meaning for it.")
    read = value if isinstance(value, bool) else _BOOLEANS.get(str(value).lower())
    if read is None:
        raise InvalidFilter(f"{attribute.path} is compared with true or false.")
    return read


def _read_instant(attribute: Attribute, value: Any) -> datetime:
    instant = instant_in(value) if isinstance(value, str) else None
    if instant is None:
        raise InvalidFilter(f'{attribute.path} is compared with a time such as "2026-01-05T09:00:00Z".')
    return instant


def _read_text(attribute: Attribute, operator: CompareOperator, value: Any) -> str:
    if attribute.type == "binary" and operator in ORDERING_OPERATORS:
        raise InvalidFilter(f"{attribute.path} is binary; {operator.value} has no meaning for it.")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise InvalidFilter(f"{attribute.path} is compared with a text.")
    if not isinstance(value, str) and not _is_finite(value):
        raise InvalidFilter(f"{attribute.path} is compared with a number that is too large.")
    text = str(value)
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise InvalidFilter(f"The text that {attribute.path} is compared with holds characters that no text may hold.")
    return comparison_form(attribute, text)


def _is_finite(number: float) -> bool:
    try:
        return isfinite(number)
    except OverflowError:  # more digits than a double counts
        return False
