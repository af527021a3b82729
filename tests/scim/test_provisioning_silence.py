"""When the identity provider has stopped to ask, and when it comes again: announced one time each."""

from datetime import UTC, datetime, timedelta

import pytest

from gatekeeper.audit.models import AuditEntry, RequestCount
from gatekeeper.celery import app
from gatekeeper.events.codes import EventCode
from gatekeeper.events.models import OutboxEvent
from scim.credentials.api_keys import generate_key, revoke_keys
from scim.models import ApiKey, OAuthClient
from scim.provisioning_silence import LONGEST, SHORTEST, patience, watch_provisioning
from scim.tasks import watch_provisioning as task
from tests.builders import ADMIN

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
SILENT, RESUMED = EventCode.PROVISIONING_SILENT, EventCode.PROVISIONING_RESUMED


@pytest.fixture
def key(time_machine) -> ApiKey:
    time_machine.move_to(NOW - timedelta(days=1))
    return generate_key("Entra", actor=ADMIN)[0]


def used(hours_ago: float) -> datetime:
    last = NOW - timedelta(hours=hours_ago)
    ApiKey.objects.update(last_used_at=last)
    return last


def watched(hours_later: float = 0) -> EventCode | None:
    return watch_provisioning(actor=ADMIN, now=NOW + timedelta(hours=hours_later))


def events() -> list[str]:
    return list(OutboxEvent.objects.filter(code__startswith="provisioning.").values_list("code", flat=True))


def test_before_the_first_request_nobody_is_waited_for(key: ApiKey) -> None:
    assert watched(1000) is None


def test_four_hours_without_a_request_are_silence_and_announced_one_time(key: ApiKey) -> None:
    last = used(3.9)

    assert watched() is None
    assert watched(0.2) is SILENT
    assert watched(0.4) is None
    assert events() == ["provisioning.silent"]
    assert OutboxEvent.objects.get().data["last_request_at"] == last.isoformat()


def test_the_next_request_is_announced_one_time_too(key: ApiKey) -> None:
    used(5)
    watched()
    used(0)

    assert watched(0.1) is RESUMED
    assert watched(0.2) is None
    assert events() == ["provisioning.silent", "provisioning.resumed"]
    assert [entry.event for entry in AuditEntry.objects.filter(object_id="provisioning").order_by("pk")] == events()


def test_silence_comes_again_after_it_was_over(key: ApiKey) -> None:
    used(5)
    watched()
    used(0)
    watched(0.1)

    assert watched(LONGEST.total_seconds() / 3600) is SILENT


def test_one_key_of_several_is_enough(key: ApiKey) -> None:
    used(5)
    generate_key("Okta", actor=ADMIN, rotate=True)[0].last_used_at = NOW
    ApiKey.objects.filter(name="Okta").update(last_used_at=NOW)

    assert watched() is None


def test_an_oauth_client_that_took_the_place_of_the_key_is_enough(key: ApiKey) -> None:
    used(5)
    client = OAuthClient.objects.create(name="Entra", last_used_at=NOW)
    revoke_keys("Revoke", actor=ADMIN)
    assert watched() is None

    client.last_used_at = NOW - timedelta(hours=5)
    client.save()
    assert watched() is SILENT


def test_whoever_revoked_every_key_waits_for_nobody(key: ApiKey) -> None:
    used(5)
    revoke_keys("Revoke", actor=ADMIN)

    assert watched() is None


def test_a_key_that_has_expired_is_a_reason_to_announce(key: ApiKey) -> None:
    used(5)
    ApiKey.objects.update(expires_at=NOW - timedelta(hours=5))

    assert watched() is SILENT


def test_a_new_key_that_nobody_pasted_is_announced_by_the_last_use_of_the_old_one(key: ApiKey) -> None:
    used(5)
    revoke_keys("Revoke", actor=ADMIN)
    generate_key("New", actor=ADMIN)

    assert watched() is SILENT


@pytest.mark.parametrize(
    ("pause", "expected"),
    [(1, SHORTEST), (14, timedelta(hours=21)), (62, timedelta(hours=93)), (200, LONGEST)],
)
def test_patience_is_learnt_from_the_pauses_of_two_weeks(key: ApiKey, pause: int, expected: timedelta) -> None:
    last = used(0)
    for hours in range(pause, 300, pause):
        RequestCount.objects.create(minute=last - timedelta(hours=hours), key_id=str(key.id), reads=1)

    assert patience(last) == expected


def test_a_quiet_weekend_is_no_silence_where_weekends_are_quiet(key: ApiKey) -> None:
    used(62)
    for day in range(14):
        if day not in {0, 1, 7, 8}:  # an hour of each working day; today is a Monday, so to speak
            minute = NOW - timedelta(hours=62, days=day)
            RequestCount.objects.create(minute=minute, key_id=str(key.id), reads=1)

    assert watched() is None


def test_the_scheduler_looks_every_ten_minutes(key: ApiKey, time_machine) -> None:
    (scheduled,) = [each for each in app.conf.beat_schedule.values() if each["task"] == task.name]
    used(5)
    time_machine.move_to(NOW)

    task()

    assert len(scheduled["schedule"].minute) == 6
    assert events() == ["provisioning.silent"]
