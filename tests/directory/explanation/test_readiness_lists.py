"""Filters and counts by state say of everybody what is said of one person."""

from collections import Counter
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import Q

from gatekeeper.directory.access.loaders import access_of_many
from gatekeeper.directory.access.numbered_pages import numbered_page
from gatekeeper.directory.access.states import State, state_of
from gatekeeper.directory.explanation.readiness_lists import count_states, in_state, state_parts
from gatekeeper.directory.groups.idp_groups import delete_group
from gatekeeper.directory.identity_linking.sign_in import UNKNOWN_PERSON
from gatekeeper.directory.mappings.mappings import set_last_group_policy
from gatekeeper.directory.models import IdpGroup, User
from gatekeeper.directory.people.users import delete_user, edit_user
from saml.debugger.name_digests import name_key
from saml.models import SignInAttempt
from saml.sync.name_mismatches import differs_from_name_id, refused_name_ids
from tests.builders import (
    ADMIN,
    ENTRA,
    add_members,
    link,
    make_administrator,
    make_group,
    make_provider,
    make_user,
    map_group,
    remove_members,
)

pytestmark = pytest.mark.django_db

NOBODY = Q(pk__in=[])


def states(differs: Q = NOBODY) -> dict[str, str]:
    everybody = User.objects.all()
    found = [
        (name, state)
        for state in State
        for name in in_state(everybody, state, differs).values_list("user_name", flat=True)
    ]
    assert len(found) == len(dict(found)), "the states overlap"
    return {name: state.value for name, state in found}


@pytest.fixture
def everybody() -> None:
    """One person in each state but the last two, and two in conflict."""
    make_provider()
    make_user("ready@example.com")
    link()
    make_administrator("root@example.com")
    make_user("waiting@example.com")
    make_user("nomail@example.com", work_email=None)
    make_user("one@example.com", work_email="same@example.com")
    make_user("two@example.com", work_email="SAME@example.com")
    make_user("gone@example.com", active=False)
    delete_user(make_user("deleted@example.com").id, actor=ENTRA)
    left = make_user("left@example.com")
    group = make_group("GK Nothing", [left])
    remove_members(group, left)
    add_members(group, make_user("nothing@example.com"))
    map_group(group, "none")


def test_everybody_is_in_one_state(everybody: None) -> None:
    assert states() == {
        "ready@example.com": "can_sign_in",
        "root@example.com": "can_sign_in",
        "waiting@example.com": "awaiting_saml_sync",
        "nomail@example.com": "no_work_email",
        "one@example.com": "identity_conflict",
        "two@example.com": "identity_conflict",
        "gone@example.com": "deactivated",
        "deleted@example.com": "deleted",
        "left@example.com": "no_group_access",
        "nothing@example.com": "no_group_access",
    }


@pytest.mark.parametrize(
    ("default", "policy"), [("none", "revoke"), ("none", "fallback"), ("collaborator", "fallback")]
)
def test_the_list_agrees_with_each_persons_access(everybody: None, default: str, policy: str) -> None:
    map_group(None, default)
    set_last_group_policy(policy, actor=ADMIN)
    people = list(User.objects.all())

    access = access_of_many(people)

    assert states() == {user.user_name: state_of(access[user.id]).value for user in people}


@pytest.mark.parametrize("policy", ["revoke", "fallback"])
@pytest.mark.parametrize("level", ["none", "collaborator"])
def test_pages_of_everybody_who_can_sign_in_agree_with_each_persons_access(
    everybody: None, level: str, policy: str
) -> None:
    back, ended = make_user("back@example.com"), make_user("ended@example.com")
    first, last = make_group("GK First", [back, ended]), make_group("GK Last", [back, ended])
    remove_members(first, back, ended)
    remove_members(last, back)
    add_members(first, back)
    delete_group(last.id, actor=ENTRA)
    make_user("never@example.com")
    link()
    for group in (None, IdpGroup.objects.get(display_name="GK Nothing")):
        map_group(group, "collaborator" if group is None else level)
    set_last_group_policy(policy, actor=ADMIN)
    people = list(User.objects.all())
    access = access_of_many(people)
    expected = [user for user in people if state_of(access[user.id]) is State.CAN_SIGN_IN]

    parts = state_parts(User.objects.all(), State.CAN_SIGN_IN, NOBODY, in_bulk=True)
    pages = [numbered_page(parts, start, 3) for start in range(0, len(expected), 3)]

    assert [user for page, _ in pages for user in page] == expected
    assert {total for _, total in pages} == {len(expected)}
    assert numbered_page(parts, len(expected), 3) == ([], len(expected))
    names = {user.user_name for user in expected}
    assert {"back@example.com", "ended@example.com", "never@example.com"} < names
    assert ("left@example.com" in names, "nothing@example.com" in names) == (policy == "fallback", level != "none")


def test_counts_add_up_to_everybody_and_each_filter_finds_as_many(everybody: None) -> None:
    counts = count_states(NOBODY)

    assert list(counts) == list(State)
    assert sum(counts.values()) == User.objects.count()
    assert {state: in_state(User.objects.all(), state, NOBODY).count() for state in State} == counts
    assert counts == {state: Counter(states().values())[state.value] for state in State}


def test_before_anything_is_connected_everybody_waits_for_the_connection() -> None:
    make_user("ada@example.com")

    assert states() == {"ada@example.com": "no_saml_connection"}


def refuse(user: User, name: str = "a•••@c•••", **fields: Any) -> SignInAttempt:
    facts = {"accepted": False, "failed_check": UNKNOWN_PERSON, "user_by": "local_part", "name_key": name_key(name)}
    return SignInAttempt.objects.create(user=user, name_id=name, **{**facts, **fields})


def differing(*people: User) -> dict[UUID, str]:
    """By the list and by the names of a page, which have to agree."""
    found = refused_name_ids(people)
    assert set(
        in_state(User.objects.all(), State.NAME_ID_DIFFERS, differs_from_name_id()).values_list("pk", flat=True)
    ) == set(found)
    return found


def test_whoever_last_came_under_an_unknown_name_differs_from_the_name_id() -> None:
    make_provider()
    ada, bo = make_user("ada@example.com"), make_user("bo@example.com")
    link()
    refuse(ada, "ada@corp.example")
    refuse(bo, accepted=True, failed_check="")

    assert differing(ada, bo) == {ada.id: "ada@corp.example"}
    assert states(differs_from_name_id()) == {"ada@example.com": "name_id_differs", "bo@example.com": "can_sign_in"}


def test_it_is_over_once_the_person_came_in_or_is_named_otherwise() -> None:
    make_provider()
    ada, bo = make_user("ada@example.com"), make_user("bo@example.com")
    link()
    for user in (ada, bo):
        refuse(user)

    refuse(ada, accepted=True, failed_check="")
    edit_user(bo.id, lambda state: replace(state, work_email="bo@corp.example"), actor=ENTRA)

    assert differing(ada, bo) == {}


@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL compiles queries")
def test_queries_are_not_compiled() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW jit")
        assert cursor.fetchone() == ("off",)
