"""A key that expires is announced at each step one time."""

from datetime import UTC, datetime, timedelta

import pytest

from gatekeeper.audit.models import AuditEntry
from gatekeeper.celery import app
from gatekeeper.events.models import OutboxEvent
from scim.credentials.api_keys import generate_key, revoke_keys
from scim.credentials.key_expiry import announce_expiring_keys
from scim.models import ApiKey
from scim.tasks import announce_expiring_keys as task
from tests.builders import ADMIN

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
END = NOW + timedelta(days=60)


@pytest.fixture
def key(time_machine) -> ApiKey:
    time_machine.move_to(NOW)
    return generate_key("Entra", expires_at=END, actor=ADMIN)[0]


def announce(days_left: float) -> int:
    return announce_expiring_keys(actor=ADMIN, now=END - timedelta(days=days_left))


def steps() -> list[int]:
    return [event.data["step"] for event in OutboxEvent.objects.filter(code="key.expiring")]


def test_each_step_is_announced_one_time(key: ApiKey) -> None:
    for left in (31, 30, 29, 8, 7, 6, 1.5, 1, 0.5, 0, -1, -2):
        announce(left)

    assert steps() == [30, 7, 1, 0]
    assert [entry.after["step"] for entry in AuditEntry.objects.filter(event="api_key.expiring").order_by("pk")] == (
        steps()
    )
    event = OutboxEvent.objects.get(data__step=7)
    assert event.data["key"] == {"id": str(key.id), "name": "Entra", "hint": key.hint}
    assert event.object_key == f"api_key:{key.id}"


def test_a_step_that_was_missed_is_not_made_up_for(key: ApiKey) -> None:
    announce(3)

    assert steps() == [7]


def test_each_key_is_announced_for_itself(key: ApiKey) -> None:
    generate_key("Okta", expires_at=END, actor=ADMIN, rotate=True)

    assert announce(20) == 2
    assert announce(20) == 0


def test_keys_that_do_not_expire_are_revoked_or_expired_long_ago_are_no_news(key: ApiKey) -> None:
    generate_key("For ever", actor=ADMIN, rotate=True)
    assert announce(-8) == 0

    revoke_keys("Revoke", actor=ADMIN)
    assert announce(5) == 0


def test_the_scheduler_looks_once_a_day(key: ApiKey, time_machine) -> None:
    (scheduled,) = [each for each in app.conf.beat_schedule.values() if each["task"] == task.name]
    time_machine.move_to(END - timedelta(days=6))

    task()

    assert (len(scheduled["schedule"].hour), len(scheduled["schedule"].minute)) == (1, 1)
    assert steps() == [7]
