"""What stands between a person and sign-in: the state, the sentence, the next step and its time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.access.loaders import access_of, access_of_many, facts_of_people
from gatekeeper.directory.access.readiness_texts import blocked_text
from gatekeeper.directory.access.resolver import Blocked
from gatekeeper.directory.access.states import Readiness, State
from gatekeeper.directory.explanation.readiness import readiness_of, readiness_of_many
from gatekeeper.directory.history.loading import history_of
from gatekeeper.directory.models import User
from gatekeeper.directory.people.users import delete_user, edit_user
from tests.audit.chain.attacker import without_triggers
from tests.builders import (
    ENTRA,
    link,
    make_administrator,
    make_group,
    make_provider,
    make_user,
    make_users,
    map_group,
    remove_members,
)

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 3, 9, 20, tzinfo=UTC)


def readiness(user: User, at: datetime | None = None, **options: Any) -> Readiness:
    user = User.objects.get(pk=user.id)
    access = access_of(user, at)
    found = readiness_of_many([user], {user.id: access}, at, **options)[user.id]
    assert readiness_of(history_of(user), access, at, **options) == found
    return found


def test_each_state_names_the_next_step() -> None:
    with time_machine.travel(START, tick=False) as clock:
        ada = make_user("ada@example.com")
        assert "No identity provider is connected" in readiness(ada).sentence
        make_provider()
        clock.shift(60)
        waiting = readiness(ada)
        assert waiting.sentence == (
            "Provisioned 3 March 2026 09:20 UTC, awaiting the sync at 3 March 2026 09:45 UTC, then can sign in."
        )
        assert waiting.due == datetime(2026, 3, 3, 9, 45, tzinfo=UTC)
        link()
        assert readiness(ada).in_full == "Can sign in."
        group = make_group("GK Finance", [ada])
        clock.shift(60)
        remove_members(group, ada)
        assert readiness(ada).in_full == (
            "Removed from GK Finance by Entra on 3 March 2026 09:22 UTC. Add the person to a group again."
        )
        edit_user(ada.id, lambda state: replace(state, active=False), actor=ENTRA)
        assert readiness(ada).sentence == "Deactivated by the identity provider on 3 March 2026 09:22 UTC."
        delete_user(ada.id, actor=ENTRA)
        assert readiness(ada).sentence == "Deleted by the identity provider on 3 March 2026 09:22 UTC."
        clock.shift(60)
        assert readiness(ada, START + timedelta(seconds=119)).state is State.CAN_SIGN_IN


def test_a_conflict_and_a_missing_address_are_told() -> None:
    make_provider()
    eve = make_user(work_email="same@example.com")
    make_user(work_email="Same@example.com")
    nobody = make_user(work_email=None)

    assert "Another active person has the work e-mail same@example.com" in readiness(eve).sentence
    assert readiness(nobody).state is State.NO_WORK_EMAIL
    assert "Map userPrincipalName" in readiness(nobody).next_step


def test_a_name_id_that_differs_is_told_with_both_names() -> None:
    make_provider()
    ada = make_user("ada@corp.example", work_email="ada@example.com")
    link()

    differs = readiness(ada, received={ada.id: "ada@corp.example"})

    assert differs.state is State.NAME_ID_DIFFERS
    assert differs.in_full == (
        "The work e-mail ada@example.com differs from the NameID last received, ada@corp.example. "
        'Map userPrincipalName to emails[type eq "work"].value in the identity provider.'
    )


def test_a_level_of_none_names_the_groups() -> None:
    ada = make_user()
    for name in ("GK Less", "GK Nothing"):
        map_group(make_group(name, [ada]), "none")

    assert readiness(ada).sentence == "Gets no level from GK Less and GK Nothing."


def test_somebody_provisioned_as_inactive_was_never_deactivated() -> None:
    with time_machine.travel(START, tick=False):
        assert readiness(make_user(active=False)).sentence == "Provisioned as inactive on 3 March 2026 09:20 UTC."


def test_who_removed_somebody_is_left_out_when_the_entry_is_gone() -> None:
    with time_machine.travel(START, tick=False) as clock:
        ada, bo = make_users(2)
        group = make_group("GK Finance", [ada, bo])
        remove_members(group, ada)
        with without_triggers():
            AuditEntry.objects.all().delete()
        clock.shift(3600)
        remove_members(group, bo)

    assert readiness(ada).sentence == "Removed from GK Finance on 3 March 2026 09:20 UTC."
    assert "by Entra" in readiness(bo).sentence


def test_a_local_administrator_can_sign_in() -> None:
    assert readiness(make_administrator()).state is State.CAN_SIGN_IN


def test_a_page_of_people_costs_the_same_for_few_and_for_many() -> None:
    def cost(people: list[User]) -> int:
        access = access_of_many(people)
        with CaptureQueriesContext(connection) as queries:
            assert {one.state for one in readiness_of_many(people, access).values()} == {State.NO_GROUP_ACCESS}
        return len(queries)

    people = make_users(30)
    group = make_group(members=people)
    remove_members(group, *people)

    assert cost(people) == cost(people[:2])


def test_removals_that_were_loaded_with_the_facts_are_not_read_again(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with time_machine.travel(START, tick=False) as clock:
        people = make_users(3)
        for name in ("GK First", "GK Last"):
            group = make_group(name, people)
            clock.shift(60)
            remove_members(group, *people)
    access = access_of_many(people)
    removals = {each.user_id: each.last_removal for each in facts_of_people(people) if each.last_removal}

    with django_assert_num_queries(1):  # of the audit trail: who removed them
        found = readiness_of_many(people, access, removals=removals)

    assert found == readiness_of_many(people, access)
    assert all("GK Last by Entra" in each.sentence for each in found.values())


@pytest.mark.parametrize("blocked", list(Blocked))
def test_every_reason_has_a_text_for_the_person_and_is_a_state(blocked: Blocked) -> None:
    assert blocked_text(blocked)
    assert State(blocked.value).label
