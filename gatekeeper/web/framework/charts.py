"""Small charts as SVG that the server draws: no script, and no style that the content security policy would refuse."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count
from django.db.models.functions import TruncHour
from django.utils import timezone

from gatekeeper.audit.models import Outcome, ProvisioningEntry, RequestCount
from gatekeeper.directory.access.states import State
from gatekeeper.directory.impact.counts import Shift

HOURS = 24
QUARTERS = 96  # of an hour, in the last 24 hours
WIDTH, HEIGHT, GAP = 720, 96, 4  # units of the drawing, not pixels
SIDE = 60  # units of the drawing on each side of the middle of a bar of gains and losses
_TROUBLE = frozenset({Outcome.REFUSED.value, Outcome.FAILED.value})


@dataclass(frozen=True, slots=True)
class Bar:
    """One hour: what went well from the bottom, what was refused or failed on top of it."""

    start: datetime
    good: int
    bad: int
    x: int
    width: int
    good_y: int
    good_height: int
    bad_y: int
    bad_height: int


@dataclass(frozen=True, slots=True)
class HourChart:
    bars: list[Bar]
    good: int
    bad: int
    highest: int
    width: int = WIDTH
    height: int = HEIGHT


def provisioning_by_hour(now: datetime | None = None) -> HourChart:
    """Writing and failed SCIM requests of the last 24 hours, by hour. One query over an indexed period."""
    first = (now or timezone.now()).replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    rows = (
        ProvisioningEntry.objects.filter(at__gte=first)
        .exclude(outcome=Outcome.READ)
        .order_by()
        .annotate(hour=TruncHour("at"))
        .values_list("hour", "outcome")
        .annotate(count=Count("id"))
    )
    return _draw(first, rows)


def _draw(first: datetime, rows: Iterable[tuple[datetime, str, int]]) -> HourChart:
    good, bad = [0] * HOURS, [0] * HOURS
    for hour, outcome, count in rows:
        index = int((hour - first).total_seconds() // 3600)
        if 0 <= index < HOURS:
            (bad if outcome in _TROUBLE else good)[index] += count
    highest = max(map(sum, zip(good, bad, strict=True)), default=0)
    step = WIDTH // HOURS
    bars = []
    for index in range(HOURS):
        good_height, bad_height = _height(good[index], highest), _height(bad[index], highest)
        bars.append(
            Bar(
                start=first + timedelta(hours=index),
                good=good[index],
                bad=bad[index],
                x=index * step + GAP // 2,
                width=step - GAP,
                good_y=HEIGHT - good_height,
                good_height=good_height,
                bad_y=HEIGHT - good_height - bad_height,
                bad_height=bad_height,
            )
        )
    return HourChart(bars, sum(good), sum(bad), highest)


def _height(count: int, highest: int) -> int:
    """At least two units where there is anything, so that one failure among thousands is seen."""
    return max(2, round(count / highest * (HEIGHT - 4))) if count else 0


@dataclass(frozen=True, slots=True)
class LoadBar:
    """A quarter of an hour: its busiest minute, and above it, where there were any, requests beyond the limit."""

    start: datetime
    rate: float
    throttled: int
    x: int
    y: int
    height: int
    width: int = WIDTH // QUARTERS - 1


@dataclass(frozen=True, slots=True)
class HeadroomChart:
    """The requests a second of one credential in the last 24 hours, against its limit. ``limit_y``: where that is."""

    bars: list[LoadBar]
    limit: int
    limit_y: int
    busiest: float
    served: int
    throttled: int
    refused_address: int
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def free(self) -> int:
        """How many percent of the limit the busiest minute left."""
        return max(0, int(100 * (1 - self.busiest / self.limit)))


def headroom(credential_id: object, limit: int, now: datetime) -> HeadroomChart:
    """The counts of each minute of the last 24 hours. One query."""
    minutes = timedelta(minutes=15)
    first = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0) - (QUARTERS - 1) * minutes
    counts = RequestCount.objects.filter(key_id=str(credential_id), minute__gte=first).order_by()
    rates, throttled = [0.0] * QUARTERS, [0] * QUARTERS
    served = refused_address = 0
    for each in counts:
        quarter = min((each.minute - first) // minutes, QUARTERS - 1)
        rates[quarter] = max(rates[quarter], each.requests / 60)
        throttled[quarter] += each.throttled
        served, refused_address = served + each.requests, refused_address + each.refused_address
    busiest = max(rates)
    scale = (HEIGHT - 4) / max(busiest, limit)
    bars = []
    for index, rate in enumerate(rates):
        height = max(2, round(rate * scale)) if rate else 0
        x, y = index * WIDTH // QUARTERS, HEIGHT - height
        bars.append(LoadBar(first + index * minutes, rate, throttled[index], x, y, height))
    limit_y = HEIGHT - round(limit * scale)
    return HeadroomChart(bars, limit, limit_y, busiest, served, sum(throttled), refused_address)


@dataclass(frozen=True, slots=True)
class ShiftBar:
    """How many gain something and how many lose it (empty for none), with the lengths of its bar from the middle."""

    name: str
    gained: str
    lost: str
    gain: int
    loss: int
    loss_x: int
    side: int = SIDE
    width: int = 2 * SIDE


def shift_bars(shifts: Iterable[Shift], largest: int) -> list[ShiftBar]:
    """Bars to the scale of the largest number; whatever is there at all is seen."""
    return [_shift_bar(shift, largest) for shift in shifts]


def _shift_bar(shift: Shift, largest: int) -> ShiftBar:
    gain, loss = (max(2, round(count / largest * SIDE)) if count else 0 for count in (shift.gained, shift.lost))
    gained, lost = (f"{count:,}" if count else "" for count in (shift.gained, shift.lost))
    return ShiftBar(shift.name, gained, lost, gain, loss, SIDE - loss)


@dataclass(frozen=True, slots=True)
class StateBar:
    """How many people are in one state. ``width`` is a share of the largest, in percent."""

    state: State
    count: int
    width: int
    chosen: bool


def state_bars(counts: Mapping[State, int], chosen: str = "") -> list[StateBar]:
    """A bar for each state in which there is anybody; the smallest is still seen."""
    highest = max(counts.values(), default=0)
    return [
        StateBar(state, count, max(1, round(count / highest * 100)), state.value == chosen)
        for state, count in counts.items()
        if count
    ]
