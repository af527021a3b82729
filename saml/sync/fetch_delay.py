"""Pauses before metadata is fetched, so that many sites do not ask an identity provider in the same second.

Only the scheduled run takes them: whoever presses the button or types the command is waiting. The first pause comes
before the run and its lock, so that nobody finds the sync busy with waiting.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from random import SystemRandom

FIRST = 30.0  # seconds at most before the run; it still begins in minute 45
BETWEEN = 2.0  # seconds at most before each further connection
MOST_BETWEEN = 20.0  # seconds at most for all of those together


@dataclass
class FetchDelays:
    """How long to wait; ``sleep`` and ``choose`` (a number between two) are replaced where nobody wants to wait."""

    sleep: Callable[[float], None] = time.sleep
    choose: Callable[[float, float], float] = SystemRandom().uniform
    left: float = MOST_BETWEEN

    def before_the_run(self) -> None:
        """Wait for a random part of the first half minute."""
        self.sleep(self.choose(0, FIRST))

    def before_the_next(self) -> None:
        """Wait a moment before one more connection, until the whole allowance is used up."""
        pause = min(self.choose(0, BETWEEN), self.left)
        self.left -= pause
        if pause > 0:
            self.sleep(pause)


def no_delays() -> FetchDelays:
    """No pauses, for a run that somebody waits for."""
    return FetchDelays(sleep=lambda _: None)
