"""What is sealed, and what went wrong, stands on the pages, in ``doctor``, in the metrics, and beside a backup."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.urls import reverse
from django.utils import timezone

from gatekeeper.audit.chain.links import link_new_entries
from gatekeeper.audit.models import SealingRun, SegmentErasure
from gatekeeper.audit.segments.sealing import seal_until
from gatekeeper.health import metrics
from gatekeeper.health.checks.audit_checks import check_audit_segments
from gatekeeper.health.checks.result import Status
from tests.audit.segments.conftest import CUTOFF, OLD
from tests.builders import ADMIN, administrators_browser

pytestmark = pytest.mark.django_db
RETENTION = "/settings/configuration/retention/"


@pytest.fixture
def sealed(trail: None, folder: Path, time_machine: Any) -> Path:
    seal_until(CUTOFF, actor=ADMIN)
    return folder


def metric(name: str) -> float:
    lines = metrics.render().decode().splitlines()
    return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])


def test_before_it_was_switched_on_nothing_is_said(trail: None) -> None:
    browser = administrators_browser()

    assert "Sealed audit entries" not in browser.get(RETENTION).content.decode()
    assert check_audit_segments().status is Status.OK
    assert metric("gatekeeper_audit_entries_sealed") == 0


def test_the_page_says_what_is_sealed_and_where(sealed: Path) -> None:
    page = administrators_browser().get(RETENTION).content.decode()

    assert "12 entries until" in page
    assert str(sealed) in page
    assert page.count("In the file") == 3
    assert "it sealed 3 segments with 12 entries" in page
    check = check_audit_segments()
    assert (check.status, check.detail) == (Status.OK, "12 audit entries are in 3 sealed files, all of which are here.")
    assert metric("gatekeeper_audit_entries_sealed") == OLD
    assert metric("gatekeeper_audit_segment_files_missing") == metric("gatekeeper_audit_sealing_failed") == 0


def test_the_audit_trail_says_where_older_entries_are(sealed: Path) -> None:
    browser = administrators_browser()
    link_new_entries()

    page = browser.get(reverse("admin:audit_auditentry_changelist"), follow=True).content.decode()
    assert "12 earlier entries until" in page
    empty = browser.get(
        reverse("admin:audit_auditentry_changelist"), {"from": "2023-12-31", "to": "2024-02-01"}, follow=True
    )
    assert "Nothing fits this filter." in empty.content.decode()
    assert "audit-000001.jsonl.gz, audit-000002.jsonl.gz, audit-000003.jsonl.gz" in empty.content.decode()
    before = browser.get(
        reverse("admin:audit_auditentry_changelist"), {"from": "2023-01-01", "to": "2023-02-01"}, follow=True
    )
    assert "audit-000001.jsonl.gz" not in before.content.decode()


def test_a_missing_file_and_one_of_another_size_are_said(sealed: Path) -> None:
    (sealed / "audit-000002.jsonl.gz").unlink()
    assert check_audit_segments().status is Status.WARNING
    assert "audit-000002.jsonl.gz" in check_audit_segments().detail
    assert metric("gatekeeper_audit_segment_files_missing") == 1
    assert "The file is not here" in administrators_browser().get(RETENTION).content.decode()

    (sealed / "audit-000002.jsonl.gz").write_bytes(b"x")
    assert check_audit_segments().status is Status.FAILED


def test_a_run_that_failed_is_said_with_its_reason(trail: None, folder: Path, caplog: Any) -> None:
    folder.write_text("")
    seal_until(CUTOFF, actor=ADMIN)

    assert "audit_sealing_failed" in caplog.text
    page = administrators_browser().get(RETENTION).content.decode()
    assert "cannot be written to" in page
    assert check_audit_segments().status is Status.FAILED
    assert metric("gatekeeper_audit_sealing_failed") == 1
    folder.unlink()
    seal_until(CUTOFF, actor=ADMIN)
    assert check_audit_segments().status is Status.OK


def test_a_run_that_was_stopped_and_people_who_wait_are_said(sealed: Path, time_machine: Any) -> None:
    SealingRun.objects.create()
    SegmentErasure.objects.create(person=UUID(int=5))
    assert check_audit_segments().status is Status.OK

    time_machine.shift(3 * 86400)

    assert "was stopped" in check_audit_segments().detail
    page = administrators_browser().get(RETENTION).content.decode()
    assert "was stopped. The next one goes on" in page
    assert "1 erased person waits" in page
    SealingRun.objects.update(finished_at=timezone.now())
    assert "still have personal data in files" in check_audit_segments().detail
    assert metric("gatekeeper_audit_segment_erasures_waiting") == 1
