"""Reading the moments that people type: as ISO 8601, or as the pages write them."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from datetime import timezone as tz

from django.utils import timezone
from django.utils.dates import MONTHS, MONTHS_3, MONTHS_AP
from django.utils.translation import gettext as _

from gatekeeper.errors import InvalidValue
from gatekeeper.language_forms import typed_moment

_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d{1,6}))?)?"
_ZONE = r"(?P<zone>UTC|GMT|Z|[+-]\d\d:?\d\d)"
# 2026-11-29 03:00:12 UTC, 2026-11-29T03:00, 2026-11-29
_ISO = re.compile(rf"(?P<date>\d{{4}}-\d\d-\d\d)(?:[T ]{_TIME})?\s*{_ZONE}?", re.IGNORECASE)
# 29 Nov 2026, 03:00:12 UTC
_WRITTEN = re.compile(
    rf"(?P<day>\d{{1,2}})\.?\s+(?P<month>[^\W\d]+)\.?\s+(?P<year>\d{{4}})(?:,?\s+{_TIME})?\s*{_ZONE}?", re.IGNORECASE
)
_SHOWN = 60  # characters of a text that is no moment


@dataclass(frozen=True, slots=True)
class TypedMoment:
    """``at`` is where what was typed begins, in UTC; ``span`` is how long it lasts: a day, a minute, a second, or with
    a fraction of a second a microsecond.
    """

    at: datetime
    span: timedelta

    @property
    def end(self) -> datetime:
        """The first moment after it; the last of the calendar where there is none."""
        try:
            return self.at + self.span
        except OverflowError:
            return datetime.max.replace(tzinfo=UTC)


def read_moment(text: str) -> TypedMoment:
    """``2026-11-29 03:00``, ``2026-11-29T03:00:12Z``, ``2026-11-29``, ``29 Nov 2026, 03:00 UTC``.

    What has no zone is in the site's. Raises: InvalidValue, whose reason says how to write it.
    """
    wanted = " ".join(text.split())
    found = _ISO.fullmatch(wanted) or _WRITTEN.fullmatch(wanted)
    try:
        if found is None:
            return TypedMoment(_in_utc(datetime.fromisoformat(wanted)), timedelta(seconds=1))
        parts = found.groupdict()
        time = (int(parts["hour"] or 0), int(parts["minute"] or 0), int(parts["second"] or 0), _microseconds(parts))
        at = datetime(*_date(parts), *time, tzinfo=_zone(parts["zone"]))
        return TypedMoment(_in_utc(at), _span(parts))
    except (ValueError, OverflowError, KeyError):
        shown = wanted[:_SHOWN].encode(errors="replace").decode()
        example = typed_moment(timezone.localtime())
        raise InvalidValue(
            "at",
            _("“%(text)s” is no time that can be read. Write it like %(example)s, or the date alone.")
            % {"text": shown, "example": example},
        ) from None


def _date(parts: dict[str, str | None]) -> tuple[int, int, int]:
    if parts.get("date"):
        day = datetime.fromisoformat(str(parts["date"]))
        return day.year, day.month, day.day
    return int(parts["year"] or 0), _months()[str(parts["month"]).casefold()], int(parts["day"] or 0)


def _months() -> dict[str, int]:
    """Names of the months, whole and short, in the language of the page."""
    named = [(str(name), number) for names in (MONTHS, MONTHS_3, MONTHS_AP) for number, name in names.items()]
    return {name.rstrip(".").casefold(): number for name, number in named}


def _span(parts: dict[str, str | None]) -> timedelta:
    if parts["hour"] is None:
        return timedelta(days=1)
    if parts["fraction"]:
        return timedelta(microseconds=1)
    return timedelta(minutes=1) if parts["second"] is None else timedelta(seconds=1)


def _microseconds(parts: dict[str, str | None]) -> int:
    return int((parts["fraction"] or "").ljust(6, "0"))


def _zone(name: str | None) -> tzinfo:
    if name is None:
        return timezone.get_default_timezone()
    if not name.startswith(("+", "-")):
        return UTC
    return tz(timedelta(hours=int(name[1:3]), minutes=int(name[-2:])) * (-1 if name[0] == "-" else 1))


def _in_utc(at: datetime) -> datetime:
    """Databases compare in UTC, in which the first and the last day of the calendar may not exist."""
    return (at if at.tzinfo else at.replace(tzinfo=timezone.get_default_timezone())).astimezone(UTC)
