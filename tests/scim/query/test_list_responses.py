"""Lists, pages, order and projections (RFC 7644 §3.4.2, §3.4.3, §3.9)."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from scim.protocol.schemas import CORE_USER, ENTERPRISE_USER

ENT = ENTERPRISE_USER
SEARCH = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}


@pytest.fixture
def eleven(scim):
    return [scim.user(f"user{number:02}@x.com", title=f"T{10 - number:02}")["id"] for number in range(11)]


def page(scim, query):
    answer = scim.get(f"/Users?{query}")
    assert answer.status_code == 200, answer.content
    return answer.json()


@pytest.mark.parametrize("count", [1, 3, 5, 11, 100])
def test_walking_by_any_count_yields_everybody_once_in_order(scim, eleven, count):
    """RFC 7644 §3.4.2.4."""
    found, start = [], 1
    while start <= len(eleven):
        document = page(scim, f"startIndex={start}&count={count}")
        assert document["startIndex"] == start
        assert document["totalResults"] == len(eleven)
        assert document["itemsPerPage"] == len(document["Resources"])
        found += [each["id"] for each in document["Resources"]]
        start += count
    assert found == eleven


@pytest.mark.parametrize(
    ("query", "start", "items"),
    [
        ("startIndex=0", 1, 11),
        ("startIndex=-5&count=2", 1, 2),
        ("count=0", 1, 0),
        ("count=-3", 1, 0),
        ("startIndex=100", 100, 0),
        ("startIndex=11&count=5", 11, 1),
        ("count=99999999999", 1, 11),
        ("startIndex=99999999999999999", 2147483647, 0),
        ("startIndex=&count=", 1, 11),
        ("unknown=1&aadOptscim062020", 1, 11),
    ],
)
def test_odd_pages_are_answered_as_the_rfc_says(scim, eleven, query, start, items):
    """RFC 7644 §3.4.2.4, table 6."""
    document = page(scim, query)

    assert (document["startIndex"], document["itemsPerPage"], document["totalResults"]) == (start, items, 11)


@pytest.mark.parametrize(
    "query",
    [
        "startIndex=abc",
        "count=1.5",
        "count=1e3",
        "sortOrder=up",
        "sortBy=shoeSize",
        "sortBy=meta",
        "attributes=id&excludedAttributes=title",
    ],
)
def test_parameters_that_make_no_sense_are_refused(scim, query):
    """RFC 7644 §3.12: invalidValue."""
    answer = scim.get(f"/Users?{query}")

    assert answer.status_code == 400
    assert answer.json()["scimType"] == "invalidValue"


def sorted_by(scim, query):
    return [each["userName"][:2] for each in page(scim, query)["Resources"]]


def test_sorting_puts_missing_values_last_and_ignores_case(scim):
    """RFC 7644 §3.4.2.3."""
    scim.user("a1@x.com", title="beta", emails=[{"value": "z@x"}, {"value": "c@x", "primary": True}])
    scim.user("b2@x.com", title="Alpha", emails=[{"value": "b@x"}])
    scim.user("c3@x.com", externalId="9")

    assert sorted_by(scim, "sortBy=title") == ["b2", "a1", "c3"]
    assert sorted_by(scim, "sortBy=title&sortOrder=descending") == ["c3", "a1", "b2"]
    assert sorted_by(scim, "sortBy=emails.value") == ["b2", "a1", "c3"]
    assert sorted_by(scim, "sortBy=emails") == ["b2", "a1", "c3"]
    assert sorted_by(scim, "sortBy=userName&sortOrder=DESCENDING") == ["c3", "b2", "a1"]
    assert sorted_by(scim, "sortBy=externalId")[0] == "c3"
    assert sorted_by(scim, f"sortBy={CORE_USER}:userName&startIndex=2&count=1") == ["b2"]
    assert sorted_by(scim, "sortBy=meta.created") == ["a1", "b2", "c3"]


@pytest.fixture
def ada(scim):
    user = scim.user(
        "ada@x.com",
        displayName="Ada",
        name={"givenName": "A", "familyName": "O"},
        emails=[{"type": "work", "value": "ada@x.com"}],
        **{ENT: {"department": "L", "division": "D"}},
    )
    scim.group("G", user["id"])
    return scim.get(f"/Users/{user['id']}").json()


PROJECTIONS = {
    "attributes=userName": {"schemas", "id", "userName"},
    "attributes=USERNAME,displayname": {"schemas", "id", "userName", "displayName"},
    "attributes=name.familyName": {"schemas", "id", "name"},
    f"attributes={ENT}:department": {"schemas", "id", ENT},
    f"attributes={ENT}": {"schemas", "id", ENT},
    f"attributes={CORE_USER}:title": {"schemas", "id"},
    "attributes=shoeSize": {"schemas", "id"},
    'attributes=emails[type eq "work"]': {"schemas", "id", "emails"},
    "attributes=meta.version": {"schemas", "id", "meta"},
    "excludedAttributes=id,schemas,userName,emails,groups,meta,name,active,displayName": {"schemas", "id", ENT},
    f"excludedAttributes={ENT},meta,groups,emails,name": {"schemas", "id", "userName", "active", "displayName"},
}


@pytest.mark.parametrize(("query", "names"), PROJECTIONS.items(), ids=PROJECTIONS.keys())
def test_projection_is_the_same_on_every_method(scim, ada, query, names):
    """RFC 7644 §3.9."""
    body = {"userName": "ada@x.com", "displayName": "Ada", "name": ada["name"], "emails": ada["emails"], ENT: ada[ENT]}
    address = f"/Users/{ada['id']}?{query}"

    assert set(scim.get(address).json()) == names
    assert set(scim.put(address, body).json()) == names
    assert set(scim.patch(address, {"op": "add", "path": "nickName", "value": ""}).json()) == names
    assert set(page(scim, query)["Resources"][0]) == names


def test_sub_attributes_can_be_taken_and_left_out(scim, ada):
    """RFC 7644 §3.4.2.5, §3.10."""
    address = f"/Users/{ada['id']}"

    assert scim.get(f"{address}?attributes=name.familyName,emails.value").json() == {
        "schemas": ada["schemas"],
        "id": ada["id"],
        "name": {"familyName": "O"},
        "emails": [{"value": "ada@x.com"}],
    }
    assert scim.get(f"{address}?excludedAttributes=name.familyName").json()["name"] == {"givenName": "A"}
    assert scim.get(f"{address}?excludedAttributes={ENT}:division").json()[ENT] == {"department": "L"}


def walk(scim, query, count):
    """All pages by cursor; ``between`` happens after each."""
    found, cursor = [], ""
    while cursor is not None:
        document = page(scim, f"{query}&count={count}&cursor={cursor}")
        found += [each["userName"] for each in document["Resources"]]
        assert "startIndex" not in document
        cursor = document.get("nextCursor")
    return found


@pytest.mark.parametrize("count", [1, 4, 11, 100])
@pytest.mark.parametrize("query", ["", "sortBy=title", "sortBy=title&sortOrder=descending", "sortBy=meta.created",
                                   "sortBy=active", "sortBy=id", "sortBy=nickName&filter=userName%20pr",
                                   "sortBy=nickName&sortOrder=descending"])  # fmt: skip
def test_walking_by_cursor_yields_everybody_once_in_the_same_order_as_by_index(scim, eleven, query, count):
    """RFC 9865 §2."""
    scim.user("nick@x.com", nickName="b")
    scim.user("nack@x.com", nickName="a")

    by_index = [each["userName"] for each in page(scim, f"{query}&count=100")["Resources"]]
    assert walk(scim, query, count) == by_index
    assert len(by_index) == 13


def test_a_cursor_survives_what_comes_and_goes_meanwhile(scim, eleven):
    """RFC 9865 §2."""
    first = page(scim, "cursor=&count=5")
    scim.delete(f"/Users/{eleven[0]}")
    scim.user("late@x.com")
    rest = page(scim, f"cursor={first['nextCursor']}&count=50")

    assert [each["id"] for each in first["Resources"]] == eleven[:5]
    assert [each["userName"] for each in rest["Resources"]][:6] == [f"user{n:02}@x.com" for n in range(5, 11)]
    assert "nextCursor" not in rest


def test_a_cursor_walks_over_all_types_at_the_root(scim, eleven):
    """RFC 9865 §2, RFC 7644 §3.4.2.1."""
    scim.group("GK 1")
    scim.group("GK 2")
    for count in (1, 5, 11, 12):
        found, cursor = [], ""
        while cursor is not None:
            document = scim.post("/.search", {**SEARCH, "cursor": cursor, "count": count}).json()
            found += [each["id"] for each in document["Resources"]]
            cursor = document.get("nextCursor")
        assert len(found) == len(set(found)) == 13


@pytest.mark.parametrize("query", ["cursor=nonsense", "cursor=a.b.c", "cursor=%00"])
def test_a_cursor_of_somebody_else_is_refused(scim, query):
    """RFC 9865 §2.1: invalidCursor."""
    answer = scim.get(f"/Users?{query}")

    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidCursor")


def test_a_cursor_belongs_to_its_query_and_its_hour(scim, eleven):
    """RFC 9865 §2.1, §2.3: invalidCursor, expiredCursor."""
    cursor = page(scim, "cursor=&count=2")["nextCursor"]
    for query in (f"sortBy=title&cursor={cursor}", f"filter=title%20pr&cursor={cursor}"):
        assert scim.get(f"/Users?{query}").json()["scimType"] == "invalidCursor"
    assert scim.get(f"/Groups?cursor={cursor}").json()["scimType"] == "invalidCursor"
    assert scim.get(f"/Users?startIndex=1&cursor={cursor}").json()["scimType"] == "invalidValue"
    assert set(cursor) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=2)):
        assert scim.get(f"/Users?cursor={cursor}").json()["scimType"] == "expiredCursor"


def test_search_answers_like_the_list(scim, eleven):
    """RFC 7644 §3.4.3."""
    asked = {
        **SEARCH,
        "filter": 'title gt "T05"',
        "sortBy": "title",
        "sortOrder": "descending",
        "startIndex": 2,
        "count": 2,
        "attributes": ["title"],
    }
    document = scim.post("/Users/.search", asked).json()

    assert [each["title"] for each in document["Resources"]] == ["T09", "T08"]
    assert (document["totalResults"], document["startIndex"], document["itemsPerPage"]) == (5, 2, 2)
    assert set(document["Resources"][0]) == {"schemas", "id", "title"}


def test_search_at_the_root_and_the_root_itself_cover_all_types(scim, eleven):
    """RFC 7644 §3.4.2.1, §3.4.3."""
    scim.group("GK", eleven[0])

    for document in (scim.get("").json(), scim.post("/.search", SEARCH).json()):
        assert document["totalResults"] == 12
        assert document["Resources"][-1]["displayName"] == "GK"
    last = scim.post("/.search", {**SEARCH, "startIndex": 11, "count": 2}).json()["Resources"]
    assert [each["meta"]["resourceType"] for each in last] == ["User", "Group"]
    assert scim.post("/.search", {**SEARCH, "startIndex": 12}).json()["itemsPerPage"] == 1
    assert scim.post("/Groups/.search", SEARCH).json()["totalResults"] == 1


@pytest.mark.parametrize(
    "body",
    [
        {**SEARCH, "filter": 7},
        {**SEARCH, "attributes": "a,b", "count": "x"},
        {**SEARCH, "attributes": [1]},
        [],
        "text",
        {**SEARCH, "count": True},
    ],
)
def test_a_search_that_makes_no_sense_is_refused(scim, body):
    """RFC 7644 §3.4.3, §3.12."""
    assert scim.post("/Users/.search", body).status_code == 400


def test_a_version_is_stated_and_honoured(scim, ada):
    """RFC 7644 §3.14."""
    address = f"/Users/{ada['id']}"
    answer = scim.get(address)
    tag = answer["ETag"]

    assert tag == answer.json()["meta"]["version"] == 'W/"1"'
    assert scim.get(address, HTTP_IF_NONE_MATCH=tag).status_code == 304
    assert scim.get(address, HTTP_IF_NONE_MATCH='W/"7", "1"').content == b""
    assert scim.get(address, HTTP_IF_NONE_MATCH='W/"7"').status_code == 200
    changed = {"op": "replace", "path": "title", "value": "B"}
    assert scim.patch(address, changed, HTTP_IF_MATCH='W/"7"').status_code == 412
    assert scim.patch(address, changed, HTTP_IF_MATCH='W/"7", W/"1"')["ETag"] == 'W/"2"'
    assert scim.put(address, {"userName": "ada@x.com"}, HTTP_IF_MATCH=tag).status_code == 412
    assert scim.delete(address, HTTP_IF_MATCH=tag).status_code == 412
    assert scim.delete(address, HTTP_IF_MATCH="*").status_code == 204
    assert scim.delete(address, HTTP_IF_MATCH="*").status_code == 404


def test_nothing_new_keeps_version_and_time(scim, ada):
    """RFC 7644 §3.5.2: an operation that changes nothing changes no version."""
    address = f"/Users/{ada['id']}"

    answer = scim.patch(address, {"op": "replace", "path": "displayName", "value": "Ada"})

    assert answer.json()["meta"] == ada["meta"]


def test_a_groups_version_changes_with_its_members(scim, ada):
    """RFC 7644 §3.14."""
    group = scim.group("Other")
    address = f"/Groups/{group['id']}"

    assert scim.patch(address, {"op": "add", "path": "members", "value": [{"value": ada["id"]}]})["ETag"] == 'W/"2"'
    assert scim.patch(address, {"op": "add", "path": "members", "value": [{"value": ada["id"]}]})["ETag"] == 'W/"2"'


def test_a_group_patch_answers_with_the_group_when_attributes_are_asked(scim):
    """RFC 7644 §3.5.2, §3.9."""
    group = scim.group("Other")

    answer = scim.patch(
        f"/Groups/{group['id']}?attributes=displayName", {"op": "replace", "value": {"displayName": "N"}}
    )

    assert answer.status_code == 200
    assert answer.json() == {"schemas": group["schemas"], "id": group["id"], "displayName": "N"}
