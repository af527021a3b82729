"""A fault for each test of the profile ``ipsie`` that can fail."""

from typing import Any

from tests.conformance.server.faults import (
    GROUP,
    GROUPS,
    USER,
    USERS,
    answers,
    body,
    each_resource,
    error,
    finds_nothing,
    ignores,
    leaves_out,
    misreads_query,
    refuses,
    sets,
    status,
)
from tests.conformance.server.memory import Answer, Asked, Fault, MemoryServer, Reply

TOKEN = "/oauth2/token"
CORE_USER = "urn:ietf:params:scim:schemas:core:2.0:User"


def one_in_ten_fails(server: MemoryServer, asked: Asked, answer: Answer) -> Reply:
    return error(503) if len(server.asked) % 10 == 0 else answer(asked)


def a_date_in_retry_after(reply: Reply) -> None:
    if reply.status == 429:
        reply.headers["Retry-After"] = "Wed, 21 Oct 2026 07:28:00 GMT"


def any_secret(server: MemoryServer, asked: Asked, answer: Answer) -> Reply:
    """Whoever asks gets a token."""
    if asked.path == TOKEN:
        asked.headers["authorization"] = "Basic Y2xpZW50LTE6cmlnaHQlMjBzZWNyZXQlMkYx"
    return answer(asked)


def accepts_twice(server: MemoryServer, asked: Asked, answer: Answer) -> Reply:
    """What was seen is forgotten."""
    server.used.clear()
    return answer(asked)


def anybody_reads(server: MemoryServer, asked: Asked, answer: Answer) -> Reply:
    """Lists need no token."""
    if asked.method == "GET" and asked.path == "/scim/v2/Groups":
        asked.headers["authorization"] = "Bearer right-key"
    return answer(asked)


def stack_trace(reply: Reply) -> None:
    if reply.status >= 400:
        reply.body["detail"] = 'Traceback (most recent call last): File "/usr/lib/app.py", line 1'


def names_stay_taken(server: MemoryServer, asked: Asked, answer: Answer) -> Reply:
    """A deleted user keeps the name."""
    if asked.method == "POST" and any(one.method == "DELETE" for one in server.asked[-3:]):
        return error(409, "uniqueness")
    return answer(asked)


def with_password(document: Any) -> None:
    for schema in document["Resources"]:
        if schema["id"] == CORE_USER:
            schema["attributes"].append({"name": "password", "type": "string", "multiValued": False})


def with_secret(document: Any) -> None:
    document["Resources"][-1]["attributes"].append({"name": "totpSeed", "type": "string", "multiValued": False})


def without(name: str, urn: str) -> Any:
    def change(document: Any) -> None:
        for schema in document["Resources"]:
            if schema["id"] == urn:
                schema["attributes"] = [each for each in schema["attributes"] if each["name"] != name]

    return change


def first_page_only(query: dict[str, list[str]]) -> None:
    """The newest are on no page."""
    query["startIndex"] = ["1000"]


def one_page_of_all(document: Any) -> None:
    document["Resources"] = [{"id": str(number)} for number in range(1500)]
    document.update(totalResults=1500, itemsPerPage=1500)


def groups_of_one_name(server: MemoryServer, asked: Asked, answer: Answer) -> Reply:
    """The second group is stored beside the first."""
    reply = answer(asked)
    return Reply(201, {"id": "second"}) if reply.status == 409 else reply


def full_from_the_start(document: Any) -> None:
    document["members"] = [{"value": "somebody", "type": "User"}]


def forgets_the_last(server: MemoryServer, asked: Asked, answer: Answer) -> Reply:
    """At most 40 operations are done."""
    if asked.method == "PATCH" and len(asked.body["Operations"]) > 40:
        return error(413)
    return answer(asked)


def ignores_type(query: dict[str, list[str]]) -> None:
    """The condition on the type is overlooked."""
    query["filter"] = [query["filter"][0].replace('type eq "home" and ', "")]


IPSIE_FAULTS: dict[str, Fault] = {
    "AL1: OAuth 2.0 client credentials": body("POST", TOKEN, sets(token_type="mac")),
    "AL1: JWT client authentication": status("POST", TOKEN, 400, having="client_assertion"),
    "AL1: client authentication by HTTP Basic": any_secret,
    "AL1: the access token has the scope scim": body("POST", TOKEN, sets(scope="scim admin")),
    "AL1: access tokens expire": body("POST", TOKEN, leaves_out("expires_in")),
    "AL1: an assertion with a jti is accepted once": accepts_twice,
    "AL1: authorization server metadata": body(
        "GET", "/.well-known/oauth-authorization-server", leaves_out("token_endpoint")
    ),
    "AL1: every SCIM request needs a token": anybody_reads,
    "AL1: at least 25 requests a second": one_in_ten_fails,
    "AL1: 429 with Retry-After beyond the rate limit": answers("GET", USERS, a_date_in_retry_after),
    "AL1: Bulk": refuses("POST", "/Bulk", 501),
    "AL1: several attributes in one PATCH": refuses("PATCH", USER, 400, "invalidSyntax"),
    "AL1: deactivate by PATCH": ignores("PATCH", USER),
    "AL1: reactivate by PATCH": refuses("PATCH", USER, 403),
    "AL1: delete": ignores("DELETE", USER),
    "AL1: the userName of a deleted user can be used again": names_stay_taken,
    "AL1: GET by id": status("GET", USER, 405),
    "AL1: filter userName eq": refuses("GET", USERS, 400, "invalidFilter", having="username"),
    "AL1: filter externalId eq": refuses("GET", USERS, 400, "invalidFilter"),
    "AL1: filter emails[value eq]": refuses("GET", USERS, 400, "invalidFilter", having="["),
    'AL1: filter emails[type eq "work" and value eq]': misreads_query(USERS, ignores_type),
    "AL1: errors in SCIM's form, without internal details": answers("GET", USER, stack_trace),
    "AL2: the User schema": body("GET", "/Schemas", without("displayName", CORE_USER)),
    "AL2: externalId of users": ignores("PATCH", USER),
    "AL2: no password attribute": body("GET", "/Schemas", with_password),
    "AL2: no credentials in other schemas": body("GET", "/Schemas", with_secret),
    "AL2: create by POST": body("POST", USERS, leaves_out("displayName")),
    "AL2: update by PATCH": ignores("PATCH", USER),
    "AL2: GET of all users": misreads_query(USERS, first_page_only),
    "AL2: at most 1,000 users a page": body("GET", USERS, one_page_of_all),
    "AL2: the Group schema": body("GET", "/Schemas", without("members", "urn:ietf:params:scim:schemas:core:2.0:Group")),
    "AL2: externalId of groups": body("GET", GROUP, leaves_out("externalId")),
    "AL2: no two groups of one name": groups_of_one_name,
    "AL2: a group without members": body("GET", GROUP, full_from_the_start),
    "AL2: GET of all groups": body("GET", GROUPS, each_resource(sets(members=[]))),
    "AL2: GET of a group by id": refuses("GET", GROUP, 404),
    "AL2: filter displayName eq": body("GET", GROUPS, finds_nothing),
    "AL2: filter externalId eq for groups": refuses("GET", GROUPS, 400, "invalidFilter"),
    "AL2: filter members[value eq]": body("GET", GROUPS, finds_nothing),
    "AL2: update of a group by PATCH": ignores("PATCH", GROUP),
    "AL2: 50 member operations in one PATCH": forgets_the_last,
}
