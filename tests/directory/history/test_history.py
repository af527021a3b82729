"""Any day in the past: a random history asked about afterwards answers what it answered at the time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import cycle, zip_longest
from typing import Any

import pytest
import time_machine
from django.db.models import Q
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatekeeper.directory.access.loaders import access_of, access_of_many, user_by_name
from gatekeeper.directory.access.states import State, state_of
from gatekeeper.directory.changes import MembersChange
from gatekeeper.directory.explanation.readiness_lists import in_state
from gatekeeper.directory.explanation.who_had import who_had
from gatekeeper.directory.groups.idp_groups import delete_group, edit_group
from gatekeeper.directory.history.loading import history_of
from gatekeeper.directory.history.timeline import timeline
from gatekeeper.directory.identity_linking.domains import set_domains
from gatekeeper.directory.identity_linking.identity_providers import end_identity_provider
from gatekeeper.directory.levels import Level
from gatekeeper.directory.mappings.mappings import choose_fallback_team, reset_mapping, set_last_group_policy
from gatekeeper.directory.models import IdentityProvider, IdpGroup, Membership, Team, User
from gatekeeper.directory.people.users import delete_user, edit_user
from gatekeeper.directory.permissions import Permission
from gatekeeper.directory.teams.teams import delete_team, merge_teams, rename_team
from gatekeeper.errors import DomainError
from gatekeeper.runtime.transactions import one_transaction
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
from tests.transactions import rolled_back

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 3, 9, tzinfo=UTC)
PERMISSIONS = ("configuration", "reports", "users")


class World:
    """Two or three of everything, and what may happen to them; numbers choose among the living."""

    def __init__(self) -> None:
        self.people: list[User] = [make_user(f"p{number}@example.com") for number in range(3)]
        self.groups: list[IdpGroup] = [make_group(f"GK {number}") for number in range(2)]
        self.teams: list[Team] = [make_team(f"Team {number}") for number in range(2)]
        self.providers: list[IdentityProvider] = [make_provider()]
        self.steps: dict[str, Callable[[int, int], object]] = {
            "join": lambda a, b: add_members(self.group(a), self.person(b)),
            "leave": lambda a, b: self.leave(a),
            "deactivate": lambda a, b: self.edit(a, active=False),
            "activate": lambda a, b: self.edit_inactive(a, active=True),
            "revive": lambda a, b: self.revive(a),
            "readdress": lambda a, b: self.edit(a, work_email=f"P{b % 4}@{('Example.com', 'other.example')[b % 2]}"),
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
            "merge teams": lambda a, b: merge_teams(self.team(a).id, self.team(b).id, actor=ADMIN),
            "sync": lambda a, b: link(),
            "disconnect": lambda a, b: end_identity_provider(self.providers[-1].id, actor=ADMIN),
            "connect": lambda a, b: self.providers.append(make_provider()),
            "domains": self.state_domains,
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

    def edit_inactive(self, number: int, **fields: Any) -> None:
        for user in self.inactive(number):
            edit_user(user.id, lambda state: replace(state, **fields), actor=ENTRA)

    def revive(self, number: int) -> None:
        """Okta assigns somebody again by a POST of their userName."""
        for user in self.inactive(number):
            make_user(user.user_name)

    def inactive(self, number: int) -> list[User]:
        """One of those who are inactive, if there is any."""
        found = list(User.objects.provisioned().filter(active=False).order_by("created_at", "id"))
        return [found[number % len(found)]] if found else []

    def state_domains(self, a: int, b: int) -> None:
        provider = self.providers[a % len(self.providers)]
        set_domains(
            provider.id,
            [("example.com",), ("example.com", "other.example"), ("other.example",), ()][b % 4],
            actor=ADMIN,
        )

    def leave(self, number: int) -> None:
        memberships = list(Membership.objects.live().select_related("group", "user").order_by("since", "id"))
        if memberships:
            membership = memberships[number % len(memberships)]
            remove_members(membership.group, membership.user)

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
    "join", "leave", "deactivate", "activate", "revive", "readdress", "rename", "no e-mail", "delete", "arrive", "map",
    "default", "reset", "delete group", "new group", "rename group", "fallback", "policy", "rename team", "delete team",
    "merge teams", "sync", "disconnect", "connect", "domains",
)  # fmt: skip
OFTEN = ("join", "join", "join", "leave", "leave", "map", "map", "deactivate", "revive", "revive", "sync", "reset")
histories = st.lists(
    st.tuples(st.sampled_from(STEPS + OFTEN), st.integers(0, 7), st.integers(0, 7), st.sampled_from([1, 59, 3600])),
    min_size=6,
    max_size=20,
)
# A history takes a quarter of a second of asking, so there are fewer of them than of other examples.
some = settings(max_examples=settings().max_examples * 2 // 3, suppress_health_check=list(HealthCheck))
fewer = settings(max_examples=settings().max_examples // 4, suppress_health_check=list(HealthCheck))
Asked = tuple[datetime, list[User], dict[Any, Any]]


@contextmanager
def played(
    history: list[Any], each: Callable[[World], object] = lambda world: None
) -> Iterator[tuple[World, list[Asked]]]:
    """The world after a history, with what was answered at the time after each step; nothing of it stays."""
    with rolled_back(), time_machine.travel(START, tick=False) as clock:
        world = World()
        asked = [(START, list(world.people), world.ask())]
        for name, a, b, seconds in history:
            clock.shift(seconds)
            try:
                with one_transaction():
                    world.steps[name](a, b)
            except DomainError:
                continue  # refused: nothing happened, as an endpoint would answer
            asked.append((datetime.now(UTC), list(world.people), world.ask()))
            each(world)
        clock.shift(5)
        yield world, asked


def last_seconds(asked: list[Asked]) -> Iterator[tuple[datetime, Asked]]:
    """Each answer with its own moment, and with the last second before the next one."""
    for this, following in zip_longest(asked, asked[1:]):
        yield this[0], this
        if following is not None:
            yield following[0] - timedelta(seconds=1), this


@some
@given(history=histories)
def test_asking_afterwards_gives_the_answers_that_were_given_at_the_time(db: None, history: list[Any]) -> None:
    with played(history) as (world, asked):
        for moment, (_, people, answer) in last_seconds(asked):
            assert world.ask(moment, people) == answer


@fewer
@given(history=histories)
def test_who_had_it_names_those_whose_access_had_it(db: None, history: list[Any]) -> None:
    wanted: Iterator[Level | Permission] = cycle([*map(Permission, PERMISSIONS), *Level])
    with played(history) as (_, asked):
        for moment, (_, _, answer) in last_seconds(asked):
            permission_or_level = next(wanted)
            found = {user.id: access.as_document() for user, access in who_had(permission_or_level, moment)}
            assert found == {user_id: had for user_id, had in answer.items() if has(had, permission_or_level)}


def test_who_had_no_level_names_who_was_removed_from_their_last_group(db: None) -> None:
    group = make_group(members=[ada := make_user()])
    set_last_group_policy("revoke", actor=ADMIN)
    map_group(None, "collaborator")
    remove_members(group, ada)

    assert [user for user, _ in who_had(Level.NONE)] == [ada]


def has(document: dict[str, Any], wanted: Level | Permission) -> bool:
    if isinstance(wanted, Permission):
        return wanted in document["permissions"]
    return document["level"] == wanted.slug and document["active"]


@fewer
@given(history=histories)
def test_the_timeline_has_each_change_of_access_and_nothing_else(db: None, history: list[Any]) -> None:
    with played(history) as (world, asked):
        for user in User.objects.filter(pk__in=[user.id for user in world.people]):
            facts = history_of(user)
            for moment, (_, people, answer) in last_seconds(asked):
                if user in people:
                    assert without_conflict(facts.access_at(moment).as_document()) == without_conflict(answer[user.id])
            changes = timeline(facts)
            assert [change.at for change in changes] == changes_among(asked, user)[::-1]
            assert all(change.causes and change.effects for change in changes)


def without_conflict(document: dict[str, Any]) -> dict[str, Any]:
    """Whether somebody else has the same work e-mail is not one of a person's own facts."""
    waiting = document["blocked_because"] == "identity_conflict"
    return {**document, "blocked_because": "awaiting_saml_sync"} if waiting else document


def changes_among(asked: list[Asked], user: User) -> list[datetime]:
    """The moments at which the answers about one person became others."""
    about = [(moment, without_conflict(answer[user.id])) for moment, people, answer in asked if user in people]
    before = [(None, None), *about]
    return [moment for (_, old), (moment, new) in zip(before, about, strict=False) if old != new]


@fewer
@given(history=histories)
def test_lists_by_state_say_of_everybody_what_is_said_of_each(db: None, history: list[Any]) -> None:
    nobody = Q(pk__in=[])

    def states_agree(world: World) -> None:
        people = list(User.objects.all())
        access = access_of_many(people)
        everybody = User.objects.all()
        listed = [
            (pk, state.value)
            for state in State
            for pk in in_state(everybody, state, nobody).values_list("pk", flat=True)
        ]
        assert len(listed) == len(people)
        assert dict(listed) == {user.id: state_of(access[user.id]).value for user in people}

    with played(history, each=states_agree):
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

    found = [list(access_of(ada, START + timedelta(seconds=at)).teams.values()) for at in (0, 60, 119, 120)]
    assert found == [["One"], ["Two"], ["Two"], ["Three"]]
