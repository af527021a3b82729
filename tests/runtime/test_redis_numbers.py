"""No two sites of a test run, nor of two at once, share a Redis database: one would do the other's tasks."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
import redis

from tests.site import CLAIM, REDIS_NUMBERS, claim_redis_number

ADDRESS = os.environ.get("REDIS_URL", "")
pytestmark = pytest.mark.skipif(not ADDRESS, reason="Redis is tested where REDIS_URL names one")


@pytest.fixture
def claimed() -> Iterator[redis.Redis]:
    client = redis.Redis.from_url(claim_redis_number(ADDRESS), decode_responses=True)
    yield client
    if client.get(CLAIM) == str(os.getpid()):  # what looked left behind may be another test's by now
        client.flushdb()
    client.close()


def number_of(client: redis.Redis) -> int:
    return int(client.connection_pool.connection_kwargs["db"])


def test_a_claim_lasts_as_long_as_its_test_process(claimed: redis.Redis) -> None:
    other = redis.Redis.from_url(claim_redis_number(ADDRESS), decode_responses=True)
    numbers = number_of(claimed), number_of(other)
    other.flushdb()

    assert len(set(numbers)) == 2
    assert all(1 <= number <= REDIS_NUMBERS for number in numbers)
    assert claimed.get(CLAIM) == str(os.getpid())
    assert claimed.ttl(CLAIM) == -1  # never


def test_what_a_process_left_behind_that_is_gone_is_taken_over_empty(claimed: redis.Redis) -> None:
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True, check=True
    )
    claimed.set("left", "behind")
    claimed.set(CLAIM, gone.stdout.strip())

    again = redis.Redis.from_url(claim_redis_number(ADDRESS), decode_responses=True)

    assert number_of(again) <= number_of(claimed)
    if number_of(again) == number_of(claimed):
        assert (again.get("left"), again.get(CLAIM)) == (None, str(os.getpid()))
    again.flushdb()
