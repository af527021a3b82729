"""A measurement that is asked to stop cleans up behind itself: SIGTERM ends it as Ctrl-C does."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def cleaning_up() -> Iterator[None]:
    """Within it SIGTERM raises SystemExit, so that what was made in it is taken away; Python alone would just end."""
    before = signal.signal(signal.SIGTERM, _leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _leave(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)
