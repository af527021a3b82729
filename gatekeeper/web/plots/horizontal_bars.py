"""Bars that lie: gains and losses around a middle, shares of the largest, parts of a whole."""

from collections.abc import Sequence
from dataclasses import dataclass

from gatekeeper.web.plots.scales import LEAST, percent, thousands


@dataclass(frozen=True, slots=True)
class GainAndLoss:
    """How many gain something and how many lose it (empty for none), with the place of each bar."""

    name: str
    gained: str
    lost: str
    gain_width: str
    loss_x: str
    loss_width: str


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bar that is the whole."""

    x: str
    width: str


def gains_and_losses(numbers: Sequence[tuple[str, int, int]], largest: int) -> list[GainAndLoss]:
    """Of names, how many gain and how many lose: bars from the middle, to the scale of the largest number."""
    return [_gain_and_loss(name, gained, lost, largest) for name, gained, lost in numbers]


def shares(numbers: Sequence[int]) -> list[str]:
    """The length of each bar beside the largest, in percent; what is there at all is seen."""
    largest = max(numbers, default=0)
    return [percent(max(LEAST / 2, 100 * number / largest) if number else 0) for number in numbers]


def parts(numbers: Sequence[int]) -> list[Part]:
    """Stacked to the whole bar."""
    whole, x, found = sum(numbers), 0.0, []
    for number in numbers:
        width = 100 * number / whole if whole else 0.0
        found.append(Part(percent(x), percent(width)))
        x += width
    return found


def _gain_and_loss(name: str, gained: int, lost: int, largest: int) -> GainAndLoss:
    gain, loss = (max(LEAST / 2, 50 * number / largest) if number else 0.0 for number in (gained, lost))
    gain_text, loss_text = (thousands(number) if number else "" for number in (gained, lost))
    return GainAndLoss(name, gain_text, loss_text, percent(gain), percent(50 - loss), percent(loss))
