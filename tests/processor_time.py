"""Processor time of this process for one call, for tests and benchmarks that compare costs as ratios."""

import time
from collections.abc import Callable
from itertools import cycle, islice
from typing import Any

# CPython 3.11 maps and unmaps memory at each call that crosses the end of a chunk of its stack, some 20 µs a call.
# Which loop meets that depends on how deep the test runner is. Of three depths one at the most does, and a median
# leaves it out.
DEPTHS = (0, 12, 30)


def rounds_of(count: int, *calls: Callable[[], Any]) -> list[tuple[float, ...]]:
    """Seconds of each call in each round: in turn, so that whatever else the machine does slows all of them."""
    return [tuple(_at_depth(depth, call) for call in calls) for depth in islice(cycle(DEPTHS), count)]


def _at_depth(frames: int, call: Callable[[], Any]) -> float:
    if frames:
        return _at_depth(frames - 1, call)
    began = time.process_time()
    call()
    return time.process_time() - began
