"""Pages go on without Redis: they count again what it would have kept."""

import pytest
from django.core.cache import cache
from structlog.testing import capture_logs

from gatekeeper.cache import Cache


def test_a_redis_that_is_away_keeps_nothing_and_fails_nothing():
    away = Cache("redis://127.0.0.1:9/0", {})

    with capture_logs() as lines:
        away.set("name", 1, 60)
        assert away.get("name", "not kept") == "not kept"

    assert {line["event"] for line in lines} == {"cache_unreachable"}


@pytest.mark.parametrize("turn", [1, 2])
def test_no_test_finds_what_another_one_kept(turn):
    assert cache.get("kept_by_a_test") is None

    cache.set("kept_by_a_test", turn, 60)
    assert cache.get("kept_by_a_test") == turn
