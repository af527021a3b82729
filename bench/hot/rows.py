"""What is measured: each kind of request, its twin and its target."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote_plus
from uuid import uuid4

from bench.hot.people import SPARE, body_of, external_id, user_name
from bench.hot.servers import Directory
from entra_client.protocol import requests
from entra_client.protocol.client_quirks import WITH_FLAG, WITHOUT_FLAG
from entra_client.protocol.transport import Request

Twin = Literal["read", "write", "page"]
Size = Literal["small", "middle", "large"]
Maker = Callable[[int], Request]

PAGE = 100  # people
BULK = 1_000  # people of one Bulk request
CHANGED = 50  # people who are changed again and again
_RUN = uuid4().hex[:8]


@dataclass(frozen=True)
class Row:
    """One kind of request. ``requests_for`` makes them for a directory; the n-th one is asked for by its number."""

    name: str
    twin: Twin
    target: float  # CPU as a multiple of the twin's, on PostgreSQL
    requests_for: Callable[[Directory], Maker]
    status: tuple[int, ...] = (200,)
    results: int | None = None  # how many resources a list answers, where one is asked for
    sizes: tuple[Size, ...] = ("middle",)
    is_long: bool = False  # takes seconds: one after the other only


SQLITE_MAY_COST = 1.3  # times the target on PostgreSQL


def find(filter_of: Callable[[int], str]) -> Callable[[Directory], Maker]:
    """Lists of one user."""
    return lambda directory: (
        lambda number: Request(
            method="GET", path="/Users", query=f"filter={quote_plus(filter_of(number * 7 % len(directory.users)))}"
        )
    )


def read_user(directory: Directory) -> Maker:
    """Somebody by their id."""
    users = directory.users
    return lambda number: requests.read("User", users[number * 7 % len(users)])


def read_small_group(directory: Directory) -> Maker:
    """A group of ten, without its members."""
    return lambda number: requests.read("Group", directory.small[number % len(directory.small)], without_members=True)


def read_everybody(directory: Directory) -> Maker:
    """The group of everybody, without its members."""
    return lambda _: requests.read("Group", directory.everybody, without_members=True)


def create_user(_: Directory) -> Maker:
    """Somebody new, as Entra sends them."""
    return lambda number: requests.create("User", new_person(number))


def new_person(number: int) -> dict[str, Any]:
    """A body of somebody who was never there, in this run or another."""
    who = f"{_RUN}-{uuid4().hex[:8]}"
    return {**body_of(number), **{name: body_of(who)[name] for name in ("userName", "externalId", "emails")}}


def add_to_small_group(directory: Directory) -> Maker:
    """Somebody else into each group of ten in turn."""
    groups, spare = directory.small, directory.spare

    def make(number: int) -> Request:
        one = spare[number // len(groups) % len(spare)]
        return requests.change("Group", groups[number % len(groups)], WITHOUT_FLAG.add_members([one]))

    return make


def change_members_of_everybody(directory: Directory) -> Maker:
    """Each of those who are in no group into the group of everybody; when all are in, each out again."""

    def make(number: int) -> Request:
        one = [directory.spare[number % SPARE]]
        out = number // SPARE % 2
        body = WITHOUT_FLAG.remove_members(one) if out else WITHOUT_FLAG.add_members(one)
        return requests.change("Group", directory.everybody, body)

    return make


def in_the_middle(directory: Directory) -> list[str]:
    """The people who are changed. None of them is on a page that is read, where their former rows are in the way."""
    return directory.users[len(directory.users) // 2 :][:CHANGED]


def switch_active(directory: Directory) -> Maker:
    """A few people deactivated, and activated again."""
    users = in_the_middle(directory)

    def make(number: int) -> Request:
        active = bool(number // len(users) % 2)
        return requests.change("User", users[number % len(users)], WITH_FLAG.change_user({}, active=active))

    return make


def change_three(directory: Directory) -> Maker:
    """Three attributes of somebody, each to a value that it did not have."""
    users = in_the_middle(directory)

    def make(number: int) -> Request:
        values = {
            "displayName": f"Renamed {number}",
            "title": f"Title {number}",
            "name.familyName": f"Family {number}",
        }
        return requests.change("User", users[number % len(users)], WITHOUT_FLAG.change_user(values))

    return make


def first_page(_: Directory) -> Maker:
    """The first hundred."""
    return lambda _number: requests.page_of_users(1, PAGE)


def deep_page(directory: Directory) -> Maker:
    """The hundred before the last one."""
    return lambda _number: requests.page_of_users(directory.people - PAGE + 1, PAGE)


def bulk(_: Directory) -> Maker:
    """Many new people at once."""

    def make(_number: int) -> Request:
        operations = [
            {"method": "POST", "path": "/Users", "bulkId": f"{place}", "data": new_person(place)}
            for place in range(BULK)
        ]
        schemas = ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"]
        return Request(method="POST", path="/Bulk", body={"schemas": schemas, "Operations": operations})

    return make


CHANGE = (200, 204)
ROWS = (
    Row("GET a user by id", "read", 0.9, read_user),
    Row("filter userName", "read", 0.9, find(lambda one: f'userName eq "{user_name(one)}"'), results=1),
    Row("filter externalId", "read", 0.9, find(lambda one: f'externalId eq "{external_id(one)}"'), results=1),
    Row(
        "filter work e-mail",
        "read",
        0.9,
        find(lambda one: f'emails[type eq "work"].value eq "{user_name(one)}"'),
        results=1,
    ),
    Row("GET a group of 10 without members", "read", 0.9, read_small_group),
    Row("GET the group of everybody without members", "read", 0.9, read_everybody, sizes=("middle", "large")),
    Row("POST a user", "write", 1.4, create_user, (201,)),
    Row("PATCH one member, group of 10", "write", 1.3, add_to_small_group, CHANGE, sizes=("middle", "large")),
    Row(
        "PATCH one member, group of everybody",
        "write",
        1.3,
        change_members_of_everybody,
        CHANGE,
        sizes=("middle", "large"),
    ),
    Row("PATCH active", "write", 1.5, switch_active, CHANGE, sizes=("small", "middle", "large")),
    Row("PATCH three attributes", "write", 1.5, change_three, CHANGE, sizes=("small", "middle", "large")),
    Row("page of 100 users, first", "page", 1.3, first_page, results=PAGE),
    Row("page of 100 users, deep", "page", 1.3, deep_page, results=PAGE, sizes=("middle", "large")),
    Row(f"Bulk of {BULK:,} users", "write", 250, bulk, is_long=True),
)
