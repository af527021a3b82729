"""A fault for each test of the profile ``interop``, on a server that is strict and says so."""

import json
from typing import Any

from tests.conformance.server.faults import (
    USER,
    USERS,
    answers,
    body,
    error,
    finds_nothing,
    ignores,
    misreads_query,
    refuses,
    rewrites,
    status,
)
from tests.conformance.server.memory import Answer, Asked, Fault, MemoryServer, Reply


def tolerant(server: MemoryServer, asked: Asked, answer: Answer) -> Reply:
    """It says that it is strict, and is not."""
    if asked.method == "GET":
        return answer(asked)
    server.strict = False
    try:
        return answer(asked)
    finally:
        server.strict = True


def without_enterprise(document: Any) -> None:
    document["Resources"] = [each for each in document["Resources"] if "enterprise" not in each["id"]]
    document.update(totalResults=2, itemsPerPage=2)


def another_id(document: Any) -> None:
    document["Resources"][0]["id"] = "user-type"


def lower_case(query: dict[str, list[str]]) -> None:
    query["filter"] = [query["filter"][0].lower().replace("externalid", "externalId").replace("case-", "Case-")]


def case_counts(query: dict[str, list[str]]) -> None:
    """A name in capitals is another name."""
    if "filter" in query and query["filter"][0].isascii() and "@CONFORMANCE" in query["filter"][0]:
        query["filter"] = ['id eq "nobody"']


def names_differ_by_case(server: MemoryServer, asked: Asked, answer: Answer) -> Reply:
    reply = answer(asked)
    return Reply(201, {"id": "second"}) if reply.status == 409 else reply


def by_name(server: MemoryServer, asked: Asked, answer: Answer) -> Reply:
    """The userName in the path finds the user."""
    last = asked.path.rpartition("/")[2]
    found = [each for each in server.resources["Users"].values() if each["profile"]["userName"] == last]
    return answer(Asked("GET", f"/scim/v2/Users/{found[0]['id']}", {}, asked.headers, b"")) if found else answer(asked)


def plain_json_list(reply: Reply) -> None:
    reply.headers["Content-Type"] = "application/json"


def first_term_only(query: dict[str, list[str]]) -> None:
    query["filter"] = [query["filter"][0].partition(" and ")[0]]


def always_from_the_start(query: dict[str, list[str]]) -> None:
    query["startIndex"] = ["1"]


def at_most_50(server: MemoryServer, asked: Asked, answer: Answer) -> Reply:
    return error(400, "invalidValue") if int(asked.parameter("count", "0")) > 50 else answer(asked)


def deactivation_deletes(server: MemoryServer, asked: Asked, answer: Answer) -> Reply:
    reply = answer(asked)
    if asked.method == "PATCH":
        server.resources["Users"].clear()
    return reply


def deactivates(server: MemoryServer, asked: Asked, answer: Answer) -> Reply:
    """DELETE makes the user inactive."""
    if asked.method == "DELETE":
        change = json.dumps({"Operations": [{"op": "replace", "path": "active", "value": False}]}).encode()
        answer(Asked("PATCH", asked.path, {}, asked.headers, change))
        return Reply(204)
    return answer(asked)


def names_stay_taken(server: MemoryServer, asked: Asked, answer: Answer) -> Reply:
    deleted = any(one.method == "DELETE" for one in server.asked[-3:])
    return error(409, "uniqueness") if asked.method == "POST" and deleted else answer(asked)


def without_scim_type(reply: Reply) -> None:
    if reply.status == 409:
        reply.body.pop("scimType")


def merges(server: MemoryServer, asked: Asked, answer: Answer) -> Reply:
    """Replace is read as add."""
    asked.content = asked.content.replace(b'"replace"', b'"add"') if asked.method == "PATCH" else asked.content
    return answer(asked)


def replaces(text: str) -> str:
    return text.replace('"add"', '"replace"')


def open_types(document: Any) -> None:
    for attribute in document["Resources"][0]["attributes"]:
        for sub in attribute.get("subAttributes") or ():
            if attribute["name"] == "emails":
                sub.pop("canonicalValues", None)


def first_operation_only(text: str) -> str:
    document = json.loads(text)
    return json.dumps({**document, "Operations": document["Operations"][:1]})


def empty_list(reply: Reply) -> None:
    if reply.status == 400:
        reply.status, reply.body = 200, {"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"]}
        finds_nothing(reply.body)


INTEROP_FAULTS: dict[str, Fault] = {
    "interopProfileConformant is true or left out truthfully": tolerant,
    "Discovery endpoints": refuses("GET", "/ResourceTypes", 404),
    "Schemas of resource types are published": body("GET", "/Schemas", without_enterprise),
    "The id of a resource type is its name": body("GET", "/ResourceTypes", another_id),
    "userName: case does not count in filters": misreads_query(USERS, case_counts),
    "userName: case does not count for uniqueness": names_differ_by_case,
    "id: case counts": misreads_query(USERS, lower_case),
    "externalId: case counts": misreads_query(USERS, lower_case),
    "POST: an unknown attribute is refused": tolerant,
    "POST: an unknown schema is refused": tolerant,
    "PATCH: an unknown attribute is refused": ignores("PATCH", USER),
    "Canonical types are declared": body("GET", "/Schemas", open_types),
    "PATCH: an operation without a path is refused": tolerant,
    "PATCH: an operation for each attribute": rewrites("PATCH", USER, first_operation_only),
    "PATCH: add and replace of a simple attribute are the same": refuses(
        "PATCH", USER, 400, "noTarget", having='replace", "path": "title'
    ),
    "PATCH: add merges a complex attribute": rewrites("PATCH", USER, replaces),
    "PATCH: replace of a complex attribute replaces all of it": tolerant,
    "PATCH: replace of a list replaces all of it": merges,
    "PATCH: add to a list appends": rewrites("PATCH", USER, replaces),
    "PATCH: a filter selects the element, a sub-attribute is changed": refuses("PATCH", USER, 400, "invalidPath"),
    "Resources are addressed by id only": by_name,
    "Answers are application/scim+json": answers("GET", USERS, plain_json_list),
    "Filters: eq and and": misreads_query(USERS, first_term_only),
    "Filters: an unknown attribute is refused": answers("GET", USERS, empty_list),
    "Pages by index or by cursor": misreads_query(USERS, always_from_the_start),
    "A count of 100 and more": at_most_50,
    "A PATCH deletes nobody": deactivation_deletes,
    "What was deleted is gone for every method": deactivates,
    "Names of deleted resources can be used again": names_stay_taken,
    "POST: 409 uniqueness": answers("POST", USERS, without_scim_type),
    "PATCH: 409 uniqueness": status("PATCH", USER, 400),
}
