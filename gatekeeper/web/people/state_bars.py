"""How many people are in which state, as bars that lead to them."""

from collections.abc import Mapping
from dataclasses import dataclass

from gatekeeper.directory.access.states import State
from gatekeeper.web.plots.horizontal_bars import shares


@dataclass(frozen=True, slots=True)
class StateBar:
    """How many people are in one state. ``width`` is a share of the largest, in percent."""

    state: State
    count: int
    width: str
    chosen: bool


def state_bars(counts: Mapping[State, int], chosen: str = "") -> list[StateBar]:
    """A bar for each state in which there is anybody; the smallest is still seen."""
    there = {state: count for state, count in counts.items() if count}
    widths = shares(list(there.values()))
    return [
        StateBar(state, count, width, state.value == chosen)
        for (state, count), width in zip(there.items(), widths, strict=True)
    ]
