"""What a measurement has made on a server is gone again when it is asked to stop."""

import os
import signal
import subprocess
import sys

import psycopg
import pytest

from tests.site import ROOT

MEASURE = """
import time
from bench.size import site_database
with site_database("postgresql", "/nowhere") as url:
    print(url, flush=True)
    time.sleep(60)
"""
IN_PLACE = """
import time
from bench.termination import cleaning_up
with cleaning_up():
    try:
        print("made", flush=True)
        time.sleep(60)
    finally:
        print("taken away", flush=True)
"""


def started(program: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_what_was_made_is_taken_away() -> None:
    with started(IN_PLACE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "made\n"
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=30)[0] == "taken away\n"

    assert process.returncode == 128 + signal.SIGTERM


@pytest.mark.skipif(
    not os.environ.get("DATABASE_URL", "").startswith("postgres"), reason="a file is left to its folder"
)
def test_neither_a_database_nor_a_replication_slot_is_left() -> None:
    with started(MEASURE) as process:
        assert process.stdout is not None
        name = process.stdout.readline().strip().rpartition("/")[2]
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
            assert left(server, name) == (1, 1)
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)
            assert left(server, name) == (0, 0)


def left(server: "psycopg.Connection[tuple[int, int]]", name: str) -> tuple[int, int] | None:
    """How many databases and replication slots have this name."""
    return server.execute(
        "SELECT (SELECT count(*) FROM pg_database WHERE datname = %s),"
        " (SELECT count(*) FROM pg_replication_slots WHERE slot_name = %s)",
        [name, name],
    ).fetchone()
