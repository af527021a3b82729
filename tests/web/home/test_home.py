"""Home: today for who runs the site, and what they can do for everybody else."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from gatekeeper.audit.events import Event
from gatekeeper.audit.models import AuditEntry, ProvisioningEntry, RequestCount
from gatekeeper.directory.deprovisioning_limits.limits import set_deprovisioning_limits
from gatekeeper.directory.mappings.mappings import choose_fallback_team
from gatekeeper.directory.models import User
from gatekeeper.errors import HeldForApproval
from gatekeeper.health.heartbeats import Process, beat
from gatekeeper.health.models import Heartbeat
from saml.connections.lifecycle import create_connection
from saml.models import Certificate, Connection, SignInAttempt, SyncRun, SyncState
from scim.credentials.api_keys import generate_key
from scim.models import ApiKey
from tests.builders import (
    ADMIN,
    give_second_factor,
    link,
    log_request,
    make_administrator,
    make_group,
    make_provider,
    make_team,
    make_user,
    make_users,
    map_group,
)
from tests.fresh_cache import forget_what_is_kept
from tests.web.pages import queries_of, signed_in, text_of


@pytest.fixture
def alive(db: None) -> None:
    beat(Process.WORKER)
    beat(Process.BEAT)


def words(answer: Any) -> str:
    return " ".join(text_of(answer).split())


def attempt(at: datetime, check: str = "", **more: Any) -> None:
    SignInAttempt.objects.create(at=at, accepted=not check, failed_check=check, **more)


def entry(at: datetime, outcome: str = "changed") -> None:
    ProvisioningEntry.objects.create(at=at, method="POST", path="/Users", status=201, outcome=outcome, key_id="key")


def test_the_tiles_say_how_today_is(admin_client: Client, alive: None) -> None:
    make_provider()
    people = make_users(3)
    map_group(make_group("GK One", people[:2]), "collaborator")
    map_group(None, "none")
    link()
    now = timezone.now()
    attempt(now)
    attempt(now, "deactivated")
    attempt(now, "deactivated")
    attempt(now - timedelta(days=3))
    entry(now - timedelta(hours=3), "refused")
    for outcome in ("changed", "changed", "unchanged", "failed"):
        entry(now - timedelta(minutes=1), outcome)
    SyncRun.objects.create(
        started_at=now, finished_at=now, state=SyncState.FINISHED, linked=2, actor_kind="clock", actor_name="saml"
    )

    page = words(admin_client.get("/"))

    assert "<h1>Home</h1>" in page
    assert "3 <small>of 4</small>" in page  # two people and the local administrator, of all
    assert '1 <small class="loss">2 refused</small>' in page
    assert 'The person is deactivated</a> <span class="num">2</span>' in page
    assert "2 <small>changed in the last cycle</small>" in page
    assert 'Refused or failed</a> <span class="num">1</span>' in page
    assert "next run" in page
    assert "SCIM changes by hour: Went well: 3; Refused or failed: 2." in page
    assert "Sign-ins by day: Accepted: 2; Refused: 2." in page


def test_days_are_counted_from_the_counts_of_minutes(admin_client: Client) -> None:
    now = timezone.now()
    for days in (0, 2):
        RequestCount.objects.create(minute=now - timedelta(days=days), key_id="x", requests=40, throttled=1)

    assert "SCIM requests by day: Answered: 80; Beyond its limit or network: 2." in words(admin_client.get("/"))


def test_what_needs_an_administrator_stands_there_with_its_button(admin_client: Client, metadata: bytes) -> None:
    saml = create_connection("Entra", document=metadata, actor=ADMIN)
    now = timezone.now()
    Certificate.objects.filter(connection=saml).update(not_after=now + timedelta(days=5))
    key = generate_key("Entra", actor=ADMIN)[0]
    ApiKey.objects.filter(pk=key.pk).update(expires_at=now + timedelta(days=20), last_used_at=now)
    make_group("GK Waiting", [make_user("ada@example.com"), make_user("bo@example.com")])
    map_group(None, "collaborator")
    for name in ("cy@one.example", "cy@two.example"):
        make_user(name, work_email="cy@example.com")
    AuditEntry.objects.create(
        event=Event.PROVISIONING_SILENT,
        object_kind="site",
        object_id="provisioning",
        actor_kind="clock",
        actor_name="x",
    )

    page = words(admin_client.get("/"))

    assert "2 people await the sync." in page
    assert '<form method="post" action="/sync-history/run/">' in page
    assert "2 people share a work e-mail with somebody else, and are not linked." in page
    assert "/users/?readiness=identity_conflict" in page
    assert "1 of 1 groups still has the Default Mapping." in page
    assert "The API key Entra expires on" in page
    assert "The last signing certificate of Entra expires on" in page
    assert "1 local administrator signs in with a password alone." in page
    assert "The process worker is gone" in page
    assert "The process beat is gone" in page
    assert "has stopped provisioning" in page
    assert "Silent: last request" in page


def test_a_rotated_key_that_ends_needs_nobody(admin_client: Client) -> None:
    now = timezone.now()
    generate_key("Old", actor=ADMIN)
    ApiKey.objects.update(expires_at=now + timedelta(days=2))
    generate_key("New", actor=ADMIN, rotate=True)

    assert "The API key" not in words(admin_client.get("/"))


def test_held_changes_wait_for_a_decision(admin_client: Client) -> None:
    set_deprovisioning_limits(share=1, minimum=1, minutes=60, hold=True, actor=ADMIN)
    assert "are held until you decide" not in words(admin_client.get("/"))
    log_request("refused", reason=HeldForApproval.code)
    forget_what_is_kept()

    assert "Changes of the identity provider are held until you decide." in words(admin_client.get("/"))


def test_when_nothing_needs_anybody_it_says_so(administrator: User, alive: None) -> None:
    give_second_factor(administrator)
    assert "Nothing: people come in" in words(signed_in(Client(), administrator).get("/"))


def test_processes_that_beat_are_there(admin_client: Client, alive: None) -> None:
    assert "is gone" not in words(admin_client.get("/"))
    Heartbeat.objects.filter(name=Process.BEAT).update(at=timezone.now() - timedelta(hours=1))
    assert "The process beat is gone" in words(admin_client.get("/"))


def test_steps_stand_there_until_all_are_done(admin_client: Client, metadata: bytes) -> None:
    empty = words(admin_client.get("/"))
    assert "0 of 9 steps done." in empty
    assert "They begin with the first sign-in" in empty
    assert "press Test Connection there" in empty
    assert "Choose the fallback team" in empty
    assert "Nobody is provisioned yet." not in empty  # the administrator is

    choose_fallback_team(make_team("General").id, actor=ADMIN)
    map_group(None, "collaborator")
    create_connection("Entra", document=metadata, actor=ADMIN)
    generate_key("Entra", actor=ADMIN)
    ApiKey.objects.update(last_used_at=timezone.now())
    map_group(make_group("GK Finance", [make_user("ada@example.com")]), "administrator")
    link()
    assert "8 of 9 steps done." in words(admin_client.get("/")), "nobody has signed in yet"
    SignInAttempt.objects.create(accepted=True, is_test=True, connection=Connection.objects.get())

    page = words(admin_client.get("/"))
    assert "Setting up" not in page
    assert "Everything is set up: 9 of 9 steps." in page


def test_changes_of_one_kind_by_one_actor_are_one_line(admin_client: Client) -> None:
    for number in range(3):
        make_user(f"person{number}@example.com", display_name=f"Person {number}")

    page = words(admin_client.get("/"))

    assert "What changed lately" in page
    assert ": Person 2 and 2 more" in page
    assert "Person 1" not in page


def test_an_ordinary_person_reads_what_they_can_do(person_with: Callable[..., Client]) -> None:
    team = make_team("Finance")
    browser = person_with("collaborator", "esign_signer", "users")
    map_group(make_group("GK More", [User.objects.get(user_name="person@example.com")]), "collaborator", [], [team])

    page = words(browser.get("/"))

    assert "<h1>Home</h1>" in page
    assert "Collaborator" in page
    assert "Reads and takes part within their own teams. Because you are in GK More and GK People." in page
    assert "Signs documents. Because you are in GK People." in page
    assert '<strong>Finance</strong> <p class="reason">Because you are in GK More.</p>' in page
    assert 'class="access-picture"' in page
    assert "<table" not in page
    assert "No effect: needs Global Administrator" in page
    assert "Finance" in page
    assert "1 session is open." in page
    for hidden in ("Needs you", "Who can sign in", "Sign-ins today", "What changed lately", "Setting up"):
        assert hidden not in page


@pytest.mark.parametrize("in_a_group", [True, False])
def test_without_a_group_or_a_team_it_says_what_it_comes_from(
    browser_of: Callable[..., Client], in_a_group: bool
) -> None:
    make_provider()
    choose_fallback_team(make_team("General").id, actor=ADMIN)
    map_group(None, "employee_portal")
    user = make_user()
    if in_a_group:
        make_group("GK One", [user])
    link()

    page = words(browser_of(user).get("/"))

    because = "Because you are in GK One." if in_a_group else "Because everybody without a group has it."
    assert f"May only submit requests. {because}" in page
    assert "Because none of your groups names a team." in page


def test_an_auditor_sees_the_logs_and_nothing_to_do(person_with: Callable[..., Client]) -> None:
    page = words(person_with("collaborator", "history").get("/"))

    for shown in ("Sign-ins today", "What changed lately", "Who had what, and when", "Reads the logs"):
        assert shown in page
    for hidden in ("Needs you", "Setting up", "/users/?readiness", "Run the sync now"):
        assert hidden not in page


def test_who_reads_reports_sees_how_many_can_sign_in(person_with: Callable[..., Client]) -> None:
    page = words(person_with("collaborator", "reports").get("/"))

    for shown in ("Who can sign in", "Who is Global Administrator now?", "Reads how many can sign in"):
        assert shown in page
    for hidden in ("Needs you", "Sign-ins today", "What changed lately", "/users/?readiness"):
        assert hidden not in page


def test_it_takes_twelve_statements_however_many_people_there_are(admin_client: Client, alive: None) -> None:
    before = queries_of(admin_client, "/profile/second-factor/")
    few = queries_of(admin_client, "/")
    make_provider()
    for number in range(20):
        map_group(make_group(f"GK {number}", make_users(3)), "collaborator")
    link()

    assert queries_of(admin_client, "/") == few
    assert few - before <= 12


def test_it_is_small(admin_client: Client) -> None:
    now = timezone.now()
    for hour in range(24):
        attempt(now - timedelta(hours=hour))
        entry(now - timedelta(hours=hour))
    for day in range(30):
        attempt(now - timedelta(days=day))
        RequestCount.objects.create(minute=now - timedelta(days=day), key_id="x", requests=4)

    assert len(admin_client.get("/").content) < 60_000


def test_another_administrator_reads_that_a_local_account_was_used(administrator: User, client: Client) -> None:
    other = make_administrator("other@example.com")
    signed_in(Client(), other)

    assert "A local account was used in the last seven days." in words(signed_in(client, administrator).get("/"))
