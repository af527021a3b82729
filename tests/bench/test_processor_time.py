"""Processor time of other processes."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from bench.hot.processor_time import ProcessEnded, between, process_group, sample
from tests.site import wait_until

BUSY = "import time\nwhile time.process_time() < 0.3: pass\nprint('done', flush=True)\ntime.sleep(60)"


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    running = subprocess.Popen([sys.executable, "-c", BUSY], stdout=subprocess.PIPE, start_new_session=True)
    yield running
    running.kill()
    running.wait()
    assert running.stdout
    running.stdout.close()


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_what_a_process_used_is_known_while_it_sleeps(process):
    assert process.stdout.readline() == b"done\n"

    [used] = sample(lambda: [process.pid]).values()

    assert 0.29 < used < 1.0
    assert process_group(process.pid) == [process.pid]


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_a_process_that_ended_in_between_is_no_figure(process):
    before = sample(lambda: [process.pid])
    process.kill()
    process.wait()
    wait_until(lambda: not sample(lambda: [process.pid]), seconds=5)

    with pytest.raises(ProcessEnded):
        between(before, sample(lambda: [process.pid]))


def test_who_came_in_between_counts_from_nothing():
    assert between({1: 2.0}, {1: 2.5, 2: 0.25}) == 0.75
