"""Filters and counts by state say of everybody what is said of one person."""

from collections import Counter
from dataclasses import replace

import pytest
from django.db.models import Q

from gatekeeper.directory.mappings import set_last_group_policy
from gatekeeper.directory.models import User
from gatekeeper.directory.queries import access_of_many
from gatekeeper.directory.readiness_lists import count_states, in_state, with_state
from gatekeeper.directory.sign_in import UNKNOWN_PERSON, open_sign_in
from gatekeeper.directory.states import State, state_of
from gatekeeper.directory.users import delete_user, edit_user
from saml.mismatch import differs_from_name_id, refused_name_ids
from saml.models import SignInAttempt
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
    return dict(with_state(User.objects.all(), differs).values_list("user_name", "state"))


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


def test_counts_add_up_to_everybody_and_each_filter_finds_as_many(everybody: None) -> None:
    counts = count_states(NOBODY)

    assert list(counts) == list(State)
    assert sum(counts.values()) == User.objects.count()
    assert {state: in_state(state, NOBODY).count() for state in State} == counts
    assert counts == {state: Counter(states().values())[state.value] for state in State}


def test_before_anything_is_connected_everybody_waits_for_the_connection() -> None:
    make_user("ada@example.com")

    assert states() == {"ada@example.com": "no_saml_connection"}


def refuse(name_id: str) -> None:
    SignInAttempt.objects.create(accepted=False, failed_check=UNKNOWN_PERSON, name_id=name_id)


def test_whoever_was_refused_under_their_user_name_differs_from_the_name_id() -> None:
    make_provider()
    ada = make_user("ada@corp.example", work_email="ada@example.com")
    bo = make_user("bo@corp.example", work_email="bo@example.com")
    link()
    refuse("Ada@Corp.example")
    refuse("stranger@example.com")

    assert states(differs_from_name_id()) == {ada.user_name: "name_id_differs", bo.user_name: "can_sign_in"}
    assert refused_name_ids([ada, bo]) == {ada.id: "Ada@Corp.example"}
    assert list(in_state(State.NAME_ID_DIFFERS, differs_from_name_id())) == [ada]


def test_a_name_that_somebody_had_before_is_theirs_too() -> None:
    make_provider()
    ada = make_user("ada", work_email="ada@example.com")
    link()
    edit_user(ada.id, lambda state: replace(state, work_email="king@example.com"), actor=ENTRA)
    link()
    refuse("ada@example.com")

    assert refused_name_ids([ada]) == {ada.id: "ada@example.com"}


def test_a_refused_name_is_forgotten_once_the_person_came_in_or_the_name_fits() -> None:
    provider = make_provider()
    ada, bo = (make_user(f"{name}@corp.example", work_email=f"{name}@example.com") for name in ("ada", "bo"))
    link()
    for user in (ada, bo):
        refuse(user.user_name)

    open_sign_in(ada, provider_id=provider.id, actor=ENTRA)
    edit_user(bo.id, lambda state: replace(state, work_email=state.user_name), actor=ENTRA)

    assert refused_name_ids([ada, bo]) == {}
