"""Verify now: a worker verifies the trail, and the page shows how far it is and what was found."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from kombu.exceptions import OperationalError

from gatekeeper.audit.chain import verification_runs
from gatekeeper.audit.chain.links import head, link_new_entries
from gatekeeper.audit.models import AuditEntry, VerificationRun
from gatekeeper.audit.tasks import verify_trail
from tests.audit.chain.attacker import without_triggers
from tests.builders import make_team
from tests.web.pages import queries_of, text_of

PAGE, VERIFY, PROGRESS = "/audit-trail/", "/audit-trail/verify/", "/audit-trail/verify/progress/"
BY = {"kind": "person", "name": "Root", "id": "", "channel": "pages", "request_id": ""}


def words(browser: Client) -> str:
    return " ".join(text_of(browser.get(PAGE)).split())


def test_what_was_asked_for_is_done_by_a_worker_and_shown(admin_client: Client) -> None:
    make_team("Finance")
    assert "It was not verified yet." in words(admin_client)

    assert admin_client.post(VERIFY).headers["Location"] == PAGE

    run = VerificationRun.objects.get()
    waiting = words(admin_client)
    assert "Waiting for a worker…" in waiting
    assert "Verify now" not in waiting
    assert admin_client.get(PROGRESS).json() == {"message": "Waiting for a worker…", "share": 0, "done": False}

    verify_trail(run.pk, BY)

    assert admin_client.get(PROGRESS).json()["done"] is True
    newest = head()
    assert newest is not None
    run.refresh_from_db()
    found = words(admin_client)
    assert "Last verified <time" in found
    assert f"<code>{run.position}:{run.digest}</code>" in found
    assert f"{run.checked} entries are as they were written." in found
    assert run.checked == run.total == run.position
    assert "Verify now" in found


def test_the_trail_says_who_asked_and_what_was_found(admin_client: Client) -> None:
    admin_client.post(VERIFY)
    verify_trail(VerificationRun.objects.get().pk, BY)

    entry = AuditEntry.objects.get(event="audit_trail.verified")

    assert entry.actor_name == "Root"
    assert entry.after == {"intact": True, "checked": VerificationRun.objects.get().checked, "problems": 0}


def test_damage_is_named_on_the_page(admin_client: Client) -> None:
    make_team("Finance")
    link_new_entries()
    entry = AuditEntry.objects.get(event="team.created")
    with without_triggers():
        AuditEntry.objects.filter(pk=entry.pk).update(object_label="Another")
    admin_client.post(VERIFY)

    verify_trail(VerificationRun.objects.get().pk, BY)

    found = words(admin_client)
    assert "The audit trail is not as it was written:" in found
    assert f"Entry {entry.pk} of" in found
    assert "Intact" not in found
    german = " ".join(text_of(admin_client.get(PAGE, headers={"accept-language": "de"})).split())
    assert f"Eintrag {entry.pk} vom" in german
    assert "is not what was written" not in german


def test_one_that_goes_on_is_joined_and_one_that_was_stopped_is_not(admin_client: Client) -> None:
    admin_client.post(VERIFY)
    admin_client.post(VERIFY)
    assert VerificationRun.objects.count() == 1

    VerificationRun.objects.update(asked_at=timezone.now() - timedelta(minutes=6))

    assert "did not come to its end" in words(admin_client)
    admin_client.post(VERIFY)
    assert VerificationRun.objects.count() == 2


def test_the_progress_is_told_while_it_is_made(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gatekeeper.audit.chain.verification.BATCH", 1)
    monkeypatch.setattr(verification_runs, "PROGRESS_EVERY", timedelta(0))
    for number in range(4):
        make_team(f"Team {number}")
    run = VerificationRun.objects.create()
    told: list[str] = []

    def look(*_: object) -> None:
        told.append(admin_client.get(PROGRESS).json()["message"])

    kept = verification_runs._progress_of

    def watched(of: VerificationRun) -> Callable[[int], None]:
        keep = kept(of)
        return lambda checked: (keep(checked), look())[0]  # type: ignore[func-returns-value]

    monkeypatch.setattr(verification_runs, "_progress_of", watched)
    verify_trail(run.pk, BY)

    total = VerificationRun.objects.get().total
    assert told == [f"{number} of {total} entries verified…" for number in range(1, total + 1)]


def test_one_that_is_finished_is_left_as_it_is(admin_client: Client) -> None:
    admin_client.post(VERIFY)
    run = VerificationRun.objects.get()
    verify_trail(run.pk, BY)
    first = VerificationRun.objects.get().finished_at

    verify_trail(run.pk, BY)

    assert VerificationRun.objects.get().finished_at == first


def test_the_newest_hundred_are_kept(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification_runs, "KEPT", 3)
    for _ in range(5):
        verification_runs.verify_and_keep(VerificationRun())

    assert VerificationRun.objects.count() == 3


@pytest.mark.parametrize(("permission", "status"), [("history", 302), ("reports", 403), ("users", 403)])
def test_whoever_reads_the_trail_may_have_it_verified(
    person_with: Callable[..., Client], permission: str, status: int
) -> None:
    browser = person_with("collaborator", permission)

    assert browser.post(VERIFY).status_code == status
    assert (browser.get(PROGRESS).status_code == 200) is (status == 302)


def test_a_broker_that_does_not_answer_leaves_nothing_behind(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(verify_trail, "delay", refuse)

    answer = admin_client.post(VERIFY, follow=True)

    assert "the message broker does not answer" in text_of(answer)
    assert not VerificationRun.objects.exists()


def test_the_page_costs_no_more_for_a_long_trail(admin_client: Client) -> None:
    make_team("Finance")
    verification_runs.verify_and_keep(VerificationRun())
    few = queries_of(admin_client, PAGE)
    for number in range(20):
        make_team(f"Team {number}")
    verification_runs.verify_and_keep(VerificationRun())

    assert queries_of(admin_client, PAGE) == few
