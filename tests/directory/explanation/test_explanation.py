"""Why somebody has what they have, since when, and by whose decision."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.directory.access.loaders import access_of
from gatekeeper.directory.changes import MappingRecord
from gatekeeper.directory.explanation.explanation import Explanation, Reason, explain
from gatekeeper.directory.history.origins import who
from gatekeeper.directory.levels import Level
from gatekeeper.directory.mappings.mappings import (
    choose_fallback_team,
    reset_mapping,
    set_last_group_policy,
    set_mapping,
)
from gatekeeper.directory.models import User
from gatekeeper.directory.people.users import edit_user
from gatekeeper.directory.permissions import Permission
from tests.builders import (
    ADMIN,
    ENTRA,
    add_members,
    link,
    make_administrator,
    make_group,
    make_provider,
    make_team,
    make_user,
    make_users,
    map_group,
    remove_members,
)

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 3, 9, 20, tzinfo=UTC)
EVA = Actor("person", "Eva")


def given(explanation: Explanation) -> dict[str, list[str]]:
    return {one.name: [reason.name for reason in one.reasons] for one in explanation.given}


def test_everything_names_the_groups_that_give_it() -> None:
    ada, finance = make_user(), make_team("Finance")
    both, one = make_group("GK Both", [ada]), make_group("GK One", [ada])
    map_group(both, "administrator", ["reports"], [finance])
    map_group(one, "collaborator", ["reports"])

    assert given(explain(ada)) == {
        "Administrator": ["GK Both"],
        "Reports": ["GK Both", "GK One"],
        "Finance": ["GK Both"],
    }


def test_a_reason_says_since_when_and_by_whose_decision() -> None:
    with time_machine.travel(START, tick=False) as clock:
        ada, group = make_user(), make_group("GK Finance")
        wanted = MappingRecord(level=Level.ADMINISTRATOR, permissions=frozenset({Permission.REPORTS}))
        set_mapping(group.id, wanted, actor=EVA)
        clock.shift(60)
        add_members(group, ada)

    [reason] = explain(ada).given[0].reasons
    assert (reason.decided_by, reason.decided_at) == ("Eva", START)
    assert reason.member_since == reason.since == START + timedelta(seconds=60)
    assert explain(ada, START + timedelta(seconds=59)).given[0].reasons[0].name == "Default Mapping"


def test_a_group_on_the_default_mapping_names_who_decided_the_default() -> None:
    ada = make_user()
    make_group("GK New", [ada])
    set_mapping(None, MappingRecord(level=Level.COLLABORATOR), actor=EVA)

    [level] = explain(ada).given

    assert [(reason.name, reason.decided_by) for reason in level.reasons] == [("GK New (Default Mapping)", "Eva")]


def test_the_fallback_team_names_who_chose_it() -> None:
    ada, general = make_user(), make_team("General")
    choose_fallback_team(general.id, actor=EVA)

    [team] = [one for one in explain(ada).given if one.kind == "team"]

    assert [(reason.name, reason.decided_by) for reason in team.reasons] == [("fallback team General", "Eva")]


def test_a_local_administrator_has_it_by_being_one() -> None:
    assert given(explain(make_administrator())) == {
        "Global Administrator": ["Local administrator"],
        "Configuration": ["Local administrator"],
    }


def first_reason(user: User, kind: str = "level", at: datetime | None = None) -> Reason:
    return explain(user, at).of(kind)[0].reasons[0]


def test_since_and_decision_are_about_the_thing_and_not_about_the_last_edit() -> None:
    with time_machine.travel(START, tick=False) as clock:
        ada = make_user()
        group = make_group("GK Finance", [ada])
        for level, permissions, actor in ((Level.ADMINISTRATOR, set(), EVA), (Level.ADMINISTRATOR, {"api"}, ADMIN)):
            clock.shift(60)
            wanted = MappingRecord(level=level, permissions=frozenset(map(Permission, permissions)))
            set_mapping(group.id, wanted, actor=actor)

    level, api = first_reason(ada), first_reason(ada, "permission")
    assert (level.since, level.decided_by) == (START + timedelta(seconds=60), "Eva")
    assert (api.since, api.decided_by) == (START + timedelta(seconds=120), ADMIN.name)


def test_since_begins_anew_after_a_break() -> None:
    with time_machine.travel(START, tick=False) as clock:
        ada = make_user("ada@example.com")
        map_group(make_group("GK Finance", [ada]), "administrator")
        for active in (False, True):
            clock.shift(60)
            edit_user(ada.id, lambda state: replace(state, active=active), actor=ENTRA)  # noqa: B023 - called at once

    assert first_reason(ada).since == START + timedelta(seconds=120)
    assert first_reason(ada, at=START + timedelta(seconds=59)).since == START


def test_a_group_that_was_put_back_on_the_default_names_who_did_that() -> None:
    with time_machine.travel(START, tick=False) as clock:
        ada = make_user()
        group = make_group("GK Finance", [ada])
        map_group(group, "administrator")
        clock.shift(60)
        reset_mapping(group.id, actor=EVA)

    reason = first_reason(ada)
    assert (reason.name, reason.since) == ("GK Finance (Default Mapping)", START + timedelta(seconds=60))
    assert (reason.decided_at, reason.decided_by) == (START + timedelta(seconds=60), "Eva")


def test_who_reset_the_mappings_of_many_groups_is_asked_at_once() -> None:
    ada = make_user()
    map_group(None, "collaborator")
    deciders = {f"GK {number}": Actor("person", f"Eva {number}") for number in range(4)}
    cost = []
    for name, decider in deciders.items():
        group = make_group(name, [ada])
        map_group(group, "administrator")
        reset_mapping(group.id, actor=decider)
        with CaptureQueriesContext(connection) as queries:
            explanation = explain(ada)
        cost.append(len(queries))

    assert {
        reason.name.removesuffix(" (Default Mapping)"): reason.decided_by for reason in explanation.given[0].reasons
    } == {name: decider.name for name, decider in deciders.items()}
    assert len(set(cost)) == 1


def test_a_change_whose_entry_is_gone_is_not_said_to_be_by_whoever_made_the_next_one() -> None:
    with time_machine.travel(START, tick=False):
        record(Event.MAPPING_RESET, actor=EVA, kind="mapping", object_id="4711", label="GK Finance")
    before = START - timedelta(days=1)

    made = who(Event.MAPPING_RESET, [("4711", before), ("4711", START)])

    assert made == {("4711", before): "", ("4711", START): "Eva"}


def test_whoever_has_it_by_the_policy_is_told_who_chose_it() -> None:
    ada = make_user()
    remove_members(make_group("GK Finance", [ada]), ada)
    set_last_group_policy("fallback", actor=EVA)

    assert first_reason(ada).decided_by == "Eva"


def test_a_permission_without_effect_says_so() -> None:
    ada = make_user()
    map_group(make_group(members=[ada]), "administrator", ["users", "reports"])

    assert {one.name: one.note for one in explain(ada).of("permission")} == {
        "Users": "Has effect only with Global Administrator.",
        "Reports": "",
    }


def test_an_explanation_costs_the_same_whatever_the_size_of_groups() -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            explain(ada)
        return len(queries)

    ada = make_user()
    group = make_group(members=[ada])
    few = cost()
    add_members(group, *make_users(20))
    for level in ("administrator", "collaborator", "none", "administrator"):
        map_group(group, level)

    assert cost() == few <= 6  # five facts; whose decision the level was


@pytest.mark.parametrize("shared", [False, True], ids=["awaiting", "conflict"])
def test_who_is_not_linked_is_asked_about_the_address_only(shared: bool) -> None:
    def cost(user: User) -> int:
        with CaptureQueriesContext(connection) as queries:
            explain(user)
        return len(queries)

    make_provider()
    linked, waiting = make_user(), make_user(work_email="")
    map_group(make_group(members=[linked, waiting]), "administrator")
    link()
    for user in (waiting, *([make_user()] if shared else [])):
        edit_user(user.id, lambda now: replace(now, work_email="one.of.two@example.com"), actor=ENTRA)
    waiting.refresh_from_db()

    explanation = explain(waiting)

    assert explanation.access == access_of(waiting)
    assert explanation.readiness.state == ("identity_conflict" if shared else "awaiting_saml_sync")
    assert cost(waiting) <= cost(linked) + 1  # who has the address


def test_the_explanation_is_a_document_too() -> None:
    ada = make_user()
    map_group(make_group("GK Finance", [ada]), "administrator")

    document = explain(ada).as_document()
    [level] = document["given"]

    assert (level["kind"], level["name"], level["by"][0]["decided_by"]) == ("level", "Administrator", ADMIN.name)
    assert document["readiness"]["state"] == "no_saml_connection"
