"""Two moments compared: who gained a permission or a level, who lost it, and by which change."""

import csv
import io
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from gatekeeper.directory.explanation import who_changed
from gatekeeper.directory.explanation.who_had import who_had
from gatekeeper.directory.groups.idp_groups import delete_group
from gatekeeper.directory.levels import Level
from gatekeeper.directory.mappings.mappings import reset_mapping, set_last_group_policy
from gatekeeper.directory.models import IdpGroup, User
from gatekeeper.directory.people.users import delete_user, edit_user
from gatekeeper.directory.permissions import Permission
from tests.builders import (
    ADMIN,
    add_members,
    make_group,
    make_provider,
    make_user,
    make_users,
    map_group,
    remove_members,
)
from tests.web.pages import text_of

START = datetime(2026, 3, 3, 9, tzinfo=UTC)
BEFORE, AFTER = START + timedelta(minutes=5), START + timedelta(minutes=15)
ADDRESS, EXPORT = "/who-had/", "/who-had/csv/"
pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class World:
    """Ada is in Finance, which gives Reports; Bo is in Sales, which gives none; Cy is in no group."""

    ada: User
    bo: User
    cy: User
    finance: IdpGroup
    sales: IdpGroup


@pytest.fixture
def world() -> World:
    with time_machine.travel(START, tick=False):
        make_provider()
        ada, bo, cy = (make_user(f"{name}@example.com") for name in ("ada", "bo", "cy"))
        finance, sales = make_group("GK Finance", [ada]), make_group("GK Sales", [bo])
        map_group(finance, "administrator", ["reports"])
        map_group(sales, "collaborator")
        return World(ada, bo, cy, finance, sales)


Change = Callable[[World], object]

CHANGES: dict[str, tuple[Change, dict[str, tuple[str, str]]]] = {
    "removed": (lambda w: remove_members(w.finance, w.ada), {"ada": ("lost", "Removed from GK Finance")}),
    "joined": (lambda w: add_members(w.finance, w.bo), {"bo": ("gained", "Joined GK Finance")}),
    "group deleted": (
        lambda w: delete_group(w.finance.id, actor=ADMIN),
        {"ada": ("lost", "GK Finance was deleted")},
    ),
    "mapping gives it": (
        lambda w: map_group(w.sales, "collaborator", ["reports"]),
        {"bo": ("gained", "The mapping of GK Sales was changed")},
    ),
    "mapping takes it": (
        lambda w: map_group(w.finance, "administrator"),
        {"ada": ("lost", "The mapping of GK Finance was changed")},
    ),
    "mapping reset": (
        lambda w: reset_mapping(w.finance.id, actor=ADMIN),
        {"ada": ("lost", "GK Finance was put back on the Default Mapping")},
    ),
    "default mapping gives it": (
        lambda _: map_group(None, "collaborator", ["reports"]),
        {"cy": ("gained", "The Default Mapping was changed")},
    ),
    "deactivated": (
        lambda w: edit_user(w.ada.id, lambda now: replace(now, active=False), actor=ADMIN),
        {"ada": ("lost", "Deactivated")},
    ),
    "deleted": (lambda w: delete_user(w.ada.id, actor=ADMIN), {"ada": ("lost", "Deleted")}),
    "provisioned": (
        lambda w: add_members(w.finance, make_user("dee@example.com")),
        {"dee": ("gained", "Provisioned")},
    ),
    "nothing that matters": (lambda w: add_members(w.sales, w.ada), {}),
}


def changed(wanted: Level | Permission = Permission.REPORTS) -> dict[str, tuple[str, str]]:
    rows = who_changed.rows(who_changed.compare(wanted, BEFORE, AFTER))
    return {row["user_name"].partition("@")[0]: (row["change"], row["why"][0].partition(" (")[0]) for row in rows}


@pytest.mark.parametrize("name", CHANGES)
def test_each_change_is_named_with_whom_it_gave_or_took_it(world: World, name: str) -> None:
    change, expected = CHANGES[name]
    with time_machine.travel(START + timedelta(minutes=10), tick=False):
        change(world)

    assert changed() == expected


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("wanted", [Permission.REPORTS, Level.ADMINISTRATOR, Level.COLLABORATOR], ids=str)
def test_it_is_the_difference_of_two_answers(world: World, name: str, wanted: Level | Permission) -> None:
    """The list of each moment is the oracle."""
    with time_machine.travel(START + timedelta(minutes=10), tick=False):
        CHANGES[name][0](world)

    assert_it_is_the_difference(wanted, BEFORE, AFTER)


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("at", [BEFORE, AFTER, AFTER + timedelta(minutes=1)], ids=["at first", "at last", "afterwards"])
def test_what_happened_at_a_moment_has_happened_by_then(world: World, name: str, at: datetime) -> None:
    with time_machine.travel(START + timedelta(minutes=1), tick=False):
        remove_members(world.sales, world.bo)
    with time_machine.travel(START + timedelta(minutes=10), tick=False):
        add_members(world.sales, world.bo, world.cy)
    with time_machine.travel(at, tick=False):
        CHANGES[name][0](world)

    assert_it_is_the_difference(Permission.REPORTS, BEFORE, AFTER)
    assert_it_is_the_difference(Permission.REPORTS, AFTER, BEFORE)


DEFAULTS = [("none", []), ("collaborator", []), ("collaborator", ["reports"]), ("none", ["reports"])]
OWN = [None, ("none", ["reports"]), ("administrator", ["reports"])]
STATES = list(itertools.product(DEFAULTS, OWN, ("revoke", "fallback")))


def test_states_that_follow_each_other_are_compared_rightly(world: World) -> None:
    """Who is in a group, in one without a mapping of its own, in both, in none, or was removed from the last one."""
    states = random.Random(7).sample(STATES, len(STATES))
    moments = [START + timedelta(hours=number) for number in range(1, len(states) + 1)]
    with time_machine.travel(START, tick=False):
        removed, both = make_user("removed@example.com"), make_user("both@example.com")
        add_members(world.sales, both, removed)
        add_members(world.finance, both)
        make_group("GK Plain", [make_user("plain@example.com")])
        remove_members(world.sales, removed)
    for moment, (default, own, policy) in zip(moments, states, strict=True):
        with time_machine.travel(moment, tick=False):
            map_group(None, *default)
            reset_mapping(world.finance.id, actor=ADMIN)
            if own:
                map_group(world.finance, *own)
            set_last_group_policy(policy, actor=ADMIN)

    for wanted in (Permission.REPORTS, Level.COLLABORATOR, Level.NONE):
        for earlier, later in itertools.pairwise(moments):
            assert_it_is_the_difference(wanted, earlier, later)


def assert_it_is_the_difference(wanted: Level | Permission, earlier: datetime, later: datetime) -> None:
    had, have = ({user.pk for user, _ in who_had(wanted, at)} for at in (earlier, later))
    found = who_changed.compare(wanted, earlier, later)

    assert {user.pk for user in who_changed.some_of(found.gained, 50)} == have - had
    assert {user.pk for user in who_changed.some_of(found.lost, 50)} == had - have
    assert who_changed.counts(found) == (len(have - had), len(had - have))


def test_the_choice_for_who_left_the_last_group_is_named(world: World) -> None:
    with time_machine.travel(START, tick=False):
        map_group(None, "collaborator", ["reports"])
        remove_members(world.finance, world.ada)
    assert changed() == {}
    with time_machine.travel(START + timedelta(minutes=10), tick=False):
        set_last_group_policy("fallback", actor=ADMIN)

    assert changed() == {"ada": ("gained", "After removal from the last group: Fall back to the Default Mapping")}


QUERY = {"wanted": "reports", "at": BEFORE.isoformat(), "compare": AFTER.isoformat()}


def both(world: World) -> None:
    with time_machine.travel(START + timedelta(minutes=10), tick=False):
        remove_members(world.finance, world.ada)
        add_members(world.finance, world.bo)


def test_the_page_shows_both_sides_with_links_and_reasons(admin_client: Client, world: World) -> None:
    both(world)

    text = " ".join(text_of(admin_client.get(ADDRESS, QUERY)).split())

    gained, lost = text.split("Gained it: 1</h3>")[1].split("Lost it: 1</h3>")
    assert "bo@example.com" in gained
    assert "Joined GK Finance" in gained
    assert f'href="/users/{world.ada.id}/?at=2026-03-03T09:05:00.000000Z">ada@example.com' in lost
    assert "Removed from GK Finance" in lost
    assert "Download CSV" in text


def test_the_order_of_the_moments_does_not_matter_and_now_is_one(admin_client: Client, world: World) -> None:
    both(world)
    turned = {**QUERY, "at": QUERY["compare"], "compare": QUERY["at"]}
    until_now = {**QUERY, "compare": "now"}

    for query in (turned, until_now):
        assert "Joined GK Finance" in text_of(admin_client.get(ADDRESS, query)).split("Lost it")[1]


def test_the_file_has_everybody_with_the_change(admin_client: Client, world: World) -> None:
    both(world)

    answer = admin_client.get(EXPORT, QUERY)
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]

    assert list(csv.reader(io.StringIO(text))) == [
        ["change", "user_name", "email", "why"],
        ["gained", "bo@example.com", "bo@example.com", "Joined GK Finance (2026-03-03T09:10:00+00:00)"],
        ["lost", "ada@example.com", "ada@example.com", "Removed from GK Finance (2026-03-03T09:10:00+00:00)"],
    ]


def test_what_is_no_moment_is_said_at_its_field(admin_client: Client) -> None:
    answer = admin_client.get(ADDRESS, {"wanted": "reports", "compare": "yesterday"})

    assert answer.status_code == 400
    assert 'aria-describedby="compare-fault compare-hint"' in text_of(answer)


def test_it_takes_few_statements_however_many_changed(admin_client: Client, world: World) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as counted:
            found = who_changed.compare(Permission.REPORTS, BEFORE, AFTER)
            who_changed.counts(found)
            people = [*who_changed.some_of(found.gained, 50), *who_changed.some_of(found.lost, 50)]
            who_changed.reasons(found, people)
        return len(counted)

    both(world)
    few = statements()
    with time_machine.travel(START + timedelta(minutes=10), tick=False):
        add_members(world.finance, *make_users(40))

    assert statements() == few <= 9


def test_in_a_large_company_it_is_worked_out_when_that_is_asked_for(
    admin_client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    both(world)
    monkeypatch.setattr("gatekeeper.directory.access.people_pages.NEAR", 1)

    at_once = text_of(admin_client.get(ADDRESS, QUERY))
    asked_for = text_of(admin_client.get(ADDRESS, {**QUERY, "counted": "1"}))

    assert "Compare both moments" in at_once
    assert "Joined GK Finance" not in at_once
    assert "Joined GK Finance" in asked_for
