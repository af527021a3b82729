"""Authentication, addresses, pages, sorting, cursors, .search and discovery."""

from typing import Any
from urllib.parse import quote

from conformance.http.exchange import Call
from conformance.profiles.rfc.profile import RFC
from conformance.suite.trial import Skipped, Trial, eq
from entra_client.protocol import answer_checks, requests
from entra_client.protocol.transport import Request

TESTS = RFC.part(1)
SEARCH_REQUEST = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"


@TESTS.test("401 with WWW-Authenticate", "RFC 7644 §2; RFC 6750 §3")
def unauthorized(trial: Trial) -> None:
    """Without a token, and with a wrong one."""
    for authorization in ("", "Bearer wrong"):
        answer = trial.send(Call(method="GET", path="/Users", authorization=authorization))
        answer_checks.error(401)(answer)
        trial.expect("bearer" in answer.header("www-authenticate").lower(), "WWW-Authenticate does not say Bearer")


@TESTS.test("404 in SCIM's form for an unknown address", "RFC 7644 §3.12")
def unknown_address(trial: Trial) -> None:
    """No HTML page, and no empty answer."""
    trial.ask(Request(method="GET", path=f"/{trial.name()}"), answer_checks.error(404))


@TESTS.test("count=0 answers the number alone", "RFC 7644 §3.4.2.4")
def count_nothing(trial: Trial) -> None:
    """totalResults, and no resources; a negative count means the same."""
    trial.create("User")
    for count in (0, -1):
        listing = trial.get_listing("/Users", f"count={count}")
        trial.expect(not listing["Resources"], f"count={count} is answered with resources")
        trial.expect(listing["totalResults"] > 0, "totalResults does not count the user who is there")


@TESTS.test("startIndex below 1 means 1", "RFC 7644 §3.4.2.4")
def start_before_the_first(trial: Trial) -> None:
    """The page is the first one."""
    trial.create("User")
    first, zero = (trial.get_listing("/Users", f"startIndex={start}&count=1") for start in (1, 0))
    with trial.reading():
        ids = [listing["Resources"][0]["id"] for listing in (first, zero)]
    trial.expect(ids[0] == ids[1], "The page that starts at 0 is not the first one")


@TESTS.test("A page behind the last one is empty", "RFC 7644 §3.4.2.4")
def behind_the_last(trial: Trial) -> None:
    """200 without resources, and totalResults as before."""
    made = trial.create("User")
    query = f"filter={quote(eq('userName', made['userName']), safe='')}&startIndex=10"
    listing = trial.get_listing("/Users", query)
    trial.expect(not listing["Resources"] and listing["totalResults"] == 1, "The page is not empty, or the total wrong")


@TESTS.test("Sorting", "RFC 7644 §3.4.2.3")
def sorting(trial: Trial) -> None:
    """By a text, ascending and descending; asked where ServiceProviderConfig says that it is supported."""
    trial.needs("sort")
    number = trial.name()
    names = [trial.create("User", trial.user_body(displayName=f"{number} {letter}"))["displayName"] for letter in "bca"]
    for order, wanted in (("ascending", sorted(names)), ("descending", sorted(names, reverse=True))):
        found = trial.find("User", f'displayName sw "{number}"', "sortBy=displayName", f"sortOrder={order}")
        trial.expect([one.get("displayName") for one in found] == wanted, f"They are not {order} by displayName")


@TESTS.test("attributes and excludedAttributes", "RFC 7644 §3.4.2.5")
def projection(trial: Trial) -> None:
    """What was asked for, beside id and schemas; what was excluded is left out."""
    made = trial.create("User")
    path = f"/Users/{made['id']}"
    user = trial.get_object(path, "attributes=userName,name.familyName")
    trial.expect(user.get("id") == made["id"] and user.get("userName") == made["userName"], "id or userName is missing")
    trial.expect(
        user.get("name") == {"familyName": made["name"]["familyName"]}, "name is not the part that was asked for"
    )
    trial.expect("emails" not in user and "displayName" not in user, "An attribute is there that was not asked for")
    user = trial.get_object(path, "excludedAttributes=emails")
    trial.expect(
        "emails" not in user and user.get("displayName") == made["displayName"], "emails was not left out alone"
    )


@TESTS.test("POST .search", "RFC 7644 §3.4.3")
def search(trial: Trial) -> None:
    """The same as the GET, with the parameters in the body."""
    made = trial.create("User")
    body = {"schemas": [SEARCH_REQUEST], "filter": eq("userName", made["userName"]), "startIndex": 1, "count": 5}
    answer = trial.send(Request(method="POST", path="/Users/.search", body=body))
    if answer.status == 501:
        raise Skipped("The server answers 501: it does not search by POST.")
    found = answer_checks.listing(answer)["Resources"]
    trial.expect([one.get("id") for one in found] == [made["id"]], "The search does not find the user alone")


@TESTS.test("Cursor pages", "RFC 9865 §2")
def cursor_pages(trial: Trial) -> None:
    """Page after page by nextCursor, nobody twice; a cursor that is none is refused with invalidCursor."""
    stated = trial.get_object("/ServiceProviderConfig").get("pagination")
    if not isinstance(stated, dict) or stated.get("cursor") is not True:
        raise Skipped("ServiceProviderConfig does not say that cursors are supported.")
    for _ in range(3):
        trial.create("User")
    seen: list[Any] = []
    query = "cursor&count=1"
    for _ in range(3):
        listing = trial.get_listing("/Users", query)
        seen += [one["id"] for one in listing["Resources"]]
        trial.expect(isinstance(listing.get("nextCursor"), str) or len(seen) >= 3, "nextCursor is missing")
        query = f"cursor={quote(str(listing.get('nextCursor')), safe='')}&count=1"
    trial.expect(len(seen) == len(set(seen)) == 3, "The pages do not hold one user each, or one of them twice")
    refused = Request(method="GET", path="/Users", query="cursor=conformance-no-cursor")
    trial.ask(refused, answer_checks.error(400, scim_type="invalidCursor"))


@TESTS.test("Discovery can't be filtered", "RFC 7644 §4")
def filtered_discovery(trial: Trial) -> None:
    """403: a client would take a part of it for all of it."""
    query = f"filter={quote(eq('name', 'User'), safe='')}"
    for path in ("/Schemas", "/ResourceTypes", "/ServiceProviderConfig"):
        trial.ask(Request(method="GET", path=path, query=query), answer_checks.error(403))


@TESTS.test("ServiceProviderConfig has all of its parts", "RFC 7643 §5")
def config(trial: Trial) -> None:
    """Each required feature with ``supported``, their limits, and how clients authenticate."""
    document = trial.get_object("/ServiceProviderConfig")
    with trial.reading():
        for feature in ("patch", "bulk", "filter", "changePassword", "sort", "etag"):
            trial.expect(isinstance(document[feature]["supported"], bool), f"{feature}.supported is no boolean")
        limits = (
            document["bulk"]["maxOperations"],
            document["bulk"]["maxPayloadSize"],
            document["filter"]["maxResults"],
        )
        trial.expect(all(type(one) is int for one in limits), "A limit is no number")
        types = [one["type"] for one in document["authenticationSchemes"]]
    trial.expect(types, "authenticationSchemes is empty")


@TESTS.test("ETag, If-None-Match and If-Match", "RFC 7644 §3.14; RFC 9110 §13")
def versions(trial: Trial) -> None:
    """The tag is meta.version; an unchanged resource is 304, a write with a former tag is 412 and changes nothing."""
    trial.needs("etag")
    made = trial.create("User")
    read = requests.read("User", made["id"])
    answer = trial.send(read)
    tag, version = answer.header("etag"), answer_checks.read_object(answer)["meta"].get("version")
    trial.expect(tag and tag == version, f"ETag is {tag!r} and meta.version {version!r}")
    same = trial.send(Call(method="GET", path=read.path, headers={"If-None-Match": tag}))
    trial.expect(same.status == 304, "An unchanged resource is not answered with 304")
    trial.patch("User", made["id"], {"op": "replace", "path": "title", "value": "Changed"})
    body = {**made, "title": "Overwritten"}
    late = Call(method="PUT", path=read.path, body=body, headers={"If-Match": tag})
    trial.ask(late, answer_checks.error(412))
    trial.read_with("User", made["id"], {"title": "Changed"})
