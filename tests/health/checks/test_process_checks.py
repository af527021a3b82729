"""Whether worker, beat and the public address are there."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gatekeeper.health import heartbeats
from gatekeeper.health.checks.process_checks import check_beat, check_public_url, check_worker
from gatekeeper.health.checks.result import Status
from gatekeeper.health.heartbeats import Process
from gatekeeper.health.models import Heartbeat

pytestmark = pytest.mark.django_db


@pytest.fixture
def both_alive():
    heartbeats.beat(Process.WORKER)
    heartbeats.beat(Process.BEAT)


def test_worker_and_beat_are_alive_while_they_say_so(both_alive):
    assert check_worker().status is Status.OK
    assert check_beat().status is Status.OK


def test_a_process_that_has_not_been_seen_for_minutes_is_named(both_alive):
    Heartbeat.objects.filter(name="worker").update(at=timezone.now() - timedelta(minutes=3))

    assert check_worker().status is Status.FAILED
    assert "Start the Celery worker" in check_worker().fix
    assert check_beat().status is Status.OK


def test_an_address_that_nobody_answers_is_named(settings):
    settings.PUBLIC_URL = "http://127.0.0.1:9"

    assert "http://127.0.0.1:9/healthz cannot be reached" in check_public_url().detail
