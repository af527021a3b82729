"""Every address of the site with an example of it, and what docs/permissions.md says of each."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern

TABLE = Path(__file__).parents[2] / "docs" / "permissions.md"
_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)")
# What the patterns of SCIM forgive (doubled slashes, slashes at the end) is left out of the address.
_REGEX = ((r"^", ""), (r"\Z", ""), ("/+", "/"), ("/*", ""), (r"\.", "."), ("(?:/.*)?", "/…"), ("(?s:.*)", "…"))


@dataclass(frozen=True)
class Address:
    """One address as docs/permissions.md writes it, with the names of what stands in angle brackets."""

    shown: str
    parameters: tuple[str, ...]

    def example(self, values: Mapping[str, Any]) -> str:
        """The address of something that exists. ``object_id`` differs from list to list: ``object_id of ADDRESS``."""
        example = self.shown
        for name in self.parameters:
            value = values.get(f"{name} of {self.shown}", values.get(name))
            assert value is not None, f"Nothing stands for {name} in {self.shown}: add it to the world of the test."
            example = example.replace(f"<{name}>", str(value))
        return example.replace("…", "anything")


def all_addresses() -> Iterator[Address]:
    """In the order in which the site looks for them."""
    yield from _walk(get_resolver(), "/")


def _walk(resolver: URLResolver, prefix: str) -> Iterator[Address]:
    for entry in resolver.url_patterns:
        shown = prefix + (_plain(str(entry.pattern)) if str(entry.pattern) else _anything(entry))
        if isinstance(entry, URLResolver):
            yield from _walk(entry, shown)
        elif isinstance(entry, URLPattern):
            yield Address(shown, tuple(re.findall(r"<(\w+)>", shown)))


def _anything(entry: URLPattern | URLResolver) -> str:
    """An empty regular expression takes whatever is left; an empty route is the address itself."""
    return "…" if isinstance(entry, URLPattern) and isinstance(entry.pattern, RegexPattern) else ""


def _plain(pattern: str) -> str:
    for text, plain in _REGEX:
        pattern = pattern.replace(text, plain)
    return _PARAMETER.sub(lambda match: f"<{match[1] or match[2]}>", pattern)


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    methods: frozenset[str]
    who: str
    fresh: str


def table() -> dict[str, Row]:
    """Address → what docs/permissions.md says of it."""
    rows = {}
    for line in TABLE.read_text().splitlines():
        if not line.startswith("| `/"):
            continue
        address, methods, who, fresh = (cell.strip() for cell in line.strip("|").split("|"))
        assert address not in rows, f"{address} is listed twice."
        rows[address.strip("`")] = Row(frozenset(methods.split(", ")), who, fresh)
    return rows
