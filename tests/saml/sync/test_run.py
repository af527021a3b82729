"""The SAML user sync: idempotent, one at a time, safe to kill, and on time again after it was not."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.models import AuditEntry
from gatekeeper.celery import app
from gatekeeper.directory.identity_linking import linking
from gatekeeper.directory.models import SignInIdentity
from gatekeeper.web.logs.run_sync import text_of_run
from saml import tasks
from saml.connections.lifecycle import create_connection
from saml.connections.refresh_results import RefreshCode, RefreshResult, result_text
from saml.errors import SyncAlreadyRunning
from saml.models import PendingRequest, SyncRun
from saml.sync import run
from saml.sync.errors import sync_error_text
from saml.sync.fetch_delay import BETWEEN, FIRST, MOST_BETWEEN, FetchDelays
from saml.sync.run import sync_saml_users
from saml.sync.single_flight import single_flight
from saml.tasks import sync_users
from tests.builders import ADMIN, make_user
from tests.saml.forge import metadata
from tests.saml.idp import running_idp
from tests.site import wait_until

CLOCK = Actor.scheduler("tests")
needs_database = pytest.mark.django_db


@needs_database
def test_people_are_linked_and_a_second_run_changes_nothing(connection):
    make_user("ada@contoso.com")

    first = sync_saml_users(actor=CLOCK)
    second = sync_saml_users(actor=CLOCK)

    assert (first.linked, first.unlinked, first.state) == (1, 0, "finished")
    assert (second.linked, second.unlinked) == (0, 0)
    assert first.metadata == [{"connection": "Entra", "code": "unchanged", "parameters": {}}]


@needs_database
def test_two_people_with_one_address_are_both_named(connection):
    make_user("ada@contoso.com", work_email="shared@contoso.com")
    make_user("bo@contoso.com", work_email="Shared@contoso.com")

    run = sync_saml_users(actor=CLOCK)

    assert [each["user_name"] for each in run.conflicts] == ["ada@contoso.com", "bo@contoso.com"]
    assert not SignInIdentity.objects.live().exists()


@needs_database
def test_metadata_that_cannot_be_had_keeps_nobody_from_being_linked(settings):
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    with running_idp() as idp:
        create_connection("Test", metadata_url=idp.metadata_url, actor=ADMIN)
    make_user("ada@contoso.com")

    run = sync_saml_users(actor=CLOCK)

    assert run.linked == 1
    assert result_text(run.metadata[0]).startswith("kept the last good document")


@needs_database
def test_only_one_runs_at_a_time(connection):
    with single_flight(), pytest.raises(SyncAlreadyRunning):
        sync_saml_users(actor=CLOCK)
    assert not SyncRun.objects.exists()

    assert sync_saml_users(actor=CLOCK).state == "finished"


@needs_database
def test_a_run_whose_process_is_gone_is_marked_as_abandoned(connection):
    gone = SyncRun.objects.create(started_at=datetime.now(UTC), actor_kind="clock", actor_name="beat")

    sync_saml_users(actor=CLOCK)

    gone.refresh_from_db()
    assert (gone.state, gone.finished_at is not None) == ("abandoned", True)


@needs_database
def test_a_run_that_fails_says_why_and_frees_the_lock(connection, monkeypatch):
    def breaks(**_):
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(run, "link_users", breaks)
        with pytest.raises(RuntimeError):
            sync_saml_users(actor=CLOCK)

    assert SyncRun.objects.get().state == "failed"
    failed = SyncRun.objects.get()
    assert (failed.error, failed.error_parameters) == (
        "internal_error",
        {"kind": "RuntimeError", "detail": "the disk is full"},
    )
    assert sync_error_text(failed) == "internal error (RuntimeError): the disk is full"
    assert sync_saml_users(actor=CLOCK).state == "finished"


@needs_database
def test_what_can_no_longer_be_answered_is_forgotten(browser):
    browser.begin()
    PendingRequest.objects.update(expires=datetime.now(UTC) - timedelta(seconds=1))

    sync_saml_users(actor=CLOCK)

    assert not PendingRequest.objects.exists()


@needs_database
def test_each_run_is_in_the_audit_trail(connection):
    sync_users()

    entry = AuditEntry.objects.get(event="saml_sync.finished")
    assert (entry.actor_kind, entry.after) == ("clock", {"linked": 0, "unlinked": 0, "conflicts": 0})


@needs_database
def test_the_command_prints_the_contracts_document(connection, capsys):
    call_command("sync_saml_users", "--json")

    document = json.loads(capsys.readouterr().out)
    assert set(document) == {"run_id", "started_at", "finished_at", "linked", "unlinked", "conflicts", "metadata"}


@needs_database
def test_the_command_is_refused_while_another_run_is_going_on(connection):
    with single_flight(), pytest.raises(CommandError, match="already running"):
        call_command("sync_saml_users")


def test_beat_runs_the_sync_at_minute_45_and_catches_up_after_a_night_without_it():
    entry = next(each for each in app.conf.beat_schedule.values() if each["task"] == "saml.sync_users")

    assert entry["schedule"].minute == {45}
    assert len(entry["schedule"].hour) == 24
    assert entry["schedule"].is_due(entry["schedule"].now() - timedelta(hours=9)).is_due
    assert "saml.sync_users" in app.tasks


SHOW = (
    "import json; from saml.models import SyncRun; "
    "print(json.dumps([[r.state, r.actor_kind] for r in SyncRun.objects.order_by('started_at')]))"
)


def test_a_worker_that_is_killed_in_the_middle_leaves_nothing_that_stands_in_the_way(make_site):
    """The real worker and broker: embedded, or Redis when REDIS_URL is set."""
    site = make_site(processes=("worker",))
    with running_idp() as idp:
        site.manage("saml_connection", "create", "Test", "--metadata-url", idp.metadata_url)
        idp.asked.clear()
        idp.may_answer.clear()
        site.manage(
            "shell", "--no-imports", "-c", "from saml.tasks import sync_users; sync_users.delay()", as_json=False
        )
        assert idp.asked.wait(60), site.log("worker").read_text()
        site.kill_worker()
        idp.may_answer.set()

        report = site.manage("sync_saml_users")
        assert report["metadata"] == [{"connection": "Test", "result": "unchanged"}]
        assert _runs(site) == [["abandoned", "clock"], ["finished", "command"]]

        site.start_worker()
        site.manage(
            "shell", "--no-imports", "-c", "from saml.tasks import sync_users; sync_users.delay()", as_json=False
        )
        wait_until(lambda: _runs(site)[-1] == ["finished", "clock"], what="the worker's own run")


def _runs(site):
    return json.loads(site.manage("shell", "--no-imports", "-c", SHOW, as_json=False).stdout)


@pytest.fixture
def waits():
    return []


def delays(waits, share=1.0) -> FetchDelays:
    """Pauses of ``share`` of what is possible, noted instead of waited for."""
    return FetchDelays(sleep=waits.append, choose=lambda least, most: least + share * (most - least))


@needs_database
def test_the_clocks_run_waits_before_the_lock_and_before_each_further_fetch(connection, monkeypatch):
    """Nobody finds the sync busy with its first pause, and no two connections are asked in one moment."""
    facts = []
    monkeypatch.setattr(
        run,
        "refresh_connection",
        lambda *_, **__: facts.append("fetch") or (None, RefreshResult(RefreshCode.UNCHANGED)),
    )
    for number in range(2):
        create_connection(f"C{number}", document=metadata(entity_id=f"https://c{number}/"), actor=ADMIN)

    def sleep(seconds):
        facts.append(seconds)
        if len(facts) == 1:
            with single_flight():
                facts.append("free")

    sync_saml_users(actor=CLOCK, delays=FetchDelays(sleep=sleep, choose=lambda _, most: most))

    assert facts == [FIRST, "free", "fetch", BETWEEN, "fetch", BETWEEN, "fetch"]


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_all_pauses_together_stay_far_below_the_tasks_time_limit(waits, share):
    pauses = delays(waits, share)
    pauses.before_the_run()
    for _ in range(1_000):
        pauses.before_the_next()

    assert sum(waits) <= FIRST + MOST_BETWEEN
    assert sync_users.time_limit / 10 > FIRST + MOST_BETWEEN
    assert FIRST < 60  # the run still begins in minute 45


def test_two_sites_draw_different_moments(waits):
    for _ in range(5):
        FetchDelays(sleep=waits.append).before_the_run()

    assert len(set(waits)) == 5
    assert all(0 <= pause <= FIRST for pause in waits)


@needs_database
def test_only_the_clock_pauses(connection, monkeypatch):
    """The schedule asks for it; the command, the button and a task that somebody started do not."""
    entry = next(each for each in app.conf.beat_schedule.values() if each["task"] == "saml.sync_users")
    assert entry["kwargs"] == {"spread": True}

    waited = []
    monkeypatch.setattr(tasks, "FetchDelays", lambda: delays(waited))
    monkeypatch.setattr("saml.sync.fetch_delay.time.sleep", lambda _: pytest.fail("somebody had to wait"))
    sync_users()
    sync_users(asked_by={"kind": "person", "name": "Ada"})
    call_command("sync_saml_users")
    assert waited == []

    sync_users(**entry["kwargs"])
    assert waited == [FIRST]


@needs_database
def test_while_a_run_goes_on_it_says_how_many_have_been_linked(connection, monkeypatch):
    monkeypatch.setattr(linking, "LINKED_AT_ONCE", 2)
    for number in range(5):
        make_user(f"user{number}@contoso.com")
    said = []
    note = run._note_progress
    monkeypatch.setattr(
        run, "_note_progress", lambda *noted: (note(*noted), said.append(text_of_run(SyncRun.objects.get())))
    )

    sync_saml_users(actor=CLOCK)

    assert said == [f"The sync is running: {linked} linked so far…" for linked in (2, 4, 5)]
