"""The test under way, on a terminal only: one line that is written over."""

from typing import TextIO

from conformance.suite.registry import ConformanceTest, Profile

_ERASE_LINE = "\r\x1b[2K"
_LONGEST = 79


class Progress:
    """Writes to a stream for people, so never to standard output."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty()

    def __call__(self, profile: Profile, test: ConformanceTest) -> None:
        number = profile.tests.index(test) + 1
        self._write(f"{profile.name} {number}/{len(profile.tests)}  {test.name}"[:_LONGEST])

    def end(self) -> None:
        """Take the line away."""
        self._write("")

    def _write(self, line: str) -> None:
        if self._live:
            self._stream.write(f"{_ERASE_LINE}{line}")
            self._stream.flush()
