"""Every event of the list is written by the service whose change it reports, in the transaction of that change."""

from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from structlog.testing import capture_logs

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.changes import UserRecord
from gatekeeper.directory.deprovisioning_limits.limits import set_deprovisioning_limits
from gatekeeper.directory.models import ActivePeriod
from gatekeeper.directory.outbox_events import AccessChange
from gatekeeper.directory.people.users import provision_user
from gatekeeper.directory.sessions.open_sessions import open_local_sign_in
from gatekeeper.events.codes import EventCode
from gatekeeper.events.delivery import deliver_due
from gatekeeper.events.models import Delivery, OutboxEvent
from gatekeeper.events.subscribers.log_line import LEVELS
from saml.models import Connection, SyncRun, SyncState
from saml.sync import run
from saml.sync.run import sync_saml_users
from scim.credentials.api_keys import generate_key
from tests.builders import ADMIN, add_members, make_administrator, make_group, make_user, make_users, map_group
from tests.events.scenarios import SCENARIOS, Scenario, failing_sync, the_metadata_of_a_connection_cannot_be_read
from tests.scim.conftest import ScimClient

pytestmark = pytest.mark.django_db

# How one statement adds a row, and how it adds many on each database.
INSERT = ('INSERT INTO "events_outboxevent"', '1 times: INSERT INTO "events_outboxevent"', 'COPY "events_outboxevent"')


class _Refused(Exception):
    """The database does not take the event."""


@pytest.fixture
def scim() -> ScimClient:
    return ScimClient(generate_key("Entra", actor=ADMIN)[1])


def refuse_events(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    if sql.startswith(INSERT):
        raise _Refused
    return execute(sql, params, many, context)


def refuse_copies(copy: Any) -> Any:
    """As ``refuse_events``, for COPY, which Django's wrappers of statements do not see."""

    def refuse(cursor: Any, statement: Any, *arguments: Any, **options: Any) -> Any:
        if str(statement).startswith(INSERT):
            raise _Refused
        return copy(cursor, statement, *arguments, **options)

    return refuse


def test_no_event_of_the_list_is_left_out() -> None:
    assert {scenario.code for scenario in SCENARIOS} == set(EventCode)


def test_no_cause_of_changed_access_is_left_out() -> None:
    assert {scenario.has["cause"] for scenario in SCENARIOS if "cause" in scenario.has} == set(AccessChange)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
def test_the_event_is_written_by_one_statement_and_says_what_happened(scenario: Scenario) -> None:
    act = scenario.prepare()
    OutboxEvent.objects.all().delete()

    with CaptureQueriesContext(connection) as captured:
        act()

    event = OutboxEvent.objects.get(code=scenario.code)
    assert {name: event.data.get(name) for name in scenario.has} == scenario.has
    assert set(event.data["actor"]) >= {"kind", "id"}
    assert len([each for each in captured if each["sql"].startswith(INSERT)]) == OutboxEvent.objects.count()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
def test_where_the_event_cannot_be_written_the_change_does_not_happen_either(
    scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    act = scenario.prepare()
    monkeypatch.setattr(psycopg.Cursor, "copy", refuse_copies(psycopg.Cursor.copy))
    OutboxEvent.objects.all().delete()
    before = list(AuditEntry.objects.order_by("pk").values_list("event", flat=True))

    with pytest.raises(_Refused), connection.execute_wrapper(refuse_events):
        act()

    assert list(AuditEntry.objects.order_by("pk").values_list("event", flat=True)) == before


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
def test_the_log_line_is_written_for_what_an_operator_should_know_of(scenario: Scenario) -> None:
    act = scenario.prepare()
    OutboxEvent.objects.all().delete()
    act()

    with capture_logs() as logged:
        deliver_due()

    lines = [line["log_level"] for line in logged if line["event"] == scenario.code.value]
    assert lines == ([LEVELS[scenario.code]] if scenario.code in LEVELS else [])
    assert not Delivery.objects.exists()


# ── Particulars ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_run_of_the_sync_that_fails_is_an_event_with_the_kind_of_error_and_none_of_its_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(**_: object) -> None:
        raise ZeroDivisionError("ada@example.com")

    monkeypatch.setattr(run, "link_users", fail)
    failing_sync()

    data = OutboxEvent.objects.get(code=EventCode.SYNC_FAILED).data
    failed = SyncRun.objects.get(state=SyncState.FAILED)
    assert (data["scope"], data["code"], data["run"]) == ("run", "ZeroDivisionError", {"id": str(failed.id)})
    assert "ada@example.com" not in str(data)


def test_a_connection_that_fails_again_says_that_it_is_no_news() -> None:
    the_metadata_of_a_connection_cannot_be_read()()
    sync_saml_users(actor=ADMIN)

    events = OutboxEvent.objects.filter(code=EventCode.SYNC_FAILED)
    assert [event.data["repeated"] for event in events] == [False, True]
    assert {event.object_key for event in events} == {f"connection:{Connection.objects.get().id}"}


def test_what_is_held_is_an_event_too_although_the_change_was_rolled_back(scim: ScimClient) -> None:
    users = make_users(10)
    ActivePeriod.objects.update(since="2020-01-01T00:00:00Z")
    set_deprovisioning_limits(share=30, minimum=3, minutes=60, hold=True, actor=ADMIN)
    top = make_group()
    map_group(top, "global_administrator")
    for user in users[:4]:
        scim.patch(f"/Users/{user.id}", {"op": "Replace", "path": "active", "value": "False"})
    scim.patch(f"/Groups/{top.id}", {"op": "add", "path": "members", "value": [{"value": str(users[5].id)}]})

    held = OutboxEvent.objects.filter(data__held=True)
    assert sorted(event.code for event in held) == ["deprovisioning.alert", "privilege.gained"]
    assert OutboxEvent.objects.filter(code="user.deactivated").count() == 3


def test_of_a_crowd_that_gains_privilege_a_hundred_are_named_and_the_rest_counted() -> None:
    group = make_group(members=make_users(102))
    OutboxEvent.objects.all().delete()

    map_group(group, "global_administrator")

    events = OutboxEvent.objects.filter(code=EventCode.PRIVILEGE_GAINED)
    assert events.filter(object_key__startswith="user:").count() == 100
    assert events.get(object_key="site:privileges").data["more_people"] == 2


def test_a_large_change_of_members_is_one_event_with_some_of_the_ids() -> None:
    users = make_users(60)
    group = make_group()
    OutboxEvent.objects.all().delete()

    add_members(group, *users)

    data = OutboxEvent.objects.get().data
    assert (data["added"]["count"], len(data["added"]["ids"]), data["removed"]["count"]) == (60, 50, 0)


def test_what_changed_nothing_is_no_event(scim: ScimClient) -> None:
    user = make_user()
    group = make_group(members=[user])
    OutboxEvent.objects.all().delete()

    add_members(group, user)
    scim.patch(f"/Users/{user.id}", {"op": "replace", "path": "active", "value": True})

    assert not OutboxEvent.objects.exists()


def test_the_events_of_one_person_are_in_their_order() -> None:
    root = make_administrator()
    user = provision_user(UserRecord(user_name="ada@example.com"), actor=ADMIN).user
    open_local_sign_in(root, actor=Actor.person(root), proof="password", address="", user_agent="")

    assert OutboxEvent.objects.get(code="user.provisioned").object_key == f"user:{user.id}"
    signed_in = OutboxEvent.objects.get(code="break_glass.used")
    assert signed_in.object_key == f"user:{root.id}"
    assert signed_in.data["actor"] == {"kind": "person", "id": str(root.id)}
