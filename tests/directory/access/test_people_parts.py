"""Lists of people are joined as sets: no condition of theirs is a sub-plan that runs for every person."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gatekeeper.directory.access.loaders import site_facts
from gatekeeper.directory.access.people_pages import Place, count_up_to, page_by_name
from gatekeeper.directory.access.people_parts import Parts, count_people, united
from gatekeeper.directory.access.states import State
from gatekeeper.directory.explanation.readiness_lists import count_states, state_parts
from gatekeeper.directory.explanation.who_had import holders
from gatekeeper.directory.levels import Level
from gatekeeper.directory.models import User
from gatekeeper.directory.permissions import Permission
from gatekeeper.directory.teams.fallback_members import people_without_own_team
from gatekeeper.runtime.row_counts import RowCount
from saml.sync.name_mismatches import differs_from_name_id
from tests.builders import link, make_group, make_provider, make_team, make_users, map_group, remove_members

pytestmark = pytest.mark.django_db

LISTS: dict[str, Callable[[], Parts]] = {
    **{
        state.value: lambda state=state: state_parts(User.objects.all(), state, differs_from_name_id())  # type: ignore[misc]
        for state in State
    },
    "who has Reports": lambda: holders(Permission.REPORTS),
    "who had Reports": lambda: holders(Permission.REPORTS, timezone.now()),
    "who has a level": lambda: holders(Level.COLLABORATOR),
    "who had a level": lambda: holders(Level.COLLABORATOR, timezone.now()),
    "by fallback": lambda: people_without_own_team(site_facts()),
}


@pytest.fixture
def company() -> list[User]:
    """People in groups with and without a mapping, a team and a level, in none, and removed from their last one."""
    make_provider()
    people = make_users(12)
    groups = [make_group(f"GK {number}", people[number : number + 4]) for number in range(0, 8, 2)]
    map_group(groups[0], "collaborator", ["reports"], [make_team()])
    map_group(groups[1], "none", ["reports"])
    map_group(groups[2], "administrator")
    map_group(None, "collaborator", ["reports"])
    remove_members(groups[3], *people[8:10])
    link()
    return people


@pytest.mark.parametrize("near", [2, 1000])
@pytest.mark.parametrize("name", LISTS)
def test_a_page_asks_a_few_statements_whose_conditions_are_no_sub_plans(
    company: list[User], monkeypatch: pytest.MonkeyPatch, name: str, near: int
) -> None:
    monkeypatch.setattr("gatekeeper.directory.access.people_pages.NEAR", near)
    parts = LISTS[name]()

    with CaptureQueriesContext(connection) as asked:
        page_by_name(parts, limit=3)
        page_by_name(parts, Place(after=company[3].pk), limit=3)

    assert len(asked) <= 2 * (8 if connection.vendor == "postgresql" else 10)  # SQLite reads each part by itself
    with CaptureQueriesContext(connection) as counted:
        count_people(parts)
        count_states(differs_from_name_id())
    assert not sub_plans([*asked.captured_queries, *counted.captured_queries])


def sub_plans(queries: list[dict[str, Any]]) -> list[str]:
    """What PostgreSQL would run for each row of another table."""
    if connection.vendor != "postgresql":
        return []
    found = []
    with connection.cursor() as cursor:
        for sql in (query["sql"] for query in queries if query["sql"].startswith(("SELECT", "("))):
            cursor.execute(f"EXPLAIN {sql}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
            found += [f"{plan}\n{sql[:2000]}"] if "SubPlan" in plan else []
    return found


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("near", [2, 1000])
def test_pages_turned_one_after_another_have_the_people_of_the_whole_list(
    company: list[User], monkeypatch: pytest.MonkeyPatch, name: str, near: int
) -> None:
    monkeypatch.setattr("gatekeeper.directory.access.people_pages.NEAR", near)
    parts = LISTS[name]()
    whole: QuerySet[User] = united(parts).order_by("user_name_folded", "id")

    found, page = list[User](), page_by_name(parts, limit=3)
    found += page.people
    while page.last:
        page = page_by_name(parts, Place(after=page.last), limit=3)
        found += page.people

    assert found == list(whole)
    assert count_people(parts) == len(found)


@pytest.mark.parametrize(
    ("most", "statements", "expected"),
    [(2, 1, RowCount(2, is_more=True)), (5, 2, RowCount(5, is_more=True)), (7, 2, RowCount(7)), (8, 2, RowCount(7))],
)
def test_parts_are_counted_until_there_are_enough(most: int, statements: int, expected: RowCount) -> None:
    first, second = make_users(4), make_users(3)
    parts = [User.objects.filter(pk__in=[each.pk for each in part]) for part in (first, second)]

    with CaptureQueriesContext(connection) as asked:
        assert count_up_to(parts, most) == expected

    assert len(asked) == statements
