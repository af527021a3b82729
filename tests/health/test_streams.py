"""Doctor and metrics see a SIEM stream that is late, fails or is paused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gatekeeper.audit.chain.links import link_new_entries
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.audit.stream.models import Stream
from gatekeeper.audit.stream.streams import Wanted, create_stream, pause_stream
from gatekeeper.health.checks.event_checks import check_streams
from gatekeeper.health.metrics import render
from tests.builders import ADMIN

pytestmark = pytest.mark.django_db


@pytest.fixture
def stream() -> Stream:
    made = create_stream(Wanted(name="SIEM", url="https://siem.example.com/"), from_beginning=True, actor=ADMIN)
    record(Event.USER_CHANGED, actor=ADMIN, kind="user", object_id=1, label="Ben")
    link_new_entries()
    return made


def test_none_is_no_problem() -> None:
    assert (check_streams().status, check_streams().detail) == ("ok", "0 streams, none late.")


def test_one_that_is_new_is_not_late(stream: Stream) -> None:
    assert check_streams().status == "ok"
    metrics = render().decode()
    assert 'gatekeeper_stream_lag_entries{stream="SIEM"} 2.0' in metrics
    assert 'gatekeeper_stream_paused{stream="SIEM"} 0.0' in metrics


def test_one_that_is_late_says_why(stream: Stream, time_machine: Any) -> None:
    time_machine.move_to(datetime.now(UTC) + timedelta(minutes=20))

    assert "2 entries behind, the first for 20 minutes." in check_streams().detail
    Stream.objects.update(problem="nothing_listens", failures=3)
    assert check_streams().detail.endswith("(nothing listens there).")
    assert 'gatekeeper_stream_failures{stream="SIEM"} 3.0' in render().decode()


def test_a_paused_one_is_said(stream: Stream) -> None:
    pause_stream(stream.pk, actor=ADMIN)

    assert (check_streams().status, "it is paused" in check_streams().detail) == ("warning", True)
