"""Versions of resources as weak entity tags (RFC 7644 §3.14, RFC 9110 §8.8.3). Pure."""

import re
from collections.abc import Callable

from scim.protocol.errors import InvalidValue

# A tag may hold a comma, so a list of tags is not split at commas.
_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_TAGS = re.compile(rf"\s*(?:,\s*)*{_TAG}(?:\s*,\s*(?:{_TAG})?)*\s*")
_EACH = re.compile(r'"[^"]*"')

VersionCheck = Callable[[int], bool]


def etag(version: int) -> str:
    """The weak tag of a version, the same in ``ETag`` and ``meta.version``."""
    return f'W/"{version}"'


def version_check(tags: str, name: str = "version") -> VersionCheck:
    """Whether a version is among the tags; ``*`` is any. Raises: InvalidValue for what is no list of tags.

    Compared weakly: SCIM's versions are weak tags, and RFC 7644 §3.14 sends them in If-Match.
    """
    if tags.strip() == "*":
        return lambda _: True
    if not _TAGS.fullmatch(tags):
        raise InvalidValue(f'{name} is * or a list of versions such as W/"3", not {tags[:100]}.')
    named = set(_EACH.findall(tags))
    return lambda version: f'"{version}"' in named
