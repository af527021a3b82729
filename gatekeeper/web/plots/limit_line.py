"""A line over time against a limit, with a mark at its upper end where something was beyond it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from gatekeeper.web.plots.looks import Look
from gatekeeper.web.plots.plot import (
    LegendEntry,
    Limit,
    Plot,
    Row,
    Segment,
    Slot,
    Words,
    fill_of,
    patterns_of,
)
from gatekeeper.web.plots.scales import (
    Label,
    bottom_ticks,
    height_of,
    percent,
    round_number_from,
    side_ticks,
    stamp_of,
    thousands,
)

_MARK = "6%"  # of the height
_BEYOND = Look.BAD


@dataclass(frozen=True, slots=True)
class Point:
    """An amount, and how many were beyond the limit."""

    label: Label
    amount: float
    beyond: int = 0


@dataclass(frozen=True, slots=True)
class Against:
    """The limit, what the line shows, and what is said of the limit and of what was beyond it."""

    limit: int
    line: str
    limit_text: str
    beyond: str


def limit_line(words: Words, points: Sequence[Point], against: Against) -> Plot:
    """To a scale that has both the line and the limit."""
    highest = max((point.amount for point in points), default=0)
    top = round_number_from(max(highest, against.limit))
    drawn = [index for index, point in enumerate(points) if point.amount or point.beyond]
    beyond = sum(point.beyond for point in points)
    return Plot(
        words=words,
        summary=_summary(points, against),
        legend=[
            LegendEntry(against.line, "", Look.GOOD.tone, ""),
            LegendEntry(against.beyond, thousands(beyond), _BEYOND.tone, fill_of(words.key, _BEYOND)),
        ],
        patterns=patterns_of(words.key, [_BEYOND]),
        slots=[_slot(words.key, index, points) for index in drawn],
        side=side_ticks(top),
        bottom=bottom_ticks([point.label for point in points]),
        columns=[against.line, against.beyond],
        rows=[_row(points[index]) for index in drawn],
        line=_path(points, top),
        limit=Limit(percent(100 - 100 * against.limit / top), against.limit_text),
    )


def _slot(key: str, index: int, points: Sequence[Point]) -> Slot:
    place, point = 100 / len(points), points[index]
    marks = [Segment("0%", _MARK, _BEYOND.tone, fill_of(key, _BEYOND))] if point.beyond else []
    return Slot(percent(index * place), percent(place), marks)


def _row(point: Point) -> Row:
    return Row(point.label.text, stamp_of(point.label), [thousands(point.amount), thousands(point.beyond)])


def _path(points: Sequence[Point], top: int) -> str:
    """Steps, since an amount holds for the whole of its place; closed along the bottom."""
    place = 100 / len(points)
    steps = "".join(f"V{100 - height_of(point.amount, top):.1f}h{place:.3f}" for point in points)
    return f"M0 100{steps}V100z"


def _summary(points: Sequence[Point], against: Against) -> str:
    highest = max(points, key=lambda point: point.amount)
    if not highest.amount:
        return _("Nothing in this time.")
    return _("At most %(most)s at %(time)s; %(limit)s.") % {
        "most": thousands(highest.amount),
        "time": highest.label.text,
        "limit": against.limit_text,
    }
