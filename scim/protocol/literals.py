"""Filter literals as values that can be compared, after the schema's rules (RFC 7644 §3.4.2.2). Pure."""

from datetime import UTC, datetime
from math import isfinite
from typing import Any

from scim2_models.path import ORDERING_OPERATORS, STRING_OPERATORS, CompareOperator

from gatekeeper.directory.case_folding import fold
from scim.protocol.errors import InvalidFilter
from scim.protocol.schemas import Attribute

Literal = str | bool | datetime | None

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
    if attribute.type == "dateTime" and operator not in STRING_OPERATORS:
        return _read_instant(attribute, value)
    return _read_text(attribute, operator, value)


def comparison_form(attribute: Attribute, text: str) -> str:
    """The form in which two values of the attribute are compared."""
    return text if attribute.case_exact else fold(text)


def _read_boolean(attribute: Attribute, operator: CompareOperator, value: Any) -> bool:
    if operator not in (CompareOperator.eq, CompareOperator.ne):
        raise InvalidFilter(f"{attribute.path} is true or false; {operator.value} has no meaning for it.")
    read = value if isinstance(value, bool) else _BOOLEANS.get(str(value).lower())
    if read is None:
        raise InvalidFilter(f"{attribute.path} is compared with true or false.")
    return read


def _read_instant(attribute: Attribute, value: Any) -> datetime:
    try:
        instant = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise InvalidFilter(f'{attribute.path} is compared with a time such as "2026-01-05T09:00:00Z".') from error
    try:
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except OverflowError as error:
        raise InvalidFilter(f"{attribute.path}: that time is out of range.") from error


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
