"""Why somebody has what they have, and what stands between them and sign-in."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from gatekeeper.audit.actor import Actor
from gatekeeper.directory.changes import MappingRecord
from gatekeeper.directory.explain import Explanation, explain
from gatekeeper.directory.levels import Level
from gatekeeper.directory.mappings import choose_fallback_team, set_mapping
from gatekeeper.directory.models import User
from gatekeeper.directory.permissions import Permission
from gatekeeper.directory.users import delete_user, edit_user
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


def readiness(user: User) -> str:
    return explain(User.objects.get(pk=user.id)).readiness


def test_each_state_names_the_next_step() -> None:
    with time_machine.travel(START, tick=False) as clock:
        ada = make_user("ada@example.com")
        assert "No identity provider is connected" in readiness(ada)
        make_provider()
        clock.shift(60)
        assert readiness(ada) == (
            "Provisioned 3 March 2026 09:20 UTC, awaiting the sync at 3 March 2026 09:45 UTC; can sign in after it."
        )
        link()
        assert readiness(ada) == "Can sign in."
        group = make_group("GK Finance", [ada])
        clock.shift(60)
        remove_members(group, ada)
        assert readiness(ada) == (
            "Removed from GK Finance by Entra on 3 March 2026 09:22 UTC: add the person to a group again."
        )
        edit_user(ada.id, lambda state: type(state)(user_name="ada@example.com", active=False), actor=ENTRA)
        assert readiness(ada).startswith("Deactivated by the identity provider on 3 March 2026 09:22 UTC")
        delete_user(ada.id, actor=ENTRA)
        assert readiness(ada).startswith("Deleted on 3 March 2026 09:22 UTC")


def test_a_conflict_and_a_missing_address_are_told() -> None:
    make_provider()
    eve = make_user(work_email="same@example.com")
    make_user(work_email="Same@example.com")
    nobody = make_user(work_email=None)

    assert "Another active person has the work e-mail same@example.com" in readiness(eve)
    assert "no work e-mail" in readiness(nobody)


def test_a_level_of_none_names_the_group() -> None:
    ada = make_user()
    map_group(make_group("GK Nothing", [ada]), "none")

    assert "Gets no level from GK Nothing" in readiness(ada)


def test_the_explanation_is_a_document_too() -> None:
    ada = make_user()
    map_group(make_group("GK Finance", [ada]), "administrator")

    [level] = explain(ada).as_document()["given"]

    assert (level["kind"], level["name"], level["by"][0]["decided_by"]) == ("level", "Administrator", ADMIN.name)
