"""Processor time of other processes, from /proc (Linux)."""

import os
from collections.abc import Callable
from pathlib import Path

PROC = Path("/proc")
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")  # per second, in /proc/PID/stat

Sample = dict[int, float]
Processes = Callable[[], list[int]]


class ProcessEnded(Exception):
    """A process ended while it was measured, so what it used is lost; the round is to be repeated."""


def sample(processes: Processes) -> Sample:
    """Seconds that each process has used so far."""
    return {process: seconds for process in processes() if (seconds := _seconds(process)) is not None}


def between(before: Sample, after: Sample) -> float:
    """Seconds used in between. Raises: ProcessEnded."""
    if before.keys() - after.keys():
        raise ProcessEnded
    return sum(seconds - before.get(process, 0.0) for process, seconds in after.items())


def process_group(leader: int) -> list[int]:
    """The processes of a process group."""
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit() and _group(entry) == leader]


def resident_bytes(processes: list[int]) -> int:
    """Memory of the processes, what they share counted once (PSS)."""
    return sum(_proportional_kilobytes(process) for process in processes) * 1024


def _group(entry: Path) -> int | None:
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[2])
    except (FileNotFoundError, ProcessLookupError):
        return None


def _seconds(process: int) -> float | None:
    """From the scheduler, to the nanosecond and by thread, where the kernel keeps it; else in ticks of 10 ms."""
    try:
        threads = list((PROC / str(process) / "task").iterdir())
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9
    except (FileNotFoundError, ProcessLookupError):
        return _ticks(process)


def _ticks(process: int) -> float | None:
    try:
        fields = (PROC / str(process) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


def _proportional_kilobytes(process: int) -> int:
    try:
        lines = (PROC / str(process) / "smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
