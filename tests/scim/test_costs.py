"""What requests cost: queries, and the work that the database does for them. Never measured as time."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gatekeeper.directory.models import IdpGroup, Membership, Origin, User
from scim.query.search_index import entries, insert
from scim.resources.profiles import user_profile
from tests.builders import make_group
from tests.scim.clients.journeys import filled

SMALL, LARGE = 10, 10_000


def make_many(how_many: int, prefix: str = "p", *, indexed: bool = True) -> list[User]:
    """Users with their search index, without the service functions, which create them one by one."""
    names = [f"{prefix}{number}@x.com" for number in range(how_many)]
    emails = [{"emails": [{"type": "work", "value": name}], "title": "T"} for name in names]
    users = [
        User(
            origin=Origin.SCIM,
            user_name=name,
            user_name_folded=name,
            display_name=f"N {name}",
            external_id=name.replace("p", "e").partition("@")[0],
            attributes=email,
        )
        for name, email in zip(names, emails, strict=True)
    ]
    User.objects.bulk_create(users, batch_size=1000)
    if indexed:
        insert({user.id: list(entries(user_profile(user.record()))) for user in users})
    return users


def queries(ask: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as captured:
        ask()
    return len([query for query in captured if "SAVEPOINT" not in query["sql"]])


def work(ask: Callable[[], Any]) -> int:
    """Rows that PostgreSQL touched in the directory's tables; steps that SQLite's machine took."""
    if connection.vendor == "postgresql":
        before = _tuples_read()
        ask()
        return _tuples_read() - before
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    connection.connection.set_progress_handler(count, 10)
    try:
        ask()
    finally:
        connection.connection.set_progress_handler(None, 0)
    return steps


def _tuples_read() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) FROM pg_stat_xact_user_tables")
        return int(cursor.fetchone()[0])


def test_adding_one_member_costs_the_same_in_a_group_of_ten_and_of_ten_thousand(scim):
    users = make_many(LARGE, indexed=False)
    (new,) = make_many(1, "new")
    groups = {size: make_group(f"GK {size}", users[:size]) for size in (SMALL, LARGE)}
    scim.get("/Users?count=1")
    asked: dict[str, Any] = {
        "add": {"op": "Add", "path": "members", "value": [{"value": str(new.id)}]},
        "add again": {"op": "Add", "path": "members", "value": [{"value": str(new.id)}]},
        "remove": {"op": "Remove", "path": "members", "value": [{"value": str(new.id)}]},
        "remove again": {"op": "remove", "path": f'members[value eq "{new.id}"]'},
    }
    for name, operation in asked.items():
        counts, efforts = {}, {}
        for size, group in groups.items():
            address = f"/Groups/{group.id}"
            efforts[size] = work(lambda: counts.update({size: queries(lambda: scim.patch(address, operation))}))  # noqa: B023
        assert counts[SMALL] == counts[LARGE], name
        # A deeper search tree takes a few steps more; anything that reads the members would take thousands.
        assert efforts[LARGE] <= efforts[SMALL] * 1.5 + 20, (name, efforts)


# Database statements of each request, savepoints not counted. The first is the look-up of the key; what changes
# access writes one event (create user, add member).
EXPECTED = {
    "get user": 1,
    "match, found": 1,
    "match, not found": 1,
    "match by e-mail": 1,
    "list": 3,
    "list, groups left out": 2,
    "get group without members": 1,
    "get group": 3,
    "list groups without members": 2,
    "create user": 7,
    "patch user": 7,
    "patch user, nothing new": 3,
    "create group": 5,
    "patch group, add member": 9,
}


# On PostgreSQL an audit entry, an event, a log entry and the like are one statement (sent_together.py).
TOGETHER = {"create user": 3, "patch user": 4, "create group": 4, "patch group, add member": 5}


def test_each_request_asks_the_fewest_queries(scim):
    ada = scim.user("ada@x.com", emails=[{"type": "work", "value": "ada@x.com"}])
    group = scim.group("GK", ada["id"])
    user, one = f"/Users/{ada['id']}", f"/Groups/{group['id']}"
    bo = scim.user("bo@x.com")
    asked: dict[str, Callable[[], Any]] = {
        "get user": lambda: scim.get(user),
        "match, found": lambda: scim.find("/Users", 'userName eq "ada@x.com"'),
        "match, not found": lambda: scim.find("/Users", 'userName eq "nobody@x.com"'),
        "match by e-mail": lambda: scim.find("/Users", 'emails[type eq "work"].value eq "ada@x.com"'),
        "list": lambda: scim.get("/Users?count=1"),
        "list, groups left out": lambda: scim.get("/Users?count=1&excludedAttributes=groups"),
        "get group without members": lambda: scim.get(f"{one}?excludedAttributes=members"),
        "get group": lambda: scim.get(one),
        "list groups without members": lambda: scim.get("/Groups?attributes=displayName"),
        "create user": lambda: scim.user("cy@x.com", title="T"),
        "patch user": lambda: scim.patch(user, {"op": "add", "path": "title", "value": "T"}),
        "patch user, nothing new": lambda: scim.patch(user, {"op": "add", "path": "title", "value": "T"}),
        "create group": lambda: scim.group("GK 2"),
        "patch group, add member": lambda: scim.patch(
            one, {"op": "add", "path": "members", "value": [{"value": bo["id"]}]}
        ),
    }

    expected = {**EXPECTED, **(TOGETHER if connection.vendor == "postgresql" else {})}
    assert {name: queries(ask) for name, ask in asked.items()} == expected


@pytest.mark.django_db(transaction=True)
def test_a_request_that_writes_is_one_transaction_without_savepoints(scim):
    """A savepoint is two more round trips; none of these requests catches a failure inside its transaction."""
    ada, bo = scim.user("ada@x.com"), scim.user("bo@x.com")
    group = scim.group("GK", ada["id"])
    user, one = f"/Users/{ada['id']}", f"/Groups/{group['id']}"
    member = {"path": "members", "value": [{"value": bo["id"]}]}
    asked: dict[str, Callable[[], Any]] = {
        "create user": lambda: scim.user("cy@x.com", title="T"),
        "replace user": lambda: scim.put(user, {"userName": "ada@x.com", "title": "T"}),
        "patch user": lambda: scim.patch(user, {"op": "add", "path": "title", "value": "U"}),
        "deactivate user": lambda: scim.patch(user, {"op": "replace", "path": "active", "value": False}),
        "create group": lambda: scim.group("GK 2", bo["id"]),
        "add member": lambda: scim.patch(one, {"op": "add", **member}),
        "remove member": lambda: scim.patch(one, {"op": "remove", **member}),
        "rename group": lambda: scim.patch(one, {"op": "replace", "path": "displayName", "value": "GK 3"}),
        "delete group": lambda: scim.delete(one),
        "delete user": lambda: scim.delete(user),
    }
    for name, ask in asked.items():
        with CaptureQueriesContext(connection) as captured:
            ask()
        control = [each["sql"] for each in captured if each["sql"].startswith(("BEGIN", "SAVEPOINT", "RELEASE"))]
        assert control in (["BEGIN"], ["BEGIN IMMEDIATE"]), name


@pytest.mark.parametrize("query", ["", "sortBy=emails.value", "filter=title%20pr", "attributes=userName"])
def test_a_page_costs_the_same_queries_whatever_its_size(scim, query):
    users = make_many(300)
    for number in range(5):
        make_group(f"GK {number}", users)
    for user in users[1:]:
        user.attributes["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"] = {
            "manager": {"value": str(users[0].id)}
        }
    User.objects.bulk_update(users, ["attributes"])
    scim.get("/Users?count=1")

    counts = {size: queries(lambda: scim.get(f"/Users?{query}&startIndex=2&count={size}")) for size in (5, 250)}  # noqa: B023

    assert counts[5] == counts[250]


def test_a_large_group_without_its_members_reads_none_of_them(scim):
    group = make_group("GK", make_many(2000, indexed=False))
    scim.get("/Users?count=1")

    assert work(lambda: scim.get(f"/Groups/{group.id}?excludedAttributes=members")) < 50
    assert work(lambda: scim.find("/Groups", 'displayName eq "gk"')) > (
        1000 if connection.vendor == "postgresql" else 0
    )


LOOKED_UP = {
    "userName": ("Users", 'userName eq "P77@x.com"'),
    "externalId": ("Users", 'externalId eq "e77"'),
    "emails.value": ("Users", 'emails.value eq "p77@x.com"'),
    "emails[type eq work].value": ("Users", 'emails[type eq "work"].value eq "p77@x.com"'),
    "emails[and]": ("Users", 'emails[type eq "work" and value eq "p77@x.com"]'),
    "id": ("Users", 'id eq "{id}"'),
    "displayName of users": ("Users", 'displayName eq "n p77@x.com"'),
    "meta.lastModified": ("Users", 'meta.lastModified eq "2126-01-01T00:00:00Z"'),
    "meta.lastModified, range": ("Users", 'meta.lastModified gt "2126-01-01T00:00:00Z"'),
    "displayName of groups": ("Groups", 'displayName eq "gk"'),
    "members.value": ("Groups", 'members.value eq "{id}"'),
    "members": ("Groups", 'members[value eq "{id}"]'),
    "id and members": ("Groups", 'id eq "{group}" and members eq "{id}"'),
}


# A table that grows, by its name or by the alias that the statements of ``scim/statements`` give it. The memberships of
# the user who was found may be read in any way: here each user has a tenth of all.
_GROWING = r"directory_(?!membership member|idpgroup team)|scim_attributevalue|person|address|kind"
SCANNED = re.compile(rf"(SCAN|Seq Scan on) ({_GROWING})")


@pytest.fixture
def crowd(scim):
    users = make_many(1500)
    group = make_group("GK", users[70:80])
    names = [f"other {number}" for number in range(2000)]
    others = IdpGroup.objects.bulk_create([IdpGroup(display_name=name, display_name_folded=name) for name in names])
    Membership.objects.bulk_create([Membership(group=other, user=users[0]) for other in others])
    scim.get("/Users?count=1")
    return {"id": str(users[77].id), "group": str(group.id)}


@pytest.mark.parametrize("analysed", [False, True])
def test_what_identity_providers_look_up_uses_an_index(scim, crowd, analysed):
    if analysed or connection.vendor == "postgresql":
        # PostgreSQL gathers its statistics by itself; SQLite plans without them unless somebody does.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    for name, (endpoint, template) in LOOKED_UP.items():
        if "range" in name and connection.vendor == "sqlite":
            continue  # SQLite walks in the order of creation, which needs no sort, as it can't know the range
        expression = filled(template, crowd)
        with CaptureQueriesContext(connection) as captured:
            answer = scim.find(f"/{endpoint}", expression)
        assert answer.json()["totalResults"] == (0 if "lastModified" in name else 1), name
        statement = next(query["sql"] for query in captured if "directory_" in query["sql"])
        for line in plan(statement):
            assert not SCANNED.search(line), f"{name}: {line}\n{statement}"


def plan(statement: str) -> list[str]:
    explain = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    with connection.cursor() as cursor:
        cursor.execute(f"{explain} {statement}".replace("%", "%%"))
        lines = [str(row[-1]) for row in cursor.fetchall()]
    # A list that was found through an index may be walked; "LIST SUBQUERY" and "CO-ROUTINE" name such lists.
    return [line for line in lines if "CO-ROUTINE" not in line]
