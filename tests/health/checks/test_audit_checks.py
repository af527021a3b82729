"""What ``doctor`` and the metrics say of the verification of the whole audit trail."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from gatekeeper.audit.chain.links import link_new_entries
from gatekeeper.audit.models import AuditEntry, AuditHead, VerificationRun
from gatekeeper.health import metrics
from gatekeeper.health.checks.audit_checks import VERIFIED_WITHIN, check_audit_verification
from gatekeeper.health.checks.result import Status
from gatekeeper.maintenance.audit_watch import watch_audit_trail
from tests.audit.chain.attacker import without_triggers
from tests.builders import ADMIN, make_team

pytestmark = pytest.mark.django_db
LATE = VERIFIED_WITHIN + timedelta(hours=1)


def sample(name: str) -> float | None:
    lines = (line.split() for line in metrics.render().decode().splitlines())
    return next((float(line[1]) for line in lines if line[0] == f"gatekeeper_audit_{name}"), None)


def is_altered(before: str, after: str) -> None:
    """Past the site; and then it is verified."""
    with without_triggers():
        AuditEntry.objects.filter(object_label=before).update(object_label=after)
    watch_audit_trail(actor=ADMIN)


def damaged() -> None:
    make_team("Finance")
    link_new_entries()
    is_altered("Finance", "Somebody else")


def test_a_new_site_waits_for_its_first_night() -> None:
    watch_audit_trail(actor=ADMIN)
    VerificationRun.objects.all().delete()

    assert check_audit_verification().status is Status.OK
    assert (sample("verification_problems"), sample("verification_age_seconds")) == (None, None)


def test_an_intact_trail_is_said_with_the_number_of_its_entries(time_machine: Any) -> None:
    watch_audit_trail(actor=ADMIN)
    time_machine.move_to(timezone.now() + timedelta(hours=1), tick=False)

    check = check_audit_verification()
    assert (check.status, check.fix) == (Status.OK, "")
    assert f"all {VerificationRun.objects.get().checked:,} entries" in check.detail
    assert sample("verification_problems") == 0
    assert sample("verification_age_seconds") == pytest.approx(3600, abs=60)


def test_damage_stays_said_until_a_verification_finds_none() -> None:
    damaged()
    check = check_audit_verification()
    assert check.status is Status.FAILED
    assert "is not what was written" in check.detail
    assert sample("verification_problems") == 1

    is_altered("Somebody else", "Finance")
    assert check_audit_verification().status is Status.OK
    assert sample("verification_problems") == 0


@pytest.mark.parametrize("was_verified", [True, False])
def test_a_trail_that_nobody_verifies_is_a_warning(time_machine: Any, was_verified: bool) -> None:
    watch_audit_trail(actor=ADMIN)
    if not was_verified:
        VerificationRun.objects.all().delete()
        damaged()
        VerificationRun.objects.all().delete()
        assert AuditEntry.objects.exists()
    time_machine.move_to(timezone.now() + LATE)

    check = check_audit_verification()
    assert check.status is Status.WARNING
    assert "manage.py audit verify" in check.fix


def test_a_run_that_goes_on_is_not_one_that_ended() -> None:
    damaged()
    VerificationRun.objects.create(started_at=timezone.now())

    assert check_audit_verification().status is Status.FAILED


def test_the_metrics_go_on_without_the_row_of_the_newest_link() -> None:
    AuditHead.objects.filter(pk=1).delete()

    assert sample("entries_waiting") is None
