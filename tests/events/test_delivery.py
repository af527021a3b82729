"""Delivery: at least once, in order for one object, with retries that hold nobody else up."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from structlog.testing import capture_logs

from gatekeeper.celery import app
from gatekeeper.events import delivery
from gatekeeper.events.codes import EventCode
from gatekeeper.events.delivery import LEASE, MOST_ATTEMPTS, RETRY_AFTER, deliver_due, retry_parked
from gatekeeper.events.models import Delivery, OutboxEvent
from gatekeeper.events.outbox import emit
from gatekeeper.events.progress import delivery_progress
from gatekeeper.events.queueing import queue_new_events
from gatekeeper.events.retention import erase_from_outbox, forget_delivered
from gatekeeper.events.subscribers import SUBSCRIBERS
from gatekeeper.events.subscription import Occurrence, Subscriber
from gatekeeper.health.checks.event_checks import check_events
from gatekeeper.health.checks.result import Status
from gatekeeper.health.metrics import render
from tests.builders import ADMIN
from tests.events.recording import Recorder, happened
from tests.scim.test_costs import work
from tests.statistics import gather_statistics

pytestmark = pytest.mark.django_db


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


def test_each_event_is_delivered_once_in_order_and_leaves_no_delivery(recorder: Recorder) -> None:
    happened([1, 2, 1, 1, 2])

    deliver_due([recorder.subscriber])
    deliver_due([recorder.subscriber])

    assert recorder.numbers == [0, 1, 2, 3, 4]
    assert not Delivery.objects.exists()
    assert OutboxEvent.objects.filter(is_queued=True).count() == 5


def test_a_subscriber_gets_what_it_wants_only() -> None:
    recorder = Recorder(wants=[EventCode.USER_DELETED])
    happened([1], EventCode.USER_DELETED)
    happened([1], EventCode.USER_LINKED)

    deliver_due([recorder.subscriber])

    assert [each.code for each in recorder.given] == [EventCode.USER_DELETED]


def test_the_id_and_the_time_are_those_of_the_event(recorder: Recorder) -> None:
    happened([1])
    stored = OutboxEvent.objects.get()

    deliver_due([recorder.subscriber])

    (given,) = recorder.given
    assert (given.id, given.occurred_at) == (stored.public_id, stored.occurred_at)


# ── Failures ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_behind_a_failure_the_events_of_that_object_wait_and_those_of_others_go_on(recorder: Recorder) -> None:
    happened([1, 1, 2, 1, 2])
    recorder.failing = {1}

    deliver_due([recorder.subscriber])

    assert recorder.numbers == [0, 2, 4]
    assert [each.event.data["number"] for each in Delivery.objects.select_related("event")] == [1, 3]


def test_a_failing_subscriber_does_not_hold_up_another_one(recorder: Recorder) -> None:
    other = Recorder("other")
    happened([1, 1, 2])
    recorder.failing = {0, 1, 2}

    deliver_due([recorder.subscriber, other.subscriber])

    assert (recorder.numbers, other.numbers) == ([], [0, 1, 2])


def test_the_first_retry_comes_within_a_minute_and_the_next_within_five(recorder: Recorder, time_machine) -> None:
    start = timezone.now()
    time_machine.move_to(start, tick=False)
    happened([1])
    recorder.failing = {0}

    assert deliver_due([recorder.subscriber]) == RETRY_AFTER[0] < timedelta(seconds=60)
    row = Delivery.objects.get()
    assert (row.attempts, row.last_error, row.due_at) == (1, "not_now", start + RETRY_AFTER[0])

    time_machine.move_to(row.due_at, tick=False)
    assert deliver_due([recorder.subscriber]) is None  # the scheduled run of every minute is soon enough
    second = Delivery.objects.get().due_at - row.due_at
    assert second + timedelta(minutes=1) <= timedelta(minutes=5)

    recorder.failing = set()
    time_machine.move_to(row.due_at + second, tick=False)
    deliver_due([recorder.subscriber])
    assert recorder.numbers == [0]


def test_nothing_is_tried_before_it_is_due(recorder: Recorder) -> None:
    happened([1, 1])
    recorder.failing = {0}
    deliver_due([recorder.subscriber])
    recorder.failing = set()

    deliver_due([recorder.subscriber])

    assert recorder.numbers == []


def fail_for_good(recorder: Recorder, time_machine) -> None:
    for _ in range(MOST_ATTEMPTS):
        deliver_due([recorder.subscriber])
        time_machine.shift(max(RETRY_AFTER))


def test_what_fails_for_days_is_parked_seen_and_not_lost(recorder: Recorder, time_machine) -> None:
    time_machine.move_to(timezone.now(), tick=False)
    happened([1, 1])
    recorder.failing = {0}

    with capture_logs() as logged:
        fail_for_good(recorder, time_machine)

    assert [line["log_level"] for line in logged if line["event"] == "event_parked"] == ["error"]
    assert Delivery.objects.parked().get().attempts == MOST_ATTEMPTS
    assert recorder.numbers == [1]  # the object's later events do not wait for ever
    assert forget_delivered(timezone.now()) == 1  # the other one, and never what is parked
    recorder.failing = set()
    assert retry_parked("somebody else") == 0
    assert retry_parked() == 1
    deliver_due([recorder.subscriber])
    assert recorder.numbers == [1, 0]


def test_what_nobody_foresaw_is_a_failure_like_any_other() -> None:
    def explode(occurrence: Occurrence) -> None:
        raise ZeroDivisionError(occurrence.code)

    happened([1])
    with capture_logs() as logged:
        deliver_due([Subscriber("exploding", explode, frozenset(EventCode))])

    assert Delivery.objects.get().last_error == "ZeroDivisionError"
    assert [line["reason"] for line in logged if line["event"] == "event_not_delivered"] == ["ZeroDivisionError"]


# ── Workers that end ─────────────────────────────────────────────────────────────────────────────────────────────


class _Killed(BaseException):
    """Nothing of ours catches it, as nothing would run any more."""


def test_a_worker_that_is_killed_after_delivering_delivers_again(recorder: Recorder, time_machine) -> None:
    time_machine.move_to(timezone.now(), tick=False)
    happened([1, 1, 2])
    calls = []

    def take_two_and_die(occurrence: Occurrence) -> None:
        calls.append(occurrence.data["number"])
        if len(calls) == 2:
            raise _Killed

    with pytest.raises(_Killed):
        deliver_due([Subscriber("recorder", take_two_and_die, frozenset(EventCode))])
    deliver_due([recorder.subscriber])
    assert recorder.numbers == []  # whoever lives cannot know that the other one is dead

    time_machine.shift(LEASE + timedelta(seconds=1))
    deliver_due([recorder.subscriber])

    assert calls == [0, 1]
    assert recorder.numbers == [0, 1, 2]


def test_an_event_that_kills_each_worker_is_parked(time_machine) -> None:
    time_machine.move_to(timezone.now(), tick=False)
    happened([1])

    def kill(occurrence: Occurrence) -> None:
        raise _Killed

    for _ in range(MOST_ATTEMPTS):
        with pytest.raises(_Killed):
            deliver_due([Subscriber("fragile", kill, frozenset(EventCode))])
        time_machine.shift(LEASE + timedelta(seconds=1))
    deliver_due([Subscriber("fragile", kill, frozenset(EventCode))])

    assert Delivery.objects.parked().get().last_error == "worker_lost"


def test_what_a_slow_subscriber_leaves_no_time_for_is_given_back_at_once(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened([1, 2, 3])
    monkeypatch.setattr(delivery, "LEASE_SECONDS_USED", 0.0)
    monkeypatch.setattr(delivery, "RUN_SECONDS", 0.05)
    deliver_due([recorder.subscriber])
    assert recorder.numbers == []
    monkeypatch.undo()

    deliver_due([recorder.subscriber])

    assert recorder.numbers == [0, 1, 2]
    assert not Delivery.objects.exists()


def test_more_events_than_one_batch_takes_are_delivered_by_one_run(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "BATCH", 3)
    monkeypatch.setattr(delivery, "FOLLOWERS", 4)
    monkeypatch.setattr("gatekeeper.events.queueing.BATCH", 10)
    objects = [number % 5 for number in range(50)]
    happened(objects)

    deliver_due([recorder.subscriber])

    assert sorted(recorder.numbers) == list(range(50))
    for each in range(5):
        of_one = [number for number in recorder.numbers if objects[number] == each]
        assert of_one == sorted(of_one)


def test_an_object_that_fails_with_many_events_behind_it_does_not_hide_the_others(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "PAGE", 4)
    happened([1] * 20 + [2])
    recorder.failing = {0}

    deliver_due([recorder.subscriber])

    assert recorder.numbers == [20]


def test_the_work_of_delivering_grows_with_the_events_and_not_with_their_square(recorder: Recorder) -> None:
    happened(range(1200))
    queue_new_events([recorder.subscriber])
    gather_statistics(OutboxEvent, Delivery)

    effort = work(lambda: deliver_due([recorder.subscriber]))

    # Reading all that wait for each of them would be some 600 rows an event; a batch reads a few dozen for each.
    assert effort < 1200 * 200, effort


# ── Looking after it ─────────────────────────────────────────────────────────────────────────────────────────────


def test_events_are_forgotten_after_everybody_got_them(recorder: Recorder) -> None:
    happened([1])
    deliver_due([recorder.subscriber])
    happened([2])
    now = timezone.now()

    assert forget_delivered(now - timedelta(minutes=1)) == 0
    assert forget_delivered(now + timedelta(minutes=1)) == 1
    assert OutboxEvent.objects.get().is_queued is False


def test_what_is_undelivered_is_kept_however_old_it_is(recorder: Recorder) -> None:
    happened([1])
    recorder.failing = {0}
    deliver_due([recorder.subscriber])

    assert forget_delivered(timezone.now() + timedelta(days=60)) == 0


def test_an_erasure_takes_what_is_said_about_a_person_out_of_their_events() -> None:
    with transaction.atomic():
        for person in (1, 2):
            data = {"user": {"id": str(person), "user_name": "ada@example.com"}}
            emit(EventCode.USER_DELETED, actor=ADMIN, kind="user", object_id=person, data=data)

    erase_from_outbox(1)  # type: ignore[arg-type]

    first, second = OutboxEvent.objects.order_by("pk")
    assert first.data == {"user": {"id": "1"}, "erased": True}
    assert second.data["user"]["user_name"] == "ada@example.com"


def test_progress_counts_what_is_not_queued_what_waits_and_what_was_given_up(recorder: Recorder) -> None:
    subscribers = [recorder.subscriber, Recorder("other", wants=[EventCode.USER_LINKED]).subscriber]
    happened([1, 2, 3])
    queue_new_events(subscribers)
    Delivery.objects.filter(event__data__number=0).update(parked_at=timezone.now())
    happened([4], EventCode.USER_LINKED)

    progress = {each.subscriber: each for each in delivery_progress(subscribers)}

    assert [(each.undelivered, each.parked) for each in progress.values()] == [(3, 1), (1, 0)]
    assert progress["recorder"].oldest_at == OutboxEvent.objects.order_by("pk")[1].occurred_at


def test_what_a_former_subscriber_left_behind_is_shown(recorder: Recorder) -> None:
    happened([1])
    queue_new_events([recorder.subscriber])

    assert [each.subscriber for each in delivery_progress([])] == ["recorder"]


def test_doctor_metrics_and_the_command_say_what_waits_and_what_was_given_up(capsys: pytest.CaptureFixture) -> None:
    assert [check.status for check in check_events()] == [Status.OK]
    with transaction.atomic():
        emit(EventCode.SYNC_FAILED, actor=ADMIN, kind="thing", object_id=1)
    OutboxEvent.objects.update(occurred_at=timezone.now() - timedelta(minutes=11))
    assert [(check.status, check.detail) for check in check_events()] == [
        (Status.WARNING, "log_line: 1 undelivered, the oldest for 11 minutes.")
    ]

    queue_new_events(SUBSCRIBERS)
    Delivery.objects.update(parked_at=timezone.now())

    assert [check.detail for check in check_events()] == ["log_line: 1 deliveries were given up."]
    assert 'gatekeeper_events_parked{subscriber="log_line"} 1.0' in render().decode()
    call_command("events", "list")
    assert capsys.readouterr().out == "log_line: 0 undelivered, 1 parked\n"
    call_command("events", "retry")
    assert capsys.readouterr().out == "retried: 1\n"
    assert not Delivery.objects.parked().exists()


def test_the_scheduler_delivers_every_minute() -> None:
    scheduled = {each["task"]: each["schedule"] for each in app.conf.beat_schedule.values()}

    assert len(scheduled["events.deliver"].minute) == 60
