"""For how long a metadata document says that it holds: validUntil and cacheDuration (SAML metadata 2.3)."""

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from lxml import etree

from saml.refusals.metadata_reasons import MetadataReason
from saml.refusals.metadata_texts import Finding
from saml.xml.datetimes import read_moment

_DURATION = re.compile(
    r"P(?:(\d{1,6})Y)?(?:(\d{1,6})M)?(?:(\d{1,6})D)?(?:T(?:(\d{1,7})H)?(?:(\d{1,8})M)?(?:(\d{1,9})(?:\.\d+)?S)?)?"
)
_SECONDS = (365 * 86_400, 30 * 86_400, 86_400, 3_600, 60, 1)  # of a year, a month … about is good enough for a cache
_LONGEST = 100 * 365 * 86_400


@dataclass(frozen=True, slots=True)
class Validity:
    """``until``: the earliest end that is stated; ``cache``: the shortest time after which it should be read again."""

    until: datetime | None = None
    cache: timedelta | None = None
    unreadable: tuple[Finding, ...] = ()


def validity(elements: Iterable[etree._Element]) -> Validity:
    """What the elements say together: the descriptor's, its entity's and that of every aggregate around it."""
    ends: list[datetime] = []
    caches: list[timedelta] = []
    unreadable = []
    for element in elements:
        until, cache = (element.get(name, "").strip() for name in ("validUntil", "cacheDuration"))
        ends += filter(None, [_moment(until)])
        caches += filter(None, [_duration(cache)])
        if until and _moment(until) is None:
            unreadable.append(Finding(MetadataReason.VALID_UNTIL_LEFT_OUT, {"stated": until[:50]}))
        if cache and _duration(cache) is None:
            unreadable.append(Finding(MetadataReason.CACHE_DURATION_LEFT_OUT, {"stated": cache[:50]}))
    return Validity(min(ends, default=None), min(caches, default=None), tuple(unreadable))


def _moment(stated: str) -> datetime | None:
    """An xs:dateTime; without a zone it is in UTC, as SAML wants all of them."""
    for each in (stated, f"{stated}Z"):
        with suppress(ValueError):
            return read_moment(each)
    return None


def _duration(stated: str) -> timedelta | None:
    """An xs:duration, cut at a hundred years."""
    found = _DURATION.fullmatch(stated)
    if found is None or not any(found.groups()):
        return None
    seconds = sum(int(number or 0) * unit for number, unit in zip(found.groups(), _SECONDS, strict=True))
    return timedelta(seconds=min(seconds, _LONGEST))
