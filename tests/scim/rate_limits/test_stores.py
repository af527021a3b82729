"""Both stores: the same bucket for everybody who asks, in whichever process."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from scim.rate_limits.stores import FileStore, RedisStore, Store, StoreAway
from tests.site import ROOT, wait_until

REDIS_URL = os.environ.get("REDIS_URL", "")
WITH_REDIS = pytest.mark.skipif(not REDIS_URL, reason="Redis is tested where REDIS_URL names one")
SECONDS, RATE, TWO = 1.5, 100, 2

# Another process that takes as fast as it can, and prints what it got.
GREEDY = """
import sys, time
from pathlib import Path
from scim.rate_limits.stores import FileStore, RedisStore
kind, where, name, rate, seconds = sys.argv[1:]
store = FileStore(Path(where)) if kind == "file" else RedisStore(where)
end, got = time.time() + float(seconds), 0
while time.time() < end:
    got += store.take(name, int(rate), 1).tokens
    time.sleep(0.0005)
print(got)
"""


@pytest.fixture(params=["file", pytest.param("redis", marks=WITH_REDIS)])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    return request.param, str(tmp_path / "rate-limits") if request.param == "file" else REDIS_URL


@pytest.fixture
def make(address: tuple[str, str]) -> Callable[[], Store]:
    kind, where = address
    return lambda: FileStore(Path(where)) if kind == "file" else RedisStore(where)


@pytest.fixture
def name() -> str:
    return str(uuid4())


def test_two_that_ask_share_one_bucket_and_another_name_has_its_own(make: Callable[[], Store], name: str):
    first, second = make(), make()

    assert first.take(name, 100, 400).tokens == 400
    assert 100 <= second.take(name, 100, 400).tokens <= 110  # a little came in meanwhile
    refused = first.take(name, 100, 1)
    assert refused.tokens == 0
    assert 0 < refused.wait <= 0.0101
    assert second.take(str(uuid4()), 100, 400).tokens == 400


def test_after_the_wait_there_is_a_token(make: Callable[[], Store], name: str):
    store = make()
    store.take(name, 25, 125)

    wait = store.take(name, 25, 1).wait
    time.sleep(wait)
    assert store.take(name, 25, 1).tokens == 1


def test_two_processes_together_get_no_more_than_the_limit(address: tuple[str, str], name: str):
    begun = time.monotonic()
    running = [
        subprocess.Popen(
            [sys.executable, "-c", GREEDY, *address, name, str(RATE), str(SECONDS)],
            cwd=ROOT,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
            stdout=subprocess.PIPE,
        )
        for _ in range(TWO)
    ]
    got = [int(each.communicate(timeout=60)[0]) for each in running]
    took = time.monotonic() - begun

    assert min(got) > 0
    assert 5 * RATE + RATE * SECONDS * 0.8 <= sum(got) <= 5 * RATE + RATE * took


def test_one_process_at_a_time_and_one_that_dies_meanwhile_blocks_nobody(tmp_path: Path):
    path = tmp_path / "rate-limits"
    FileStore(path).take("a", 25, 1)
    holding = "import fcntl, sys, time; f = open(sys.argv[1], 'r+'); fcntl.lockf(f, fcntl.LOCK_EX); "
    holding += "print('has it', flush=True); time.sleep(60)"
    other = subprocess.Popen([sys.executable, "-c", holding, str(path)], stdout=subprocess.PIPE)
    wait_until(lambda: other.stdout and other.stdout.readline(), what="the lock")

    with ThreadPoolExecutor() as threads:
        taking = threads.submit(FileStore(path).take, "a", 25, 1)
        time.sleep(0.2)
        assert not taking.done()
        other.send_signal(signal.SIGKILL)
        assert taking.result(5).tokens == 1
    other.wait(10)


def test_the_file_is_readable_by_its_owner_only_and_a_file_of_nonsense_is_only_an_empty_bucket(tmp_path: Path):
    path = tmp_path / "rate-limits"
    path.write_bytes(os.urandom(20_000))
    path.chmod(0o600)
    store = FileStore(path)
    store.take("a", 25, 1)

    assert path.stat().st_mode & 0o777 == 0o600
    time.sleep(0.1)
    assert store.take("a", 25, 1).tokens == 1


def test_more_names_than_the_file_has_places_for_are_still_served(tmp_path: Path):
    store = FileStore(tmp_path / "rate-limits")

    assert all(store.take(str(number), 25, 1).tokens == 1 for number in range(2_000))


def test_stores_that_are_not_there_say_so_in_time(tmp_path: Path):
    begun = time.monotonic()
    for store in (FileStore(tmp_path / "no" / "folder"), RedisStore("redis://127.0.0.1:1/0")):
        with pytest.raises(StoreAway):
            store.take("a", 25, 1)
    assert time.monotonic() - begun < 2
