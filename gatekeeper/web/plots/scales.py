"""Axes: the numbers at the side, which labels stand below, and distances in percent of the drawing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.utils import timezone
from django.utils.formats import date_format, number_format

from gatekeeper.language_forms import clock_time, day_and_month, hour_and_minute

LEAST = 2.0  # percent of the height: whatever is there at all is seen
_HALVES = (1, 2, 3, 4, 5, 10, 15)  # of the round numbers up to 30; the others are tens of them
_NARROWEST = 270  # CSS pixels that a plot has on a phone
_CHARACTER, _SPACE = 6.5, 18  # CSS pixels of a label, and between two
_MOST_TICKS = 7
_EDGE = 8  # percent: a label that is nearer to the end of the axis than this ends there


@dataclass(frozen=True, slots=True)
class Label:
    """What a bar is called, and in short below the axis. ``at``: a moment, to be shown in the reader's own zone."""

    text: str
    short: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tick:
    """A label below the axis; ``x`` in percent, ``anchor`` as SVG has it. ``stamp``: its moment, "" for none."""

    x: str
    anchor: str
    text: str
    stamp: str


def hour_label(moment: datetime) -> Label:
    """The beginning of an hour, or of a part of one."""
    local = timezone.localtime(moment)
    return Label(clock_time(local), hour_and_minute(local), moment)


def day_label(day: date) -> Label:
    """A day of the site's own zone."""
    return Label(date_format(day, "SHORT_DATE_FORMAT"), day_and_month(day))


def round_number_from(number: float) -> int:
    """The least of 2, 4, 6, 8, 10, 20, 30, 40, 60, 80, 100, 200, … not below ``number``; its half is a whole number."""
    unit = 1
    while 30 * unit < number:
        unit *= 10
    return next(2 * half * unit for half in _HALVES if 2 * half * unit >= number)


def side_ticks(top: int) -> list[str]:
    """The numbers at the side, from the top down."""
    return [thousands(top), thousands(top // 2), "0"]


def thousands(number: float) -> str:
    """A whole number with separators; one decimal of any other."""
    whole = number == int(number)
    return number_format(int(number) if whole else number, decimal_pos=0 if whole else 1, force_grouping=True)


def bottom_ticks(labels: Sequence[Label]) -> list[Tick]:
    """The first, the last, and as many between them at equal distances as are readable on a phone."""
    longest = max(len(each.short or each.text) for each in labels)
    most = min(len(labels), _MOST_TICKS, max(2, int(_NARROWEST / (_CHARACTER * longest + _SPACE))))
    last = len(labels) - 1
    chosen = sorted({round(each * last / (most - 1)) for each in range(most)}) if last else [0]
    return [_tick(index, labels) for index in chosen]


def stamp_of(label: Label) -> str:
    """The moment as scripts read it."""
    return f"{label.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if label.at else ""


def height_of(number: float, top: float) -> float:
    """In percent of the drawing."""
    return max(LEAST, 100 * number / top) if number else 0.0


def percent(value: float) -> str:
    """As an attribute of SVG, whatever the language: ``12.5%``."""
    return f"{value:.2f}".rstrip("0").rstrip(".") + "%"


def _tick(index: int, labels: Sequence[Label]) -> Tick:
    label, middle = labels[index], 100 * (index + 0.5) / len(labels)
    anchor, x = "middle", middle
    if middle < _EDGE:
        anchor, x = "start", 0.0
    elif middle > 100 - _EDGE:
        anchor, x = "end", 100.0
    return Tick(percent(x), anchor, label.short or label.text, stamp_of(label))
