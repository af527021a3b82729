"""The parameters of a request: from a query string or a SearchRequest body, one by one (RFC 7644 §3.4.2, §3.9)."""

import re
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from scim.protocol.client_quirks import member
from scim.protocol.errors import InvalidCursor, InvalidFilter, InvalidValue, ScimError

MAX_INDEX = 2**31 - 1  # beyond any list; larger numbers don't fit into SQLite's OFFSET

_LISTS = frozenset({"attributes", "excludedattributes"})
_SINGLE = {name.lower(): name for name in ("filter", "sortBy", "sortOrder", "startIndex", "count", "cursor")}
_SPELT = {**_SINGLE, "excludedattributes": "excludedAttributes"}
_PROBLEMS: Mapping[str, type[ScimError]] = {"filter": InvalidFilter, "cursor": InvalidCursor}
# Commas between names; those inside the quotes of a value filter separate nothing.
_NAME = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*"?)+')


def query_parameters(request: HttpRequest) -> dict[str, Any]:
    """The parameters of an address, named in lower case. Lists of attributes that stand more than once are joined.

    Raises: InvalidValue, InvalidFilter, InvalidCursor for another one that stands more than once, or holds NUL.
    """
    given: dict[str, list[str]] = {}
    for name, values in request.GET.lists():
        given.setdefault(name.lower(), []).extend(values)
    return {name: _joined(name, values) for name, values in given.items()}


def _joined(name: str, values: list[str]) -> Any:
    problem = _PROBLEMS.get(name, InvalidValue)
    if any("\x00" in value for value in values):
        raise problem(f"{_SPELT.get(name, name)[:100]} holds the NUL character.")
    if name in _LISTS:
        return [each for value in values for each in _NAME.findall(value)]
    if name in _SINGLE and len(values) > 1:
        raise problem(f"{_SINGLE[name]} stands {len(values)} times; state it once.")
    return values[-1]


def read_text(given: Mapping[str, Any], name: str, problem: type[ScimError] = InvalidValue) -> str | None:
    """A parameter that is a text; None when it is absent or empty."""
    value = member(given, name)
    if value is not None and not isinstance(value, str):
        raise problem(f"{name} is a text.")
    return value or None


def read_number(given: Mapping[str, Any], name: str, default: int) -> int:
    """A parameter that is a whole number, at most the largest index."""
    value = member(given, name)
    if value is None or value == "":
        return default
    try:
        number = int(value) if (isinstance(value, str) and len(value) < 20) or type(value) is int else None
    except ValueError:
        number = None
    if number is None:
        raise InvalidValue(f"{name} is a whole number.")
    return min(number, MAX_INDEX)


def joined_names(given: Mapping[str, Any], name: str) -> list[str]:
    """A list of attribute names: comma-separated in an address, a list in a body."""
    value = member(given, name)
    if isinstance(value, str):
        value = _NAME.findall(value)
    if value is not None and not (isinstance(value, list) and all(isinstance(each, str) for each in value)):
        raise InvalidValue(f"{name} is a list of attribute names.")
    return [each.strip() for each in value or () if each.strip()]
