"""Any day in the past: a random history asked about afterwards answers what it answered at the time."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatekeeper.directory.changes import MembersChange
from gatekeeper.directory.groups import delete_group, edit_group
from gatekeeper.directory.levels import Level
from gatekeeper.directory.mappings import choose_fallback_team, reset_mapping, set_last_group_policy
from gatekeeper.directory.models import IdentityProvider, IdpGroup, Team, User
from gatekeeper.directory.queries import access_of, access_of_many, user_by_name
from gatekeeper.directory.sign_in import end_identity_provider
from gatekeeper.directory.teams import delete_team, rename_team
from gatekeeper.directory.users import delete_user, edit_user
from gatekeeper.errors import DomainError
from tests.builders import (
    ADMIN,
    ENTRA,
    add_members,
    link,
    make_group,
    make_provider,
    make_team,
    make_user,
    map_group,
    remove_members,
)

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 3, 9, tzinfo=UTC)
PERMISSIONS = ("configuration", "reports", "users")


class _RolledBack(Exception):
    """Ends one history without a trace."""


class World:
    """Two or three of everything, and what may happen to them; numbers choose among the living."""

    def __init__(self) -> None:
        self.people: list[User] = [make_user(f"p{number}@example.com") for number in range(3)]
        self.groups: list[IdpGroup] = [make_group(f"GK {number}") for number in range(2)]
        self.teams: list[Team] = [make_team(f"Team {number}") for number in range(2)]
        self.providers: list[IdentityProvider] = [make_provider()]
        self.steps: dict[str, Callable[[int, int], object]] = {
            "join": lambda a, b: add_members(self.group(a), self.person(b)),
            "leave": lambda a, b: remove_members(self.group(a), self.person(b)),
            "deactivate": lambda a, b: self.edit(a, active=False),
            "activate": lambda a, b: self.edit(a, active=True),
            "readdress": lambda a, b: self.edit(a, work_email=f"P{b % 4}@Example.com"),
            "rename": lambda a, b: self.edit(a, user_name=f"q{b}@example.com"),
            "no e-mail": lambda a, b: self.edit(a, work_email=None),
            "delete": lambda a, b: delete_user(self.person(a).id, actor=ENTRA),
            "arrive": lambda a, b: self.people.append(make_user(f"p{a % 4}@example.com")),
            "map": lambda a, b: self.map(self.group(a), b),
            "default": lambda a, b: self.map(None, b),
            "reset": lambda a, b: reset_mapping(self.group(a).id, actor=ADMIN),
            "delete group": lambda a, b: delete_group(self.group(a).id, actor=ENTRA),
            "new group": lambda a, b: self.groups.append(make_group(f"GK {a}", [self.person(b)])),
            "rename group": lambda a, b: edit_group(
                self.group(a).id,
                lambda state: replace(state, display_name=f"GK {b}"),
                MembersChange.keep(),
                actor=ENTRA,
            ),
            "fallback": lambda a, b: choose_fallback_team(self.team(a).id if b % 3 else None, actor=ADMIN),
            "policy": lambda a, b: set_last_group_policy(("revoke", "fallback")[a % 2], actor=ADMIN),
            "rename team": lambda a, b: rename_team(self.team(a).id, f"Team {b}", actor=ADMIN),
            "delete team": lambda a, b: delete_team(self.team(a).id, actor=ADMIN),
            "sync": lambda a, b: link(),
            "disconnect": lambda a, b: end_identity_provider(self.providers[-1].id, actor=ADMIN),
            "connect": lambda a, b: self.providers.append(make_provider()),
        }

    def person(self, number: int) -> User:
        return self.people[number % len(self.people)]

    def group(self, number: int) -> IdpGroup:
        return self.groups[number % len(self.groups)]

    def team(self, number: int) -> Team:
        return self.teams[number % len(self.teams)]

    def edit(self, number: int, **fields: Any) -> None:
        edit_user(self.person(number).id, lambda state: replace(state, **fields), actor=ENTRA)

    def map(self, group: IdpGroup | None, number: int) -> None:
        level = list(Level)[number % len(Level)].slug
        map_group(group, level, [PERMISSIONS[number % 3]], [self.team(number)] if number % 2 else [])

    def ask(self, at: datetime | None = None, who: list[User] | None = None) -> dict[Any, Any]:
        people = list(User.objects.filter(pk__in=[user.id for user in who or self.people]))
        return {user_id: access.as_document() for user_id, access in access_of_many(people, at).items()}


def test_access_before_a_change_is_what_it_was_to_the_second() -> None:
    with time_machine.travel(START, tick=False) as clock:
        ada = make_user("ada@example.com")
        group = make_group("GK Finance", [ada])
        map_group(group, "administrator")
        clock.shift(60)
        remove_members(group, ada)
        clock.shift(60)

    removed = START + timedelta(seconds=60)
    assert access_of(ada, removed - timedelta(seconds=1)).level is Level.ADMINISTRATOR
    assert access_of(ada, removed).level is Level.NONE


STEPS = (
    "join", "leave", "deactivate", "activate", "readdress", "rename", "no e-mail", "delete", "arrive", "map", "default",
    "reset", "delete group", "new group", "rename group", "fallback", "policy", "rename team", "delete team", "sync",
    "disconnect", "connect",
)  # fmt: skip
histories = st.lists(
    st.tuples(st.sampled_from(STEPS), st.integers(0, 7), st.integers(0, 7), st.sampled_from([1, 59, 3600])),
    min_size=1,
    max_size=25,
)


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(history=histories)
def test_asking_afterwards_gives_the_answers_that_were_given_at_the_time(db: None, history: list[Any]) -> None:
    try:
        with transaction.atomic(), time_machine.travel(START, tick=False) as clock:
            world = World()
            asked = [(START, list(world.people), world.ask())]
            for name, a, b, seconds in history:
                clock.shift(seconds)
                try:
                    with transaction.atomic():
                        world.steps[name](a, b)
                except DomainError:
                    continue  # refused: nothing happened, as a door would answer
                now = datetime.now(UTC)
                asked.append((now, list(world.people), world.ask()))
            clock.shift(5)
            for (moment, people, answer), until in zip(asked, [*(at for at, _, _ in asked[1:]), None], strict=True):
                assert world.ask(moment, people) == answer
                if until is not None:
                    assert world.ask(until - timedelta(seconds=1), people) == answer
            raise _RolledBack
    except _RolledBack:
        pass


def test_every_step_of_the_histories_can_happen() -> None:
    assert set(World().steps) == set(STEPS)


def test_somebody_is_found_by_the_name_that_they_had_at_the_time() -> None:
    with time_machine.travel(START, tick=False) as clock:
        ada = make_user("ada@example.com")
        clock.shift(60)
        edit_user(ada.id, lambda state: replace(state, user_name="king@example.com"), actor=ENTRA)
        clock.shift(60)
        heir = make_user("ada@example.com", work_email=None)
        clock.shift(60)

    assert user_by_name("ADA@example.com", START + timedelta(seconds=59)) == ada
    assert user_by_name("king@example.com", START + timedelta(seconds=59)) == ada
    assert user_by_name("ada@example.com", START + timedelta(seconds=120)) == heir
    assert user_by_name("ada@example.com", START - timedelta(seconds=1)) is None
    assert access_of(ada, START).user_name == "ada@example.com"


def test_a_link_counts_under_the_address_of_that_moment() -> None:
    with time_machine.travel(START, tick=False) as clock:
        make_provider()
        ada = make_user("ada@example.com")
        link()
        clock.shift(60)
        edit_user(ada.id, lambda state: replace(state, work_email="king@example.com"), actor=ENTRA)
        clock.shift(60)
        link()
        ada.refresh_from_db()

    blocked = [access_of(ada, START + timedelta(seconds=seconds)).blocked_because for seconds in (59, 60, 119, 120)]
    assert blocked == [None, "awaiting_saml_sync", "awaiting_saml_sync", None]


def test_names_of_several_renamings_are_kept_apart() -> None:
    with time_machine.travel(START, tick=False) as clock:
        team, ada = make_team("One"), make_user()
        map_group(None, teams=[team])
        for name in ("Two", "Three"):
            clock.shift(60)
            rename_team(team.id, name, actor=ADMIN)
        clock.shift(60)

    told = [list(access_of(ada, START + timedelta(seconds=at)).teams.values()) for at in (0, 60, 119, 120)]
    assert told == [["One"], ["Two"], ["Two"], ["Three"]]
