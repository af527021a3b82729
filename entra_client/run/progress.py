"""What a person sees on the screen while a run goes on: a live line on a terminal, a line for each step elsewhere."""

import time
from typing import TextIO

from entra_client.run.report import Step, percentile

REDRAW_EVERY = 0.1  # seconds
ERASE_LINE = "\r\x1b[2K"


class Progress:
    """Writes to a stream that is for people, so never to standard output."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._drawn_at = 0.0

    def tick(self, step: Step) -> None:
        """A request of this step is done."""
        now = time.monotonic()
        if self._live and now - self._drawn_at >= REDRAW_EVERY:
            self._drawn_at = now
            self._stream.write(f"{ERASE_LINE}{_line(step)}")
            self._stream.flush()

    def end(self, step: Step) -> None:
        """The step is over."""
        self._stream.write(f"{ERASE_LINE if self._live else ''}{_line(step)}\n")
        if step.first_failure:
            self._stream.write(f"  {step.first_failure}\n")
        self._stream.flush()


def _line(step: Step) -> str:
    p95 = percentile(step.seconds, 95)
    failed = f", {step.failed} failed" if step.failed else ""
    speed = "" if p95 is None else f", p95 {p95:.0f} ms"
    return f"{step.name}: {step.requests} requests{failed}{speed}"
