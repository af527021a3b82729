"""A clock that jumps, for the processes that are started with its environment and for no other.

It is libfaketime's, for which nothing of the machine has to be changed. What is measured (CLOCK_MONOTONIC, times
of files) stays as it is, as it does when a machine's clock is set.
"""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.deploy.programs import ROOT

HOUR = timedelta(hours=1)
# Python sleeps until a moment of CLOCK_MONOTONIC, for which libfaketime computes another one.
SLEEP = """import select, time
time.sleep = lambda seconds: select.select([], [], [], seconds) and None
"""


class Clock:
    """``offset``: how far it is from the machine's own clock now."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock-offset"
        self._python = folder / "clock-python"
        self._python.mkdir()
        (self._python / "sitecustomize.py").write_text(SLEEP)
        self.offset = timedelta(0)
        self.jump(timedelta(0))

    @property
    def environment(self) -> dict[str, str]:
        """What a process has to be started with."""
        return {
            "LD_PRELOAD": str(library()),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DISABLE_SHM": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
            "PYTHONPATH": str(self._python),
        }

    def now(self) -> datetime:
        """What it shows."""
        return datetime.now(UTC) + self.offset

    def jump(self, by: timedelta) -> None:
        """Set it forward, or back; everybody who reads it sees that at once."""
        self.offset += by
        unfinished = self._file.with_suffix(".new")
        unfinished.write_text(f"{self.offset.total_seconds():+.3f}\n")
        unfinished.rename(self._file)

    def jump_to_before(self, minute: int, by: timedelta, seconds: float) -> datetime:
        """Set it by about ``by``, so that this minute of an hour comes in so many seconds; returns that moment."""
        there = self.now() + by
        due = there.replace(minute=minute, second=0, microsecond=0)
        self.jump(due - timedelta(seconds=seconds) - self.now())
        return due

    def wait_for(self, moment: datetime) -> None:
        """Return when it shows that."""
        time.sleep(max(0.0, (moment - self.now()).total_seconds()))


def library() -> Path:
    """Where tests/system-packages.sh has put it."""
    found = next((ROOT / ".tools/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
    if found is None and os.environ.get("CI") != "true":
        pytest.skip("There is no libfaketime; tests/system-packages.sh gets it where there is apt.")
    assert found, "There is no libfaketime; tests/system-packages.sh gets it."
    return found
