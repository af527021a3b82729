"""What an audit entry is about: names as they are, and what was set or counted in the language of its reader."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone, translation

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.audit.models import AuditEntry
from gatekeeper.audit.request_counts import start_tracing, stop_tracing
from gatekeeper.directory.deprovisioning_limits.limits import approve_held_changes, set_deprovisioning_limits
from gatekeeper.directory.local_accounts.second_factor_rule import demand_second_factor
from gatekeeper.directory.mappings.mappings import choose_fallback_team, set_last_group_policy
from gatekeeper.directory.models import SessionEnd, SignIn
from gatekeeper.directory.people.retention import set_retention
from gatekeeper.directory.sessions.open_sessions import end_sign_ins
from gatekeeper.directory.teams.teams import merge_teams
from gatekeeper.maintenance.log_retention import keep_logs_for
from gatekeeper.web.framework.changes.object_texts import object_text
from tests.builders import ADMIN, make_team, make_user, map_group
from tests.web.pages import text_of


def sessions_of_two() -> None:
    people = [make_user().pk for _ in range(2)]
    SignIn.objects.bulk_create(SignIn(user_id=pk, since=timezone.now() - timedelta(minutes=1)) for pk in people)
    end_sign_ins(people, actor=ADMIN, because=SessionEnd.REVOKED_BY_ADMIN)


def no_fallback_team() -> None:
    choose_fallback_team(make_team("General").pk, actor=ADMIN)
    choose_fallback_team(None, actor=ADMIN)


def tracing() -> None:
    start_tracing(actor=ADMIN)
    stop_tracing(actor=ADMIN)


DONE: dict[str, tuple[Callable[[], Any], str]] = {
    "limits": (lambda: set_deprovisioning_limits(share=5, minimum=5, minutes=60, hold=True, actor=ADMIN), "hold"),
    "approval": (lambda: approve_held_changes(actor=ADMIN), "held changes let through"),
    "tracing": (tracing, "Reads are counted only"),
    "policy": (lambda: set_last_group_policy("fallback", actor=ADMIN), "Fall back to the Default Mapping"),
    "no fallback team": (no_fallback_team, "no team"),
    "retention": (lambda: set_retention(40, actor=ADMIN), "40 days"),
    "log": (lambda: keep_logs_for({"provisioning_log": None}, actor=ADMIN), "Provisioning log: for ever"),
    "merger": (lambda: merge_teams(make_team("A").pk, make_team("B").pk, actor=ADMIN), "A into B"),
    "sessions": (sessions_of_two, "2 sessions of 2 users"),
    "default mapping": (lambda: map_group(None, "collaborator"), "Default Mapping"),
    "second factor": (lambda: demand_second_factor(True, by=None, actor=ADMIN), "a second factor"),
}


@pytest.mark.django_db
@pytest.mark.parametrize(("done", "english"), DONE.values(), ids=list(DONE))
def test_what_was_set_is_said_in_the_language_of_the_reader(done: Callable[[], Any], english: str) -> None:
    done()
    entry = AuditEntry.objects.order_by("-pk").filter(object_label__gt="")[0]

    assert object_text(entry) == english
    with translation.override("de"):
        assert object_text(entry) != english


COUNTED: list[tuple[Event, dict[str, Any], str]] = [
    (Event.SYNC_FINISHED, {"linked": 1200, "unlinked": 0, "conflicts": 0}, "1,200 linked, 0 unlinked"),
    (
        Event.DEPROVISIONING_ALERTED,
        {"lost": 13, "active_before": 304, "minutes": 60, "held": True},
        "13 of 304 active users would have lost access, and are held, within 60 minutes",
    ),
    (Event.PRIVILEGE_GAINED, {"more": 1}, "1 more person"),
    (
        Event.CERTIFICATE_EXPIRING,
        {"connection": "Entra", "not_after": "2026-12-01T00:00:00Z"},
        "Entra: certificate until 2026-12-01",
    ),
]


@pytest.mark.parametrize(("event", "after", "english"), COUNTED)
def test_what_was_counted_is_said_in_the_language_of_the_reader(event: Event, after: Any, english: str) -> None:
    entry = AuditEntry(event=event, after=after, object_label="stored")

    assert object_text(entry) == english
    with translation.override("de"):
        assert object_text(entry) != english


@pytest.mark.parametrize("after", [None, {}, {"linked": "x"}, {"held": True}, {"days": "x"}, {"more": None}])
@pytest.mark.parametrize("event", Event)
def test_an_entry_without_the_values_shows_what_was_stored(event: Event, after: Any) -> None:
    assert object_text(AuditEntry(event=event, after=after, object_label="stored"))


def test_the_pages_of_a_german_reader_say_it_in_german(admin_client: Client) -> None:
    record(
        Event.SYNC_FINISHED,
        actor=Actor.scheduler("saml.sync_users"),
        kind="sync_run",
        object_id=uuid4(),
        label="3 linked, 4 unlinked",
        after={"linked": 3, "unlinked": 4, "conflicts": 0},
    )
    entry = AuditEntry.objects.get(event=Event.SYNC_FINISHED)

    for address in ("/", "/audit-trail/", f"/audit-trail/{entry.pk}/"):
        page = text_of(admin_client.get(address, headers={"accept-language": "de"}))
        assert "3 linked, 4 unlinked" not in page, address
        assert "3 verknüpft" in page, address
