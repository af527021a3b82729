"""Whoever alters, deletes or cuts off entries of the audit trail is found out."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command

from gatekeeper.audit.chain import links
from gatekeeper.audit.chain.head import Head
from gatekeeper.audit.chain.links import head, link_new_entries
from gatekeeper.audit.chain.verification import verify
from gatekeeper.audit.chain.writers import has_written
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.audit.models import AuditEntry
from gatekeeper.audit.tasks import link
from gatekeeper.celery import app
from gatekeeper.health.checks.audit_checks import check_audit_trail
from tests.audit.chain.attacker import without_triggers
from tests.builders import ADMIN

pytestmark = pytest.mark.django_db

WRITE_MANY = """
from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.chain.head import Head
from gatekeeper.audit.log import record
for n in range(300):
    record(Event.TEAM_CREATED, actor=Actor.command("tests"), kind="team", object_id=n, label=str(n))
"""


def write(*labels: str) -> None:
    for label in labels:
        record(
            Event.TEAM_CREATED, actor=ADMIN, kind="team", object_id=label, label=label, after={"n": [1.5, "ä", None]}
        )


def entry(label: str) -> AuditEntry:
    return AuditEntry.objects.get(object_label=label)


@pytest.fixture
def linked() -> list[str]:
    """A trail of five entries, in two links' work."""
    write("a", "b", "c")
    link_new_entries()
    write("d", "e")
    link_new_entries()
    return ["a", "b", "c", "d", "e"]


def test_a_trail_that_nobody_touched_is_intact(linked):
    verdict = verify()

    assert (verdict.intact, verdict.checked, verdict.waiting) == (True, 5, 0)
    assert verdict.head == Head(5, entry("e").digest)


@pytest.mark.parametrize("time", ["once", "and again"])
def test_each_test_is_a_writer_of_its_own(time, django_capture_on_commit_callbacks):
    """What one test committed as far as its writer knows, and took back, is no gap in the numbers of the next one."""
    assert not has_written()

    with django_capture_on_commit_callbacks(execute=True):
        write(time)

    assert has_written()


def test_linking_again_changes_nothing(linked):
    before = list(AuditEntry.objects.order_by("id").values_list("position", "digest"))

    assert link_new_entries() == 0
    assert list(AuditEntry.objects.order_by("id").values_list("position", "digest")) == before


def test_a_cut_end_is_noticed_by_whoever_kept_a_head(linked):
    kept = head()
    with without_triggers():
        AuditEntry.objects.filter(object_label__in=["d", "e"]).delete()

    assert "cut off after Entry" in str(verify(expected_head=kept).problems[0])


def test_another_link_than_the_one_that_was_kept_is_noticed(linked):
    assert "another digest" in str(verify(expected_head=Head(3, "0" * 64)).problems[0])


def test_only_the_last_links_can_be_checked(linked):
    with without_triggers():
        AuditEntry.objects.filter(object_label="a").update(actor_name="somebody else")

    assert verify(last=2).intact
    assert verify(last=2).checked == 2
    assert not verify(last=5).intact


def test_entries_from_before_a_change_of_the_secret_key_are_checked_with_the_former_one(linked, settings):
    former, settings.SECRET_KEY = settings.SECRET_KEY, "a new secret key, long enough to be one for this site"
    write("f")
    link_new_entries()

    assert "another SECRET_KEY" in str(verify().problems[0])
    assert entry("f").position is None  # to link behind what nobody can read would look like damage for ever
    assert verify(former_secret_keys=[former]).intact
    assert links.waiting_since() == entry("f").at


def test_what_is_not_linked_yet_is_counted(linked):
    write("f")

    assert verify().waiting == 1
    assert links.waiting_since() == entry("f").at


def test_beat_links_new_entries_every_minute():
    scheduled = next(each for each in app.conf.beat_schedule.values() if each["task"] == "audit.link_new_entries")

    assert scheduled["schedule"].minute == set(range(60))
    assert scheduled["task"] == link.name
    write("a")
    link()
    assert entry("a").position == 1


def test_a_batch_ends_and_the_next_one_goes_on(monkeypatch):
    monkeypatch.setattr(links, "BATCH", 2)
    write("a", "b", "c", "d", "e")

    assert link_new_entries() == 5
    assert verify().intact


def test_processes_that_link_at_once_leave_one_unbroken_chain(running_site):
    running_site.manage("shell", "--no-imports", "-c", WRITE_MANY, as_json=False)

    with ThreadPoolExecutor(3) as threads:
        answers = list(threads.map(lambda _: running_site.manage("audit", "verify"), range(3)))

    assert all(answer["intact"] for answer in answers)
    assert running_site.manage("audit", "verify")["checked"] >= 300


def test_what_a_command_wrote_is_linked_at_its_end(running_site):
    before = running_site.manage("audit", "verify")["checked"]
    running_site.manage("create_admin", "linked@example.com", "--password-stdin", input="correct horse battery staple")
    waiting = "from gatekeeper.audit.models import AuditEntry; print(AuditEntry.objects.filter(position=None).count())"

    assert running_site.manage("shell", "--no-imports", "-c", waiting, as_json=False).stdout.strip() == "0"
    assert running_site.manage("audit", "verify")["checked"] > before


def run(capsys, *arguments: str) -> tuple[int, dict]:
    status = 0
    try:
        call_command("audit", *arguments, "--json")
    except SystemExit as stop:
        status = int(stop.code or 0)
    return status, json.loads(capsys.readouterr().out)


def test_the_command_links_and_checks_everything(capsys):
    write("a", "b")

    status, document = run(capsys, "verify")

    assert (status, document["intact"], document["checked"], document["problems"]) == (0, True, 2, [])
    assert document["head"] == f"2:{entry('b').digest}"


def test_the_command_ends_with_status_1_when_something_differs(capsys, linked):
    kept = run(capsys, "head")[1]["head"]
    with without_triggers():
        AuditEntry.objects.filter(object_label="e").delete()

    status, document = run(capsys, "verify", "--head", kept)

    assert (status, document["intact"]) == (1, False)


def test_the_command_takes_former_keys_from_files(capsys, linked, settings, tmp_path):
    (tmp_path / "former").write_text(settings.SECRET_KEY + "\n")
    settings.SECRET_KEY = "a new secret key, long enough to be one for this site"

    assert run(capsys, "verify")[0] == 1
    assert run(capsys, "verify", "--former-secret-key-file", str(tmp_path / "former"))[0] == 0


def test_doctor_says_when_the_trail_was_altered_and_when_nobody_links_it(linked, time_machine):
    assert check_audit_trail().status == "ok"

    write("f")
    time_machine.move_to(datetime.now(UTC) + timedelta(minutes=6))
    assert check_audit_trail().status == "warning"

    with without_triggers():
        entry("c").delete()
    assert check_audit_trail().status == "failed"
