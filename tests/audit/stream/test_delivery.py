"""Every linked entry comes, in order, to real receivers: at least once, and never with a gap."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from structlog.testing import capture_logs

from gatekeeper.audit.erasure import erase_from_logs
from gatekeeper.audit.models import AuditEntry, AuditHead
from gatekeeper.audit.stream import delivery, sending
from gatekeeper.audit.stream.delivery import BATCH, RETRY_AFTER, due_streams, send_to
from gatekeeper.audit.stream.models import Stream
from gatekeeper.audit.stream.progress import oldest_position_needed, stream_progress
from gatekeeper.audit.stream.streams import pause_stream, replay, resume_stream
from gatekeeper.audit.tasks import link, send_stream
from tests.audit.chain.attacker import without_triggers
from tests.audit.stream.receivers import authority, ocsf_events, receiving, syslog_over
from tests.builders import ADMIN, make_user

pytestmark = pytest.mark.django_db

Write = Callable[..., None]
StreamTo = Callable[..., Stream]


def positions(events: list[dict[str, Any]]) -> list[int]:
    return [event["unmapped"]["chain"]["position"] for event in events]


def newest() -> int:
    return AuditHead.objects.get().position


def fresh(stream: Stream) -> Stream:
    return Stream.objects.get(pk=stream.pk)


def test_everything_comes_over_http_in_order_and_chained(write: Write, stream_to: StreamTo) -> None:
    write(5)
    with receiving() as receiver:
        stream = stream_to(receiver.url, authorization="Bearer s3cret")
        assert send_to(stream.pk) is None
        write(3)
        send_to(stream.pk)
        events = ocsf_events(receiver)

    assert positions(events) == list(range(1, newest() + 1))
    chains = [event["unmapped"]["chain"] for event in events]
    assert [each["previous_digest"] for each in chains] == ["", *(each["digest"] for each in chains[:-1])]
    assert {request.headers["authorization"] for request in receiver.got} == {"Bearer s3cret"}
    assert {request.headers["content-type"] for request in receiver.got} == {"application/json"}
    assert (fresh(stream).position, fresh(stream).digest) == (newest(), chains[-1]["digest"])


def test_from_now_on_leaves_out_what_was_there(write: Write, stream_to: StreamTo) -> None:
    write(5)
    with receiving() as receiver:
        stream = stream_to(receiver.url, from_beginning=False)
        write(2)
        send_to(stream.pk)

    events = ocsf_events(receiver)
    assert positions(events) == [6, 7, 8]  # the first says that the stream was made
    assert events[0]["unmapped"]["chain"]["previous_digest"] == AuditEntry.objects.get(position=5).digest


@pytest.mark.parametrize("scheme", ["tcp", "tls", "udp"])
def test_everything_comes_over_syslog_in_order(write: Write, stream_to: StreamTo, scheme: str, tmp_path: Path) -> None:
    pem, chain = authority(tmp_path) if scheme == "tls" else ("", None)
    write(30)
    with syslog_over(scheme, chain=chain) as receiver:
        stream = stream_to(receiver.url, ca_certificates=pem)
        send_to(stream.pk)

    assert receiver.positions == list(range(1, 31))
    assert (fresh(stream).position, fresh(stream).problem) == (30, "")


def test_a_certificate_that_is_not_trusted_gets_nothing(write: Write, stream_to: StreamTo, tmp_path: Path) -> None:
    _, chain = authority(tmp_path)
    write(2)
    with syslog_over("tls", chain=chain) as receiver:
        stream = stream_to(receiver.url)
        assert send_to(stream.pk) == RETRY_AFTER[0]

    assert (receiver.messages, fresh(stream).position, fresh(stream).problem) == ([], 0, "tls_not_trusted")


@pytest.mark.parametrize("status", [302, 400, 401, 413, 429, 500, 503])
def test_what_is_refused_comes_again_later_from_the_same_place(
    write: Write, stream_to: StreamTo, time_machine: Any, status: int
) -> None:
    write(4)
    with receiving(answers=[status, status]) as receiver:
        stream = stream_to(receiver.url)
        with capture_logs() as logs:
            assert send_to(stream.pk) == RETRY_AFTER[0]
        assert (fresh(stream).position, fresh(stream).failures, due_streams()) == (0, 1, [])
        time_machine.move_to(datetime.now(UTC) + RETRY_AFTER[0])
        assert due_streams() == [stream.pk]
        assert send_to(stream.pk) is None
        assert fresh(stream).retry_at - datetime.now(UTC) > timedelta(seconds=55)
        time_machine.move_to(datetime.now(UTC) + RETRY_AFTER[1])
        send_to(stream.pk)

    assert [line["reason"] for line in logs if line["event"] == "stream_not_accepted"] == [fresh_problem(status)]
    assert len({request.body for request in receiver.got}) == 1
    assert (fresh(stream).position, fresh(stream).failures, fresh(stream).problem) == (newest(), 0, "")


def fresh_problem(status: int) -> str:
    return "redirects" if status == 302 else "status"


def test_a_receiver_that_never_answers_is_left_after_its_time(
    write: Write, stream_to: StreamTo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gatekeeper.outbound.posting.TOTAL_SECONDS", 0.5)
    ended = threading.Event()
    write(2)
    with receiving(before=lambda _: ended.wait(5) and None) as receiver:
        stream = stream_to(receiver.url)
        send_to(stream.pk)
        ended.set()

    assert (fresh(stream).position, fresh(stream).problem) == (0, "too_slow")


def test_a_connection_that_is_cut_comes_again_as_a_whole(write: Write, stream_to: StreamTo) -> None:
    write(600)
    with syslog_over("tcp", reset_after=100_000) as receiver:
        stream = stream_to(receiver.url)
        send_to(stream.pk)
        assert (fresh(stream).position, fresh(stream).failures) == (0, 1)
        first = list(receiver.positions)
        receiver.reset_after = None
        send_to(stream.pk)

    assert 0 < len(first) < 600
    assert receiver.positions[len(first) :] == list(range(1, 601))


def test_a_receiver_that_keeps_its_side_open_has_still_got_it(
    write: Write, stream_to: StreamTo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gatekeeper.outbound.sockets.CLOSING_SECONDS", 0.3)
    write(3)
    with syslog_over("tcp", keeps_open=True) as receiver:
        stream = stream_to(receiver.url)
        send_to(stream.pk)
        assert (receiver.positions, fresh(stream).position) == ([1, 2, 3], 3)


def test_nobody_listens(write: Write, stream_to: StreamTo) -> None:
    write(1)
    for scheme in ("tcp", "udp", "http"):
        with syslog_over("tcp") as gone:
            address = gone.url.replace("tcp", scheme)
        stream = stream_to(address, name=scheme)
        send_to(stream.pk)
        assert (fresh(stream).problem, fresh(stream).position) == ("nothing_listens", 0), scheme


def test_a_batch_costs_the_same_number_of_statements_whatever_its_size(write: Write, stream_to: StreamTo) -> None:
    counts = []
    with receiving() as receiver:
        stream = stream_to(receiver.url)
        send_to(stream.pk)
        for size in (3, 900):
            write(size)
            with CaptureQueriesContext(
                connection,
            ) as statements:
                send_to(stream.pk)
            counts.append(len(statements))

    assert counts[0] == counts[1] <= 12, counts  # with taking the stream, looking again and giving it back
    assert positions(ocsf_events(receiver)) == list(range(1, newest() + 1))


def test_a_site_without_streams_asks_once_a_minute(write: Write) -> None:
    write(1)
    with CaptureQueriesContext(connection) as statements:
        assert due_streams() == []
    assert len(statements) == 1


def test_more_than_a_batch_comes_batch_by_batch_in_bodies_of_limited_size(
    write: Write, stream_to: StreamTo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "BATCH", 50)
    monkeypatch.setattr(sending, "BODY_BYTES", 30_000)
    write(120)
    with receiving(answers=[200, 200, 200, 503]) as receiver:
        stream = stream_to(receiver.url)
        send_to(stream.pk)
        accepted = positions([event for request in receiver.got[:3] for event in json.loads(request.body)])
        assert fresh(stream).position == accepted[-1] < 120
        send_to(stream.pk)

    assert all(len(request.body) < 40_000 for request in receiver.got)
    came = positions(ocsf_events(receiver))
    assert sorted(set(came)) == list(range(1, newest() + 1))
    assert BATCH == 1000


def test_a_crash_between_sending_and_writing_down_sends_twice_and_leaves_no_gap(
    write: Write, stream_to: StreamTo, time_machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(5)
    with receiving() as receiver:
        stream = stream_to(receiver.url)

        def crash(*_: object) -> bool:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(delivery, "_write_down", crash)
            with pytest.raises(KeyboardInterrupt):
                send_to(stream.pk)
        Stream.objects.update(run=uuid4(), run_until=datetime.now(UTC) + timedelta(minutes=2))  # as a kill leaves it
        assert due_streams() == []
        time_machine.move_to(datetime.now(UTC) + timedelta(minutes=3))
        send_to(stream.pk)

    assert positions(ocsf_events(receiver)) == [1, 2, 3, 4, 5, 1, 2, 3, 4, 5]


def test_a_run_that_lost_the_stream_moves_no_cursor(
    write: Write, stream_to: StreamTo, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(5)
    attempt = delivery._attempt

    def taken_meanwhile(*arguments: Any) -> Any:
        outcome = attempt(*arguments)
        Stream.objects.update(run=uuid4())
        return outcome

    with receiving() as receiver:
        stream = stream_to(receiver.url)
        monkeypatch.setattr(delivery, "_attempt", taken_meanwhile)
        send_to(stream.pk)

    assert (len(ocsf_events(receiver)), fresh(stream).position) == (5, 0)


def test_a_paused_stream_is_sent_nothing_and_goes_on_where_it_was(write: Write, stream_to: StreamTo) -> None:
    write(2)
    with receiving() as receiver:
        stream = stream_to(receiver.url)
        send_to(stream.pk)
        assert pause_stream(stream.pk, actor=ADMIN)
        write(2)
        send_to(stream.pk)
        assert positions(ocsf_events(receiver)) == [1, 2]
        assert due_streams() == []
        assert resume_stream(stream.pk, actor=ADMIN)
        send_to(stream.pk)

    assert positions(ocsf_events(receiver)) == list(range(1, newest() + 1))


def test_a_replay_comes_from_its_position_on(write: Write, stream_to: StreamTo) -> None:
    write(5)
    with receiving() as receiver:
        stream = stream_to(receiver.url)
        send_to(stream.pk)
        assert replay(stream.pk, 3, actor=ADMIN) == 3
        send_to(stream.pk)

    events = ocsf_events(receiver)
    assert positions(events)[:8] == [1, 2, 3, 4, 5, 3, 4, 5]
    assert events[5]["unmapped"]["chain"] == events[2]["unmapped"]["chain"]


def test_what_was_erased_stays_erased_in_what_is_sent_later(write: Write, stream_to: StreamTo) -> None:
    ben = make_user("ben@example.com")
    write(1)
    with receiving() as receiver:
        stream = stream_to(receiver.url)
        send_to(stream.pk)
        before = len(receiver.got)
        assert b"ben@example.com" in receiver.got[0].body
        erase_from_logs(ben.id, actor=ADMIN)
        write(1)
        replay(stream.pk, 1, actor=ADMIN)
        send_to(stream.pk)

    assert all(b"ben@example.com" not in request.body for request in receiver.got[before:])


def test_what_others_wrote_beyond_the_head_moves_no_cursor(write: Write, stream_to: StreamTo) -> None:
    write(2)
    with receiving() as receiver:
        stream = stream_to(receiver.url)
        with without_triggers():
            AuditEntry.objects.create(event="user.deleted", object_kind="user", position=10**9, digest="0" * 64)
        send_to(stream.pk)
        assert fresh(stream).position == 2
        AuditHead.objects.update(position=10**9)  # without the key its MAC does not fit
        send_to(stream.pk)
        assert positions(ocsf_events(receiver)) == [1, 2]


def test_how_far_behind_and_what_is_still_needed(write: Write, stream_to: StreamTo, time_machine: Any) -> None:
    assert oldest_position_needed() is None
    write(3)
    stream_to("https://siem.example.com/", name="beginning")
    stream_to("tls://siem.example.com", name="now", from_beginning=False)
    assert oldest_position_needed() == 1
    time_machine.move_to(datetime.now(UTC) + timedelta(minutes=20))

    first, second = stream_progress()

    assert (first.behind, first.is_late, second.behind, second.is_late) == (3, True, 0, False)
    assert first.lag >= timedelta(minutes=20)
    with CaptureQueriesContext(connection) as statements:
        stream_progress()
    assert len(statements) == 2


def test_linking_has_the_streams_sent_what_is_new(stream_to: StreamTo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(send_stream, "apply_async", lambda args, **_: send_stream(*args))  # at once, without a broker
    with receiving() as receiver:
        stream = stream_to(receiver.url)
        link()
        assert fresh(stream).position == newest() == 1
        send_stream(str(uuid4()))  # one that was deleted meanwhile


def test_the_log_says_it_louder_after_an_hour(write: Write, stream_to: StreamTo, time_machine: Any) -> None:
    write(1)
    with receiving(status=500) as receiver:
        stream = stream_to(receiver.url)
        send_to(stream.pk)
        time_machine.move_to(datetime.now(UTC) + timedelta(hours=2))
        with capture_logs() as logs:
            send_to(stream.pk)

    assert [(line["log_level"], line["attempt"]) for line in logs] == [("error", 2)]
