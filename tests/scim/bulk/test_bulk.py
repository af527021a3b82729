"""Bulk requests (RFC 7644 §3.7): references in any order, limits, and each operation atomic by itself."""

import pytest

from gatekeeper.audit.models import AuditEntry, ProvisioningEntry
from scim.protocol.limits import MAX_OPERATIONS
from scim.protocol.schemas import ENTERPRISE_USER
from tests.scim.test_costs import queries

ENT = ENTERPRISE_USER
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


def post(bulk_id, path, **data):
    return {"method": "POST", "path": path, "bulkId": bulk_id, "data": data}


def user(bulk_id, **more):
    return post(bulk_id, "/Users", **{"userName": f"{bulk_id}@x.com", **more})


def managed_by(reference):
    return {ENT: {"manager": {"value": f"bulkId:{reference}"}}}


@pytest.fixture
def bulk(scim):
    def send(*operations, status=200, **more):
        answer = scim.post("/Bulk", {"schemas": [BULK], "Operations": list(operations), **more})
        assert answer.status_code == status, answer.content
        return answer.json().get("Operations", answer.json())

    return send


def statuses(results):
    return [result["status"] for result in results]


def identifier(result):
    return result["location"].rpartition("/")[2]


def test_all_methods_answer_with_status_location_and_version(scim, bulk):
    """RFC 7644 §3.7.3: each result states method, location, version and status."""
    there, gone = scim.user("there@x.com"), scim.user("gone@x.com")
    group = scim.group("GK")
    results = bulk(
        user("new"),
        {"method": "put", "path": f"/Users/{there['id']}", "data": {"userName": "there@x.com", "title": "T"}},
        {"method": "PATCH", "path": f"/Groups/{group['id']}", "version": 'W/"1"',
         "data": {"Operations": [{"op": "add", "path": "members", "value": [{"value": there["id"]}]}]}},
        {"method": "DELETE", "path": f"/Users/{gone['id']}"},
    )  # fmt: skip

    assert statuses(results) == ["201", "200", "200", "204"]
    assert results[0]["bulkId"] == "new"
    assert results[0]["version"] == 'W/"1"'
    assert scim.get(results[0]["location"].partition("/scim/v2")[2]).json()["userName"] == "new@x.com"
    assert results[1]["version"] == results[2]["version"] == 'W/"2"'
    assert scim.members(group["id"]) == {there["id"]}
    assert scim.get(f"/Users/{gone['id']}").status_code == 404
    assert "response" not in results[0]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_references_are_resolved_in_any_order(scim, bulk, order):
    """RFC 7644 §3.7.2."""
    operations = [
        user("ada"),
        user("bo", **managed_by("ada")),
        post("legal", "/Groups", displayName="GK", members=[{"value": "bulkId:ada"}, {"value": "bulkId:bo"}]),
    ]
    results = bulk(*[operations[number] for number in order])

    made = {result["bulkId"]: identifier(result) for result in results}
    assert statuses(results) == ["201"] * 3
    assert [result["bulkId"] for result in results] == [operations[number]["bulkId"] for number in order]
    assert scim.members(made["legal"]) == {made["ada"], made["bo"]}
    assert scim.get(f"/Users/{made['bo']}").json()[ENT]["manager"]["value"] == made["ada"]


@pytest.mark.parametrize("circle", [["a"], ["a", "b"], ["a", "b", "c"]])
def test_people_may_manage_each_other_in_a_circle(scim, bulk, circle):
    """RFC 7644 §3.7.1: circular references."""
    results = bulk(*[user(name, **managed_by(circle[(at + 1) % len(circle)])) for at, name in enumerate(circle)])

    made = {result["bulkId"]: identifier(result) for result in results}
    assert statuses(results) == ["201"] * len(circle)
    for at, name in enumerate(circle):
        document = scim.get(f"/Users/{made[name]}").json()
        assert document[ENT]["manager"]["value"] == made[circle[(at + 1) % len(circle)]]
    versions = {result["bulkId"]: result["version"] for result in results}
    assert versions == {name: scim.get(f"/Users/{made[name]}")["ETag"] for name in circle}


def test_a_long_chain_of_managers_is_resolved_too(scim, bulk):
    """RFC 7644 §3.7.1, §3.7.2."""
    chain = [user(f"u{number}", **managed_by(f"u{number + 1}")) for number in range(120)]
    results = bulk(*chain, user("u120"))

    assert set(statuses(results)) == {"201"}
    ids = [identifier(result) for result in results]
    for at in (0, 1, 50, 119):
        assert scim.get(f"/Users/{ids[at]}").json()[ENT]["manager"]["value"] == ids[at + 1]


def test_later_paths_may_refer_to_what_was_created(scim, bulk):
    """RFC 7644 §3.7.2: a bulkId in a path."""
    results = bulk(
        user("ada"),
        {
            "method": "PATCH",
            "path": "/Users/bulkId:ada",
            "data": {"Operations": [{"op": "add", "path": "title", "value": "T"}]},
        },
        {"method": "DELETE", "path": "/Users/bulkId:nobody"},
    )

    assert statuses(results) == ["201", "200", "404"]
    assert scim.get(f"/Users/{identifier(results[0])}").json()["title"] == "T"


def test_a_failed_operation_undoes_itself_and_no_other(scim, bulk):
    """RFC 7644 §3.7.3: each operation has its own result."""
    results = bulk(user("ada"), user("ada2", userName="ADA@x.com"), user("bo", active="perhaps"), user("cy"))

    assert statuses(results) == ["201", "409", "400", "201"]
    assert "location" not in results[1]
    assert results[1]["response"]["scimType"] == "uniqueness"
    assert results[1]["response"]["status"] == "409"
    assert scim.get("/Users").json()["totalResults"] == 2


def test_what_refers_to_a_failed_or_unknown_operation_fails_too(bulk):
    """RFC 7644 §3.7.1: 409 for a reference that can't be resolved."""
    results = bulk(
        user("bad", userName=""),
        post("g", "/Groups", displayName="GK", members=[{"value": "bulkId:bad"}]),
        post("h", "/Groups", displayName="GK 2", members=[{"value": "bulkId:nowhere"}]),
        user("u", **managed_by("bad")),
    )

    assert statuses(results) == ["400", "409", "400", "409"]


def test_fail_on_errors_stops_and_reports_nothing_beyond(scim, bulk):
    """RFC 7644 §3.7: failOnErrors."""
    results = bulk(user("a"), user("b", userName=""), user("c"), user("d", userName=""), user("e"), failOnErrors=2)

    assert statuses(results) == ["201", "400", "201", "400"]
    assert scim.get("/Users").json()["totalResults"] == 2


@pytest.mark.parametrize(
    "operation",
    [
        {"method": "GET", "path": "/Users"},
        {"method": "POST", "path": "/Users", "data": {"userName": "a"}},
        {"method": "POST", "path": "/Bulk", "bulkId": "b", "data": {"Operations": []}},
        {"method": "POST", "path": "/Users/.search", "bulkId": "b", "data": {}},
        {"method": "POST", "path": "/Schemas", "bulkId": "b", "data": {}},
        {"method": "DELETE", "path": "/Users"},
        {"method": "PUT", "path": 7},
        {"method": "POST", "path": "/Users", "bulkId": "b"},
        {"method": "POST", "path": "/Users", "bulkId": "b", "data": []},
        {"method": "POST", "path": "/Users", "bulkId": 7, "data": {"userName": "a"}},
        {"method": "PATCH", "path": "/Users/x", "data": {"Operations": []}},
        {"path": "/Users"},
    ],
)
def test_an_operation_that_makes_no_sense_fails_by_itself(bulk, operation):
    """RFC 7644 §3.7.3."""
    (result,) = bulk(operation)

    assert result["status"] in ("400", "404", "405")
    assert result["response"]["detail"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"Operations": "x"}, 400),
        ({"Operations": ["x"]}, 400),
        ({"Operations": [], "failOnErrors": 0}, 400),
        ({"Operations": [], "failOnErrors": "x"}, 400),
        ({"Operations": [user("a"), user("a")]}, 400),
        ({"Operations": [user("a")] * (MAX_OPERATIONS + 1)}, 413),
    ],
)
def test_a_request_that_is_no_bulk_request_is_refused_as_a_whole(scim, body, status):
    """RFC 7644 §3.7, §3.7.4."""
    answer = scim.post("/Bulk", body)

    assert answer.status_code == status
    assert scim.get("/Users").json()["totalResults"] == 0
    if status == 413:
        assert str(MAX_OPERATIONS) in answer.json()["detail"]


def test_a_version_that_has_passed_fails_the_operation(scim, bulk):
    """RFC 7644 §3.7, §3.14: ``version`` is If-Match."""
    ada = scim.user("ada@x.com")
    (result,) = bulk({"method": "DELETE", "path": f"/Users/{ada['id']}", "version": 'W/"7"'})

    assert result["status"] == "412"


def test_many_new_users_take_a_few_statements_for_all_of_them(scim, bulk):
    scim.get("/Users?count=1")
    counts = {}
    for size in (20, 200):
        operations = [user(f"n{size}-{number}", title="T") for number in range(size)]
        counts[size] = queries(lambda: bulk(*operations))  # noqa: B023

    # One by one it would be six for each; SQLite takes about 65 rows with one statement.
    assert counts[20] < 10
    assert counts[200] < 25
    assert scim.find("/Users", 'title eq "t"').json()["totalResults"] == 220
    assert ProvisioningEntry.objects.filter(outcome="changed").count() == 220
    assert AuditEntry.objects.filter(event="user.created").count() == 220


def test_users_created_together_can_be_referred_to_and_one_bad_one_spoils_no_other(scim, bulk):
    """RFC 7644 §3.7.2, §3.7.3."""
    results = bulk(
        user("a"), user("b"), post("g", "/Groups", displayName="GK", members=[{"value": "bulkId:a"}]),
        user("c"), user("C2", userName="A@x.com"), user("d"),
    )  # fmt: skip

    assert statuses(results) == ["201", "201", "201", "201", "409", "201"]
    assert scim.members(identifier(results[2])) == {identifier(results[0])}


def test_each_operation_is_an_entry_of_the_log(bulk):
    bulk(user("ada"), user("bad", userName=""))

    first, second = ProvisioningEntry.objects.order_by("id")
    assert (first.method, first.path, first.outcome) == ("POST", "/scim/v2/Bulk /Users", "changed")
    assert (second.outcome, second.status) == ("refused", 400)
    assert first.request_id == second.request_id
