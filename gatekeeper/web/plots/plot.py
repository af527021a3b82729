"""What ``web/plots/plot.html`` draws. Positions are attributes of SVG, in percent of the drawing."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from gatekeeper.web.plots.looks import Look
from gatekeeper.web.plots.scales import Tick


class Words(NamedTuple):
    """``key`` names the plot in its page, as an id; ``axis`` is what its table calls a bar, such as Hour.

    ``empty`` is said instead of a drawing without anything; "" for the general sentence.
    """

    key: str
    name: str
    axis: str
    empty: str = ""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern that the drawing defines once."""

    id: str
    tone: str
    path: str


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """A series: its name, what it sums up to as text, and its colour or pattern."""

    name: str
    total: str
    tone: str
    fill: str


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a bar. ``fill`` refers to a pattern, "" for the plain colour; ``address``: where it leads, or ""."""

    y: str
    height: str
    tone: str
    fill: str
    text: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of a bar that has anything. Its texts are the row of the table with the same number."""

    x: str
    width: str
    segments: list[Segment]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table. ``stamp``: the moment of its label as scripts read it, "" for none."""

    label: str
    stamp: str
    numbers: list[str]


@dataclass(frozen=True, slots=True)
class Limit:
    """A line across the drawing, and what the legend says of it."""

    y: str
    text: str


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawing with its texts. ``line``: a path in a square of 100 units, "" for bars."""

    words: Words
    summary: str
    legend: list[LegendEntry]
    patterns: list[Pattern]
    slots: list[Slot]
    side: list[str]
    bottom: list[Tick]
    columns: list[str]
    rows: list[Row]
    line: str = ""
    limit: Limit | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not self.slots

    @property
    def has_links(self) -> bool:
        """Whether any part of a bar leads somewhere."""
        return any(segment.address for slot in self.slots for segment in slot.segments)


def patterns_of(key: str, looks: Iterable[Look]) -> list[Pattern]:
    """Those that the drawing has to define."""
    patterned = dict.fromkeys(look for look in looks if look.pattern)
    return [Pattern(_pattern_id(key, look), look.tone, look.pattern) for look in patterned]


def fill_of(key: str, look: Look) -> str:
    """What ``fill`` says: the pattern; "" where the class gives the colour."""
    return f"url(#{_pattern_id(key, look)})" if look.pattern else ""


def _pattern_id(key: str, look: Look) -> str:
    return f"{key}-{look.name.lower().replace('_', '-')}"
