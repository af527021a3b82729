"""Processor time and memory of what a measurement runs: this process, and on PostgreSQL its backend."""

import os
import resource
import time
from pathlib import Path

from django.db import connection


def processor_seconds() -> tuple[float, float]:
    """What this process and its PostgreSQL backend have used so far; SQLite's work is this process's."""
    return time.process_time(), _backend_seconds()


def peak_megabytes() -> float:
    """The most memory that this process had at once, as the kernel counts it (VmHWM)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _backend_seconds() -> float:
    if connection.vendor != "postgresql":
        return 0.0
    connection.ensure_connection()
    status = Path(f"/proc/{connection.connection.info.backend_pid}/stat")
    user, system = status.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
