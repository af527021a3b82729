"""Deep pages begin at rows that are remembered: the answers are those of OFFSET and COUNT, whoever came and went."""

import random
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone

from gatekeeper.directory.models import Origin, User
from scim.query import list_positions
from scim.query.list_positions import SETTLED_AFTER, starting_point
from tests.scim.test_costs import work

HOW_MANY = 57


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As with five thousand people and more, with fewer."""
    monkeypatch.setattr(list_positions, "WORTH_IT", 10)
    monkeypatch.setattr(list_positions, "SPACING", 7)
    list_positions.forget()
    yield
    list_positions.forget()


def make(count: int, *, days_ago: float = 1, origin: str = Origin.SCIM) -> list[User]:
    begin = timezone.now() - timedelta(days=days_ago)
    names = [f"p{days_ago}-{number}@x.com" for number in range(count)]
    # Three of each have the same time: ties are ordered by id.
    return User.objects.bulk_create(
        User(origin=origin, user_name=name, user_name_folded=name, created_at=begin + timedelta(seconds=number // 3))
        for number, name in enumerate(names)
    )


@pytest.fixture
def people(db: None) -> list[User]:
    make(5, days_ago=0.9, origin=Origin.LOCAL)
    return make(HOW_MANY)


def page(scim: Any, start: int, count: int = 5) -> tuple[int, list[str]]:
    answer = scim.get(f"/Users?startIndex={start}&count={count}&attributes=id").json()
    return answer["totalResults"], [each["id"] for each in answer["Resources"]]


def counted(start: int, count: int = 5) -> tuple[int, list[str]]:
    everybody = [str(pk) for pk in User.objects.provisioned().order_by("created_at", "id").values_list("pk", flat=True)]
    return len(everybody), everybody[start - 1 : start - 1 + count]


def assert_same(scim: Any) -> None:
    for start in range(1, HOW_MANY + 20, 3):
        assert page(scim, start) == counted(start), start


@pytest.mark.django_db
def test_each_page_is_that_of_offset_and_count(scim: Any, people: list[User]) -> None:
    assert starting_point(1) is None
    page(scim, 1)

    assert starting_point(1) is not None
    assert_same(scim)


@pytest.mark.django_db
def test_they_stay_so_when_the_clock_is_set_back(scim: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    two_hours = timedelta(hours=2)
    make(HOW_MANY, days_ago=-110 / 60 / 24)  # made while the clock was two hours ahead
    with monkeypatch.context() as ahead:
        ahead.setattr(list_positions, "timezone", _Ahead(two_hours))
        ahead.setattr(list_positions, "_clock", lambda: time.time() - time.monotonic() + two_hours.total_seconds())
        page(scim, 1)
        assert_same(scim)

    make(5, days_ago=0)
    assert_same(scim)


class _Ahead:
    """``django.utils.timezone`` with a clock that is ahead."""

    def __init__(self, by: timedelta) -> None:
        self.by = by

    def now(self) -> datetime:
        return timezone.now() + self.by


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.django_db
def test_they_stay_so_while_people_come_and_go(scim: Any, people: list[User], seed: int) -> None:
    page(scim, 1)
    choose = random.Random(seed)

    for _ in range(4):
        for user in choose.sample(people, 4):
            scim.delete(f"/Users/{user.pk}")
        scim.user(f"new{choose.random()}@x.com")
        assert_same(scim)


@pytest.mark.django_db
def test_who_was_deleted_long_ago_or_a_moment_before_does_not_count(scim: Any, people: list[User]) -> None:
    now = timezone.now()
    for user, ago in zip(people[::9], (0.01, 0.2, 0.5, 20, 3), strict=False):
        User.objects.filter(pk=user.pk).update(deleted_at=now - SETTLED_AFTER * ago)
    page(scim, 1)

    assert_same(scim)


@pytest.mark.django_db
def test_cursors_have_the_same_total(scim: Any, people: list[User]) -> None:
    page(scim, 1)
    scim.delete(f"/Users/{people[3].pk}")

    assert scim.get("/Users?cursor=&count=5").json()["totalResults"] == HOW_MANY - 1


@pytest.mark.django_db
def test_what_was_remembered_of_another_database_is_forgotten(scim: Any, people: list[User]) -> None:
    page(scim, 1)
    User.objects.filter(pk__in=[user.pk for user in people]).delete()
    make(HOW_MANY, days_ago=3)

    assert_same(scim)


@pytest.mark.django_db
def test_people_of_the_last_minutes_are_counted(scim: Any) -> None:
    make(HOW_MANY, days_ago=0)

    assert_same(scim)


@pytest.mark.django_db
def test_people_of_the_last_minutes_are_remembered_once_they_are_settled(
    scim: Any, seconds_pass: Callable[[float], None]
) -> None:
    """As after the first cycle of an identity provider: a process that looked too early looks again."""
    make(HOW_MANY, days_ago=0)
    page(scim, 40)
    assert starting_point(40) is None
    User.objects.update(created_at=F("created_at") - timedelta(days=1))
    page(scim, 40)
    assert starting_point(40) is None, "it does not look at each page"

    seconds_pass(list_positions._LOOKED_FOR_EVERY)
    page(scim, 40)

    assert_remembered(40)
    assert_same(scim)


@pytest.mark.django_db
def test_those_who_came_since_are_remembered_too(
    scim: Any, people: list[User], seconds_pass: Callable[[float], None]
) -> None:
    page(scim, 1)
    for user in make(30, days_ago=0.5)[::6]:
        scim.delete(f"/Users/{user.pk}")
    scim.delete(f"/Users/{people[4].pk}")
    seconds_pass(list_positions._LOOKED_FOR_EVERY)
    page(scim, HOW_MANY + 20)

    assert_remembered(HOW_MANY + 20)
    for start in range(1, HOW_MANY + 40, 3):
        assert page(scim, start) == counted(start), start


def assert_remembered(start: int) -> None:
    """The page begins less than two distances after a row that is remembered."""
    found = starting_point(start)
    assert found is not None
    assert found.skip < 2 * list_positions.SPACING


@pytest.fixture
def seconds_pass(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the process's clock forward."""

    def forward(seconds: float) -> None:
        begun = time.monotonic
        monkeypatch.setattr(list_positions.time, "monotonic", lambda: begun() + seconds)

    return forward


@pytest.mark.django_db
def test_a_filter_is_counted(scim: Any, people: list[User]) -> None:
    page(scim, 1)

    answer = scim.get(f'/Users?startIndex=20&count=3&filter=id ne "{people[0].pk}"').json()

    assert answer["totalResults"] == HOW_MANY - 1
    assert [each["id"] for each in answer["Resources"]] == counted(21, 3)[1]


MANY = 5_000


@pytest.mark.django_db
def test_a_page_costs_the_same_first_and_last(scim: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_positions, "SPACING", 100)
    make(MANY)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    page(scim, 1)
    starts = (1, MANY // 2, MANY - 10)
    cursors = [cursor_at(scim, start) for start in starts]

    by_index = [work(lambda: page(scim, start)) for start in starts]  # noqa: B023
    by_cursor = [work(lambda: scim.get(f"/Users?count=5&cursor={each}")) for each in cursors]  # noqa: B023

    # Counting them, or walking to the last one, would read 5,000 rows.
    assert max(by_index) < min(by_index) + 600, by_index
    assert max(by_cursor) < min(by_cursor) + 600, by_cursor
    assert max(*by_index, *by_cursor) < MANY / 2


def cursor_at(scim: Any, start: int) -> str:
    """The cursor of the page that begins with a number."""
    cursor, passed = "", 1
    while passed < start:
        count = min(1000, start - passed)
        cursor = scim.get(f"/Users?cursor={cursor}&count={count}&attributes=id").json()["nextCursor"]
        passed += count
    return cursor
