"""Whether the SAML user sync is on time."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gatekeeper.health.checks.result import Status
from gatekeeper.health.checks.saml_checks import check_saml_sync
from saml.models import SyncRun, SyncState

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("minutes", "status"), [(5, Status.OK), (74, Status.OK), (80, Status.FAILED)])
def test_a_sync_is_late_when_it_missed_a_minute_45(minutes, status):
    ended = timezone.now() - timedelta(minutes=minutes)
    SyncRun.objects.create(state=SyncState.FINISHED, started_at=ended, finished_at=ended, actor_kind="clock")

    assert check_saml_sync().status is status


def test_a_sync_that_failed_does_not_count():
    now = timezone.now()
    SyncRun.objects.create(state=SyncState.FAILED, started_at=now, finished_at=now, actor_kind="clock")

    assert check_saml_sync().status is Status.WARNING
