"""What a process keeps of the limits, and what it does while the store does not answer."""

import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from scim.rate_limits import limiter as module
from scim.rate_limits.bucket import Bucket, Taken
from scim.rate_limits.limiter import Limiter
from scim.rate_limits.stores import FileStore, RedisStore, StoreAway
from tests.site import free_port


class Memory:
    """A store that several limiters share, as processes share a file; it can be away, and counts what it is asked."""

    def __init__(self) -> None:
        self.buckets: dict[str, Bucket] = {}
        self.asked = 0
        self.is_away = False
        self.now = 1_000.0

    def take(self, name: str, rate: int, wanted: int) -> Taken:
        self.asked += 1
        if self.is_away:
            raise StoreAway("no answer")
        bucket = self.buckets.get(name, Bucket(0))
        self.buckets[name], taken = bucket.take(now=self.now, rate=rate, wanted=wanted)
        return taken


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Memory:
    memory = Memory()
    monkeypatch.setattr(module.time, "monotonic", lambda: memory.now)
    return memory


def served(limiter: Limiter, times: int, rate: int, name: str = "a") -> int:
    return sum(limiter.seconds_to_wait(name, rate) == 0 for _ in range(times))


def test_two_processes_serve_the_burst_together_and_then_the_rate(clock: Memory):
    first, second = Limiter({"shared": clock}), Limiter({"shared": clock})

    assert served(first, 100, 25) + served(second, 100, 25) == 125
    clock.now += 10
    assert served(second, 500, 25) == 125
    clock.now += 1
    assert served(first, 20, 25) + served(second, 20, 25) == 25


def test_whoever_is_refused_is_told_whole_seconds_and_is_served_then(clock: Memory):
    limiter = Limiter({"shared": clock})
    served(limiter, 125, 25)

    assert limiter.seconds_to_wait("a", 25) == 1
    clock.now += 1
    assert limiter.seconds_to_wait("a", 25) == 0


def test_one_credential_does_not_touch_another(clock: Memory):
    limiter = Limiter({"shared": clock})
    served(limiter, 500, 25)

    assert served(limiter, 125, 25, "b") == 125


def test_at_the_default_limit_one_request_of_twenty_asks_the_store_and_refused_ones_ask_it_once(clock: Memory):
    limiter = Limiter({"shared": clock})

    assert served(limiter, 5_000, 1_000) == 5_000
    assert clock.asked == 250
    assert served(limiter, 1_000, 1_000) == 0
    assert clock.asked == 251


def test_a_changed_limit_holds_at_the_next_request(clock: Memory):
    limiter = Limiter({"shared": clock})
    served(limiter, 4_981, 1_000)  # nineteen are left in the memory of the process

    clock.now += 1
    assert served(limiter, 500, 25) <= 50


def test_while_redis_is_away_the_file_counts_and_redis_is_asked_again_later(clock: Memory):
    redis, file = Memory(), clock
    redis.is_away = True
    limiter = Limiter({"redis": redis, "file": file})

    assert served(limiter, 500, 25) == 125
    assert redis.asked == 1
    redis.is_away, redis.now = False, 5_000.0
    clock.now += module.ASK_AGAIN_AFTER + 1
    assert served(limiter, 1, 25) == 1
    assert redis.asked == 2


def test_without_any_store_provisioning_goes_on_and_the_log_says_so_once_a_minute(clock: Memory):
    clock.is_away = True
    limiter = Limiter({"file": clock})

    with capture_logs() as logged:
        for _ in range(40):
            assert served(limiter, 10, 25) == 10
            clock.now += 3

    warnings = [entry for entry in logged if entry["event"] == "rate_limits_unreachable"]
    assert len(warnings) == 2
    assert sum(entry["failures"] for entry in warnings) >= 11


def test_with_a_redis_that_is_not_there_the_machines_file_limits_and_nobody_waits(tmp_path: Path):
    """The real stores: what is asked first refuses the connection."""
    address = f"redis://127.0.0.1:{free_port()}/0"
    limiter = Limiter({"redis": RedisStore(address), "file": FileStore(tmp_path / "rate-limits")})
    begun = time.monotonic()

    number = served(limiter, 400, 25)
    took = time.monotonic() - begun
    assert 125 <= number <= 125 + 25 * took + 1
    assert took < 2
