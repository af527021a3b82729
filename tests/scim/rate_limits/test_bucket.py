"""The token bucket as one number."""

import pytest

from scim.rate_limits.bucket import BURST_SECONDS, DEFAULT_RATE, LOWEST_RATE, Bucket, Taken

NOW = 1_700_000_000.0
RATES = (LOWEST_RATE, 333, DEFAULT_RATE)


def take_all(bucket: Bucket, now: float, rate: int) -> tuple[Bucket, int]:
    return next((left, taken.tokens) for left, taken in [bucket.take(now=now, rate=rate, wanted=10**9)])


@pytest.mark.parametrize("rate", RATES)
def test_a_full_bucket_holds_five_seconds_worth_and_an_emptied_one_refills_at_its_rate(rate: int):
    bucket, burst = take_all(Bucket(0), NOW, rate)
    assert burst == rate * BURST_SECONDS

    bucket, at_once = take_all(bucket, NOW, rate)
    assert at_once == 0
    bucket, later = take_all(bucket, NOW + 2, rate)
    assert later == 2 * rate
    assert take_all(bucket, NOW + 3600, rate)[1] == burst


@pytest.mark.parametrize("rate", RATES)
def test_whoever_waits_as_long_as_was_said_gets_a_token(rate: int):
    bucket = take_all(Bucket(0), NOW, rate)[0]
    bucket, refused = bucket.take(now=NOW, rate=rate, wanted=1)

    assert refused.tokens == 0
    assert 0 < refused.wait <= 1 / rate + 1e-6
    assert bucket.take(now=NOW + refused.wait, rate=rate, wanted=1)[1] == Taken(1, 0)


def test_what_is_there_is_granted_where_more_is_wanted():
    bucket = take_all(Bucket(0), NOW, 100)[0]

    assert bucket.take(now=NOW + 0.1, rate=100, wanted=20)[1] == Taken(10, 0)


def test_sending_slower_than_the_rate_is_never_refused():
    bucket = Bucket(0)
    for number in range(2_000):
        bucket, taken = bucket.take(now=NOW + number / 25, rate=25, wanted=1)
        assert taken.tokens == 1


def test_a_clock_that_was_set_back_costs_five_seconds_at_the_most():
    bucket = take_all(Bucket(0), NOW, 100)[0]

    bucket, taken = take_all(bucket, NOW - 3600, 100)
    assert taken == 0
    assert take_all(bucket, NOW - 3600 + BURST_SECONDS, 100)[1] == 500


def test_a_lower_limit_holds_at_once_and_owes_nothing():
    bucket = take_all(Bucket(0), NOW, DEFAULT_RATE)[0]

    assert take_all(bucket, NOW + 1, LOWEST_RATE)[1] == LOWEST_RATE
