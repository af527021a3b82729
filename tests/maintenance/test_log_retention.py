"""Logs lose what is older than they are kept for, and nothing else: each log, each way of choosing."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection as database
from django.db import models
from django.test.utils import CaptureQueriesContext

from gatekeeper.audit.models import AuditEntry, ProvisioningEntry, RequestCount
from gatekeeper.celery import app
from gatekeeper.config_as_code.apply import apply_document
from gatekeeper.config_as_code.document import export_document, read_document
from gatekeeper.directory.models import SignIn
from gatekeeper.directory.people.retention import retention_days
from gatekeeper.errors import InvalidValue
from gatekeeper.events.codes import WEBHOOK_EVENTS, EventCode
from gatekeeper.events.mail.recipients import Wish, add_recipient
from gatekeeper.events.models import MailKind, MailMessage, MailRecipient, OutboxEvent, Webhook, WebhookDelivery
from gatekeeper.events.webhooks.receivers import create_webhook
from gatekeeper.maintenance import kept_logs
from gatekeeper.maintenance.kept_logs import AUDIT_TRAIL, BY_CODE, LOGS
from gatekeeper.maintenance.log_retention import keep_logs_for, kept_days, oldest_entries, prune_logs
from gatekeeper.maintenance.models import LogRetention
from gatekeeper.maintenance.tasks import prune
from gatekeeper.runtime.bulk.old_rows import delete_before
from saml.connections.lifecycle import create_connection
from saml.models import Connection, ReceivedEvent, RefusalCount, SignInAttempt, SourceKind, SyncRun
from saml.models.sync_runs import SyncState
from scim.models import RefusedTokenRequestCount, TokenRequest
from tests.builders import ADMIN, PASSWORD, administrators_browser, log_request, make_user
from tests.saml.forge import metadata

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 29, 12, 34, 56, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ADDRESS = "/settings/configuration/retention/"

AS_IT_IS = {
    **{each.code: "" if each.days is None else str(each.days) for each in LOGS},
    f"{AUDIT_TRAIL}_for_ever": "on",
    "logs": "",
}

Make = Callable[[datetime], models.Model]


def the_connection() -> Connection:
    return Connection.objects.first() or create_connection("Entra", document=metadata(), actor=ADMIN)


def the_recipient() -> MailRecipient:
    return MailRecipient.objects.first() or add_recipient("ops@example.com", Wish(daily_digest=True), actor=ADMIN)


def the_webhook() -> Webhook:
    return Webhook.objects.first() or create_webhook("https://receiver.example/", WEBHOOK_EVENTS, actor=ADMIN)[0]


def provisioning_entry(at: datetime) -> ProvisioningEntry:
    entry = log_request()
    ProvisioningEntry.objects.filter(pk=entry.pk).update(at=at)
    return entry


def session(at: datetime) -> SignIn:
    return SignIn.objects.create(user=make_user(), since=at - timedelta(hours=1), until=at)


MAKE: dict[str, tuple[Make, ...]] = {
    "provisioning_log": (provisioning_entry,),
    "request_counts": (lambda at: RequestCount.objects.create(minute=at, key_id="a"),),
    "token_log": (
        lambda at: TokenRequest.objects.create(at=at, accepted=True),
        lambda at: RefusedTokenRequestCount.objects.create(minute=at, names_a_client=False),
    ),
    "sign_ins": (
        lambda at: SignInAttempt.objects.create(at=at, accepted=False),
        lambda at: RefusalCount.objects.create(hour=at, connection=the_connection()),
    ),
    "security_events": (
        lambda at: ReceivedEvent.objects.create(
            at=at, connection=the_connection(), kind=SourceKind.values[0], authentic=True, accepted=True
        ),
    ),
    "sessions": (session,),
    "sync_history": (lambda at: SyncRun.objects.create(started_at=at, state=SyncState.FINISHED),),
    "webhook_deliveries": (lambda at: WebhookDelivery.objects.create(webhook=the_webhook(), created_at=at),),
    "mail": (lambda at: MailMessage.objects.create(recipient=the_recipient(), kind=MailKind.DIGEST, created_at=at),),
    "events": (
        lambda at: OutboxEvent.objects.create(
            code=EventCode.USER_LINKED, occurred_at=at, object_key="user:1", is_queued=True
        ),
    ),
}


def test_each_log_is_tried() -> None:
    assert [*MAKE, AUDIT_TRAIL] == [log.code for log in LOGS]  # the trail has a task of its own


@pytest.mark.parametrize("code", MAKE)
def test_what_is_older_goes_and_nothing_else(code: str) -> None:
    before = NOW - timedelta(days=BY_CODE[code].days or 0)
    for make in MAKE[code]:
        old, young = make(before - SECOND), make(before)
        others = {each.model: each.model._default_manager.count() for each in LOGS if each.code != code}

        assert prune_logs(NOW).keys() <= {code}

        assert not type(old)._default_manager.filter(pk=old.pk).exists()
        assert type(young)._default_manager.filter(pk=young.pk).exists()
        assert {model: model._default_manager.count() for model in others} == others
    assert prune_logs(NOW) == {}


@pytest.mark.parametrize("code", MAKE)
def test_what_is_chosen_holds_instead_of_the_default(code: str) -> None:
    make = MAKE[code][0]
    make(NOW - timedelta(days=40_000))
    keep_logs_for({code: None}, actor=ADMIN)
    assert prune_logs(NOW) == {}

    keep_logs_for({code: 9}, actor=ADMIN)
    make(NOW - timedelta(days=9))
    assert prune_logs(NOW) == {code: 1}


@pytest.mark.parametrize("code", MAKE)
def test_the_page_says_since_when_there_are_entries(code: str) -> None:
    assert oldest_entries()[code] is None
    make = MAKE[code][0]
    for days in (3, 5, 4) if BY_CODE[code].ordered_by == BY_CODE[code].moment else (5, 4, 3):
        make(NOW - timedelta(days=days))

    with CaptureQueriesContext(
        database,
    ) as asked:
        assert oldest_entries()[code] == NOW - timedelta(days=5)
    assert len(asked) == 1


def test_open_sessions_running_syncs_and_the_audit_trail_stay() -> None:
    long_ago = NOW - timedelta(days=40_000)
    SignIn.objects.create(user=make_user(), since=long_ago)
    SyncRun.objects.create(started_at=long_ago, state=SyncState.RUNNING)
    entries = AuditEntry.objects.count()

    assert prune_logs(NOW) == {}

    assert (SignIn.objects.count(), SyncRun.objects.count(), AuditEntry.objects.count()) == (1, 1, entries)


@pytest.mark.parametrize("batch", [1, 2, 3, 7, 8, 100])
@pytest.mark.parametrize("most", [None, 1, 4, 100])
def test_batches_delete_what_one_statement_would(batch: int, most: int | None) -> None:
    """Several rows have the same moment, also across the ends of batches."""
    moments = [NOW - SECOND * seconds for seconds in (9, 8, 8, 8, 7, 5, 5, 3, 0, -1)]
    for moment in moments:
        TokenRequest.objects.create(at=moment, accepted=True)

    gone = delete_before(TokenRequest.objects.all(), "at", NOW, batch=batch, most=most)

    left = [*TokenRequest.objects.order_by("-at").values_list("at", flat=True)]
    assert left == sorted(moments, reverse=True)[: len(left)]  # the oldest went first
    assert gone == len(moments) - len(left)
    assert gone == 8 if most is None or most >= 8 else most <= gone <= 8


def test_a_run_does_not_go_on_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_logs, "MOST_AT_ONCE", 1)
    for seconds in (3, 2, 1):
        provisioning_entry(NOW - timedelta(days=180) - SECOND * seconds)
    monkeypatch.setattr("gatekeeper.runtime.bulk.old_rows.BATCH", 1)

    assert prune_logs(NOW)["provisioning_log"] >= 1


def test_the_scheduler_prunes_every_hour(time_machine: Any) -> None:
    time_machine.move_to(NOW)
    provisioning_entry(NOW - timedelta(days=181))
    scheduled = {each["task"]: each["schedule"] for each in app.conf.beat_schedule.values()}

    assert scheduled["configuration.prune_logs"].minute == {35}
    assert len(scheduled["configuration.prune_logs"].hour) == 24
    prune()
    assert not ProvisioningEntry.objects.exists()


# ── Choosing ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_each_choice_is_an_audit_entry_and_the_same_again_is_none() -> None:
    before = AuditEntry.objects.count()

    assert keep_logs_for({"sessions": None, "events": 31, "token_log": 30}, actor=ADMIN) == {
        "sessions": None,
        "events": 31,
    }
    assert keep_logs_for({"sessions": None, "events": 31}, actor=ADMIN) == {}

    entries = AuditEntry.objects.order_by("id")[before:]
    assert [(each.object_label, each.before, each.after) for each in entries] == [
        ("sessions: for ever", {"days": 1095}, {"days": None}),
        ("events: 31 days", {"days": 30}, {"days": 31}),
    ]
    keep_logs_for({"events": 30}, actor=ADMIN)
    assert kept_days()["events"] == 30
    assert LogRetention.objects.live().count() == 2


@pytest.mark.parametrize("wanted", [{"events": 6}, {"events": 36_501}, {"events": 0}, {"events": -1}, {"no log": 30}])
def test_what_will_not_do_changes_nothing(wanted: dict[str, int]) -> None:
    with pytest.raises(InvalidValue):
        keep_logs_for({"sessions": 99, **wanted}, actor=ADMIN)
    assert not LogRetention.objects.exists()


def test_the_command_shows_chooses_and_prunes() -> None:
    provisioning_entry(datetime.now(UTC) - timedelta(days=100))

    def run(*arguments: str) -> Any:
        out = StringIO()
        call_command("retention", "--json", *arguments, stdout=out)
        return json.loads(out.getvalue())

    assert run()["logs"]["provisioning_log"]["days"] == 180
    document = run("--log", "provisioning_log=99", "--log", "sessions=forever", "--days", "400", "--prune")
    assert document["pruned"] == {"provisioning_log": 1}
    assert document["logs"]["provisioning_log"] == {"days": 99, "oldest": None}
    assert document["logs"]["sessions"]["days"] is None
    assert document["days"] == 400
    for refused in ("events=3", "nothing=30"):
        with pytest.raises(CommandError):
            run("--days", "500", "--log", refused)
    assert retention_days() == 400
    for wrong in ("events", "events=", "events=soon"):
        with pytest.raises((CommandError, SystemExit)):
            run("--log", wrong)


def test_configuration_as_code_states_what_is_not_the_default() -> None:
    assert "retention" not in export_document()
    stated = {"retention": {"deleted_people": 400, "sessions": None, "events": 31}}

    applied = apply_document(read_document(json.dumps(stated)), actor=ADMIN)

    assert {change.text for change in applied.changed} == {
        "deleted_people: kept for 400 days (was 1095 days).",
        "sessions: kept for ever (was 1095 days).",
        "events: kept for 31 days (was 30 days).",
    }
    assert export_document()["retention"] == stated["retention"]
    entries = AuditEntry.objects.count()
    assert not apply_document(read_document(json.dumps(export_document())), actor=ADMIN).changed
    assert AuditEntry.objects.count() == entries
    apply_document(read_document('{"retention": {}}'), actor=ADMIN)
    assert "retention" not in export_document()
    assert retention_days() == 1095


@pytest.mark.parametrize(
    "stated",
    [
        [],
        {"nothing": 30},
        {"events": "30"},
        {"events": 30.5},
        {"events": True},
        {"events": 3},
        {"deleted_people": None},
        {"deleted_people": 0},
        {"deleted_people": 10**9},
    ],
)
def test_a_document_that_will_not_do_is_refused_with_its_place(stated: Any) -> None:
    with pytest.raises(InvalidValue) as refusal:
        apply_document(read_document(json.dumps({"retention": stated})), actor=ADMIN)
    assert str(refusal.value).startswith("retention")
    assert not LogRetention.objects.exists()


def test_an_administrator_chooses_on_the_page() -> None:
    client = administrators_browser()
    chosen: dict[str, str] = AS_IT_IS

    page = client.post(ADDRESS, {**chosen, "provisioning_log": "365", "sessions_for_ever": "on"}, follow=True)
    assert "Saved. The next hourly run goes by it." in page.content.decode()
    assert kept_days() == {**{each.code: each.days for each in LOGS}, "provisioning_log": 365, "sessions": None}
    assert retention_days() == 1095

    for wrong in ("", "6", "x", "36501"):
        refused = client.post(ADDRESS, {**chosen, "events": wrong})
        assert refused.status_code == 422
        assert 'id="id_events_error"' in refused.content.decode()
    assert kept_days()["provisioning_log"] == 365
    again = {**chosen, "provisioning_log": "365", "sessions_for_ever": "on", "sessions": ""}
    assert "Nothing was changed." in client.post(ADDRESS, again, follow=True).content.decode()


def test_what_was_sent_before_a_step_up_is_in_the_form_again(time_machine: Any) -> None:
    client = administrators_browser()
    time_machine.move_to(datetime.now(UTC) + timedelta(minutes=31))
    chosen = {**AS_IT_IS, "events": "77", "sessions_for_ever": "on"}

    asked = client.post(ADDRESS, chosen)
    again = client.post(asked["Location"], {"password": PASSWORD})

    page = client.get(again["Location"]).content.decode()
    assert kept_days()["events"] == 30
    assert re.search(r'<input[^>]*name="events"[^>]*value="77"|value="77"[^>]*name="events"', page)
    assert re.search(r'<input[^>]*name="sessions_for_ever"[^>]*checked', page)
    assert not re.search(r'<input[^>]*name="events_for_ever"[^>]*checked', page)
