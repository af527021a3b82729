"""After the clock was set back nothing waits twice as long, nothing is left out, and what has ended stays ended."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from celery.beat import ScheduleEntry
from django.db import OperationalError
from structlog.testing import capture_logs

from gatekeeper.celery import app
from gatekeeper.directory.access.loaders import access_of
from gatekeeper.directory.local_accounts.failed_attempts import OF_AN_ACCOUNT_AND_NETWORK, begin_attempt
from gatekeeper.errors import TooManyAttempts
from gatekeeper.events.delivery import deliver_due
from gatekeeper.events.models import Delivery
from gatekeeper.events.queueing import queue_new_events
from gatekeeper.health import beat_scheduler, heartbeats
from gatekeeper.health.beat_scheduler import Scheduler
from gatekeeper.health.checks.process_checks import check_worker
from gatekeeper.health.checks.result import Status
from gatekeeper.health.heartbeats import Process
from gatekeeper.maintenance.clock import clock_went_back
from gatekeeper.maintenance.scheduled_runs import claim
from gatekeeper.maintenance.tasks import prune
from gatekeeper.signed_tokens.models import UsedToken
from gatekeeper.signed_tokens.single_use import forget_used_tokens
from saml.messages.replay_protection import forget_expired, mark_used
from saml.models import UsedMessage
from tests.builders import link, make_group, make_provider, make_user, map_group, remove_members
from tests.events.recording import Recorder, happened

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 29, 12, 0, 30, tzinfo=UTC)
AHEAD = timedelta(hours=2)
MINUTE = timedelta(minutes=1)


def test_a_moment_that_comes_again_is_run_again():
    assert claim("a", NOW + AHEAD, "then")
    assert claim("a", NOW - MINUTE, "then")

    clock_went_back(AHEAD, NOW)

    assert claim("a", NOW + AHEAD, "now")
    assert not claim("a", NOW - MINUTE, "now"), "that one is over"


def test_the_hourly_clean_up_forgets_claims_that_a_lost_machine_s_clock_has_left():
    with time_machine.travel(NOW):
        claim("a", NOW + AHEAD, "then")
        prune()

        assert claim("a", NOW + AHEAD, "now")


def test_a_delivery_waits_as_long_as_it_was_to():
    recorder = Recorder()
    recorder.failing = {0}
    with time_machine.travel(NOW + AHEAD, tick=False):
        happened([1])
        queue_new_events([recorder.subscriber])
        deliver_due([recorder.subscriber])
    due = Delivery.objects.get(subscriber="recorder").due_at

    clock_went_back(AHEAD, NOW)

    assert Delivery.objects.get(subscriber="recorder").due_at == due - AHEAD


def test_beat_goes_on_from_now_and_says_so(monkeypatch: pytest.MonkeyPatch):
    beat = beat_with(NOW + AHEAD)
    fails = itertools.chain([OperationalError("away")], itertools.repeat(None))
    told: list[timedelta] = []

    def follow(by: timedelta, now: datetime) -> None:
        if error := next(fails):
            raise error
        told.append(by)
        clock_went_back(by, now)

    monkeypatch.setattr(beat_scheduler, "clock_went_back", follow)
    # The test's transaction goes on over the connection that it began with.
    monkeypatch.setattr(beat_scheduler, "close_old_connections", lambda: None)
    with time_machine.travel(NOW, tick=False), capture_logs() as lines:
        waits = [beat.tick(), beat.tick(), beat.tick()]

    assert waits == [pytest.approx(30, abs=0.1)] * 3, "until the next minute, and not for two hours"
    assert told == [AHEAD], f"once, as soon as the database answers: {lines}"
    assert [line["event"] for line in lines] == ["clock_not_followed", "clock_went_back"]


def test_a_clock_that_is_corrected_by_seconds_runs_nothing_twice(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(beat_scheduler, "clock_went_back", pytest.fail)
    beat = beat_with(NOW + timedelta(seconds=40))

    with time_machine.travel(NOW, tick=False):
        assert beat.tick() == pytest.approx(90, abs=0.1)


def beat_with(last_run: datetime) -> Scheduler:
    """A beat whose only task has run last at that time by its clock."""
    entry = ScheduleEntry(
        name="every minute",
        task="health.heartbeat",
        schedule=app.conf.beat_schedule["heartbeat every minute"]["schedule"],
        last_run_at=last_run,
        app=app,
    )

    class Beat(Scheduler):
        schedule = {entry.name: entry}

    return Beat(app=app, lazy=True)


def test_a_sign_of_life_that_lies_ahead_says_nothing():
    with time_machine.travel(NOW + AHEAD):
        heartbeats.beat(Process.WORKER)

    with time_machine.travel(NOW):
        assert check_worker().status is Status.FAILED
        assert "yet to come" in check_worker().detail


def test_whoever_was_removed_from_their_last_group_stays_without_access():
    make_provider()
    map_group(None, "collaborator")
    person = make_user("ada@example.com")
    group = make_group(members=[person])
    link()
    with time_machine.travel(datetime.now(UTC) + AHEAD):
        remove_members(group, person)
        assert not access_of(person).can_sign_in

    assert not access_of(person).can_sign_in


def test_what_was_used_stays_used_though_a_clock_that_was_ahead_took_it_for_expired():
    mark_used("issuer", ["message"], expires=NOW)
    UsedToken.objects.create(digest="0" * 64, expires=NOW)

    forget_expired(NOW + AHEAD)
    forget_used_tokens(NOW + AHEAD)
    assert UsedMessage.objects.exists()
    assert UsedToken.objects.exists()

    forget_expired(NOW + timedelta(days=2))
    forget_used_tokens(NOW + timedelta(days=2))
    assert not UsedMessage.objects.exists()
    assert not UsedToken.objects.exists()


def test_wrong_passwords_under_a_clock_that_was_ahead_keep_nobody_out():
    def attempt() -> None:
        begin_attempt("root@example.com", address="192.0.2.1", browser="")

    with time_machine.travel(NOW + AHEAD):
        for _ in range(OF_AN_ACCOUNT_AND_NETWORK):
            attempt()
        with pytest.raises(TooManyAttempts):
            attempt()

    with time_machine.travel(NOW):
        attempt()
