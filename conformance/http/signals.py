"""Ctrl-C and SIGTERM: both stop a run between two requests, and neither disturbs the deletion at its end."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_STOPPING = (signal.SIGINT, signal.SIGTERM)
_Handler = Any  # what signal.signal takes and returns


def _stop(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise KeyboardInterrupt


@contextmanager
def stoppable() -> Iterator[None]:
    """SIGTERM stops as Ctrl-C does: by KeyboardInterrupt, so that everything is deleted."""
    with _handling(_stop):
        yield


@contextmanager
def undisturbed() -> Iterator[None]:
    """Neither of them does anything in here; what is in here has a time limit of its own."""
    with _handling(signal.SIG_IGN):
        yield


@contextmanager
def finished_first() -> Iterator[None]:
    """What is in here is finished before a signal has its effect.

    For a request and the note of what it made: a server may carry out what nobody waits for any more, and later than
    the deletion at the end looks for it.
    """
    came: list[int] = []
    try:
        with _handling(lambda number, _: came.append(number)):
            yield
    finally:
        for number in came[:1]:
            signal.raise_signal(number)


@contextmanager
def _handling(handler: _Handler) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # only there can handlers be set
        yield
        return
    former = {number: signal.signal(number, handler) for number in _STOPPING}
    try:
        yield
    finally:
        for number, each in former.items():
            signal.signal(number, each)
