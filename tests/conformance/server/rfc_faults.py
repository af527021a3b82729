"""A fault for each test of the profile ``rfc``."""

import json
import re
from typing import Any

from tests.conformance.server.faults import (
    ANY,
    GROUP,
    GROUPS,
    USER,
    USERS,
    answers,
    body,
    error,
    finds_nothing,
    ignores,
    leaves_out,
    misreads_query,
    refuses,
    rewrites,
    sets,
    status,
)
from tests.conformance.server.memory import Answer, Asked, Fault, MemoryServer, Reply

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
SCHEMA, TYPE, CONFIG = r"/Schemas/[^/]+", r"/ResourceTypes/[^/]+", "/ServiceProviderConfig"


def without_challenge(reply: Reply) -> None:
    reply.headers.pop("WWW-Authenticate", None)


def web_page(reply: Reply) -> None:
    reply.body, reply.headers = b"<h1>Not Found</h1>", {"Content-Type": "text/html"}


def one_at_least(query: dict[str, list[str]]) -> None:
    query["count"] = [str(max(int(query["count"][0]), 1))]


def from_zero(server: MemoryServer, asked: Asked, answer: Answer) -> Reply:
    return error(400, "invalidValue") if asked.parameter("startIndex") == "0" else answer(asked)


def misread(**names: str) -> Any:
    """Parameters that are overlooked (with an empty text), or read as something else."""

    def change(query: dict[str, list[str]]) -> None:
        for name, value in names.items():
            if name in query:
                query.pop(name)
                if value:
                    query[name] = [value]

    return change


def filter_becomes(pattern: str, replacement: str) -> Any:
    def change(query: dict[str, list[str]]) -> None:
        if "filter" in query:
            query["filter"] = [re.sub(pattern, replacement, query["filter"][0])]

    return change


def case_counts(query: dict[str, list[str]]) -> None:
    if "filter" in query and query["filter"][0].startswith("USERNAME"):
        query["filter"] = ['id eq "nobody"']


def never_unchanged(reply: Reply) -> Reply | None:
    return Reply(200, {}) if reply.status == 304 else None


def empty_instead_of_refused(reply: Reply) -> None:
    if reply.status == 400:
        reply.status, reply.body = 200, {"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"]}
        finds_nothing(reply.body)


def takes_the_id(server: MemoryServer, asked: Asked, answer: Answer) -> Reply:
    """The id of the request is the user's."""
    reply = answer(asked)
    if asked.method == "POST" and reply.status == 201 and "id" in asked.body:
        former, reply.body["id"] = reply.body["id"], asked.body["id"]
        server.resources["Users"][asked.body["id"]] = {**server.resources["Users"].pop(former), "id": asked.body["id"]}
    return reply


def nameless_is_created(server: MemoryServer, asked: Asked, answer: Answer) -> Reply:
    reply = answer(asked)
    return Reply(201, {"id": "nameless"}) if asked.method == "POST" and reply.status == 400 else reply


def scim_type_is(scim_type: str | None) -> Any:
    def change(reply: Reply) -> None:
        if reply.status == 400:
            reply.body.pop("scimType", None)
            reply.body.update({"scimType": scim_type} if scim_type else {})

    return change


def perhaps_is_true(text: str) -> str:
    return text.replace('"perhaps"', "true")


def core_schema_only(document: Any) -> None:
    document["schemas"] = document["schemas"][:1]


def same_moment(document: Any) -> None:
    document["meta"]["lastModified"] = document["meta"]["created"]


def takes_members(server: MemoryServer, asked: Asked, answer: Answer) -> Reply:
    """Whoever is named becomes a member."""
    reply = answer(asked)
    return Reply(204) if asked.method == "PATCH" and reply.status == 400 else reply


def clears_nothing(server: MemoryServer, asked: Asked, answer: Answer) -> Reply:
    """PUT merges."""
    if asked.method == "PUT":
        stored = answer(Asked("GET", asked.path, {}, asked.headers, b"")).body
        asked.content = json.dumps({**stored, **asked.body}).encode()
    return answer(asked)


def creates(server: MemoryServer, asked: Asked, answer: Answer) -> Reply:
    """PUT of an unknown id creates."""
    reply = answer(asked)
    if asked.method == "PUT" and reply.status == 404:
        return answer(Asked("POST", "/scim/v2/Users", {}, asked.headers, asked.content))
    return reply


def still_a_member(document: Any) -> None:
    document["members"] = [{"value": "5f3c0c1e-77a0-4b0e-9c53-0f5b7f0a1c11", "type": "User"}]


def deleted_twice(reply: Reply) -> Reply | None:
    return Reply(204) if reply.status == 404 else None


def manager_without_reference(document: Any) -> None:
    document.get(ENTERPRISE, {}).get("manager", {}).pop("$ref", None)


def without_filter(text: str) -> str:
    return re.sub(r'emails\[type eq \\"home\\"\]', "emails", text)


def reversed_operations(text: str) -> str:
    document = json.loads(text)
    return json.dumps({**document, "Operations": document["Operations"][::-1]})


def half_done(server: MemoryServer, asked: Asked, answer: Answer) -> Reply:
    """What comes before the failure is done."""
    reply = answer(asked)
    if asked.method == "PATCH" and reply.status == 400:
        operations = asked.body["Operations"][:1]
        answer(Asked("PATCH", asked.path, {}, asked.headers, json.dumps({"Operations": operations}).encode()))
    return reply


def two_primaries(document: Any) -> None:
    for email in document.get("emails", []):
        email["primary"] = True


def doubles(server: MemoryServer, asked: Asked, answer: Answer) -> Reply:
    """What is added is there twice."""
    reply = answer(asked)
    if asked.method == "GET" and len(reply.body.get("emails", [])) == 2:
        reply.body["emails"].append(reply.body["emails"][-1])
    return reply


def stops_at_once(server: MemoryServer, asked: Asked, answer: Answer) -> Reply:
    """failOnErrors is 1, whatever was asked."""
    if asked.path.endswith("/Bulk"):
        asked.content = json.dumps({**asked.body, "failOnErrors": 1}).encode()
    return answer(asked)


def never_stops(server: MemoryServer, asked: Asked, answer: Answer) -> Reply:
    if asked.path.endswith("/Bulk"):
        asked.content = json.dumps({**asked.body, "failOnErrors": None}).encode()
    return answer(asked)


def unresolved(text: str) -> str:
    return text.replace('[{"value": "bulkId:member"}]', "[]")


def other_bulk_statuses(document: Any) -> None:
    for each in document["Operations"]:
        each["status"] = "200"


def too_many_are_read(server: MemoryServer, asked: Asked, answer: Answer) -> Reply:
    reply = answer(asked)
    return Reply(200, {"schemas": [], "Operations": []}) if reply.status == 413 else reply


def every_method(reply: Reply) -> Reply | None:
    return Reply(200, {}) if reply.status == 405 else None


def found_after_all(reply: Reply) -> Reply | None:
    return Reply(200, {}) if reply.status == 404 else None


def another_schema(document: Any) -> None:
    for each in document.get("Resources", []):
        each["schema"] = "urn:none"


def no_cursor(document: Any) -> None:
    document.pop("nextCursor", None)


RFC_FAULTS: dict[str, Fault] = {
    "401 with WWW-Authenticate": answers("GET", USERS, without_challenge),
    "404 in SCIM's form for an unknown address": answers("GET", ANY, web_page),
    "count=0 answers the number alone": misreads_query(USERS, one_at_least),
    "startIndex below 1 means 1": from_zero,
    "A page behind the last one is empty": misreads_query(USERS, misread(startIndex="1")),
    "Sorting": misreads_query(USERS, misread(sortOrder="")),
    "attributes and excludedAttributes": misreads_query(USER, misread(excludedAttributes="")),
    "POST .search": body("POST", "/Users/.search", finds_nothing),
    "Cursor pages": body("GET", USERS, no_cursor),
    "Discovery can't be filtered": answers("GET", "/ResourceTypes", lambda reply: Reply(200, {})),
    "ServiceProviderConfig has all of its parts": body("GET", CONFIG, leaves_out("changePassword")),
    "ETag, If-None-Match and If-Match": answers("GET", USER, never_unchanged),
    "Filter: eq and ne": misreads_query(USERS, filter_becomes(r"title ne", "title eq")),
    "Filter: co, sw and ew": misreads_query(USERS, filter_becomes(r"title (sw|ew)", "title co")),
    "Filter: pr": misreads_query(USERS, filter_becomes(r" and title pr", "")),
    "Filter: gt, ge, lt and le on times": refuses("GET", USERS, 400, "invalidFilter", having="meta.created"),
    "Filter: and before or, not, parentheses": misreads_query(
        USERS, filter_becomes(r"\(([^()]* or [^()]*)\) and", r"\1 and")
    ),
    "Filter: names and operators in any case": misreads_query(USERS, case_counts),
    "Filter: names with the schema's URN": refuses("GET", USERS, 400, "invalidFilter", having="core:2.0:User"),
    "Filter: sub-attributes and value paths": misreads_query(USERS, filter_becomes(r'type eq "home" and ', "")),
    "Filter: booleans": misreads_query(USERS, filter_becomes(r" and active eq \w+", "")),
    "Filter: quotes and backslashes in a value": body("GET", USERS, finds_nothing),
    "Filter: what can't be read is refused": answers("GET", USERS, empty_instead_of_refused),
    "POST: what only the server sets is ignored": takes_the_id,
    "POST: without userName": nameless_is_created,
    "POST: a body that is no JSON": answers("POST", USERS, scim_type_is(None)),
    "POST: a value of another type": rewrites("POST", USERS, perhaps_is_true),
    "schemas names the extensions that have values": body("GET", USER, core_schema_only),
    "meta.lastModified follows a change": body("GET", USER, same_moment),
    "groups of a user follow from the groups": body("GET", USER, leaves_out("groups")),
    "A member has to exist": takes_members,
    "PUT: what is not stated is cleared": clears_nothing,
    "PUT: unknown id": creates,
    "DELETE: 204, and 404 the second time": answers("DELETE", ANY, deleted_twice),
    "A deleted user is no member": body("GET", GROUP, still_a_member),
    "manager is a reference": body("GET", USER, manager_without_reference),
    "PATCH: without a path, a value for each name": refuses("PATCH", USER, 400, "invalidSyntax"),
    "PATCH: remove": rewrites("PATCH", USER, without_filter),
    "PATCH: operations are applied in their order": rewrites("PATCH", USER, reversed_operations),
    "PATCH: all or nothing": half_done,
    "PATCH: a new primary value takes the place of the former": body("GET", USER, two_primaries),
    "PATCH: adding what is there changes nothing": doubles,
    "PATCH: remove without a path": answers("PATCH", USER, scim_type_is("invalidPath")),
    "PATCH: an operation that is none": answers("PATCH", USER, scim_type_is("noTarget")),
    "PATCH: a path that can't be read": answers("PATCH", USER, scim_type_is(None)),
    "PATCH: what only the server sets": ignores("PATCH", USER),
    "Bulk: POST, PUT, PATCH and DELETE": body("POST", "/Bulk", other_bulk_statuses),
    "Bulk: references by bulkId": rewrites("POST", "/Bulk", unresolved),
    "Bulk: one failure does not stop the others": stops_at_once,
    "Bulk: failOnErrors": never_stops,
    "Bulk: more operations than maxOperations": too_many_are_read,
}
TESTER_FAULTS: dict[str, Fault] = {
    "service_provider_config_endpoint": body("GET", CONFIG, sets(patch="yes")),
    "service_provider_config_endpoint_methods": answers("POST|PUT|PATCH|DELETE", CONFIG, every_method),
    "query_all_resource_types": status("GET", "/ResourceTypes", 500),
    "query_resource_type_by_id": status("GET", TYPE, 404),
    "access_invalid_resource_type": answers("GET", TYPE, found_after_all),
    "resource_types_endpoint_methods": answers("POST|PUT|PATCH|DELETE", "/ResourceTypes", every_method),
    "resource_types_schema_validation": body("GET", "/ResourceTypes", another_schema),
    "query_all_schemas": status("GET", "/Schemas", 500),
    "access_schema_by_id": status("GET", SCHEMA, 404),
    "access_invalid_schema": answers("GET", SCHEMA, found_after_all),
    "schemas_endpoint_methods": answers("POST|PUT|PATCH|DELETE", "/Schemas", every_method),
    "random_url": answers("GET", r"/[0-9a-f]{8}-[^/]+", lambda reply: Reply(200, {})),
    "object_creation": status("POST", USERS, 200),
    "object_query": status("GET", USER, 500),
    "object_query_without_id": status("GET", GROUPS, 500),
    "object_query_with_attributes": misreads_query(USER, misread(excludedAttributes="")),
    "object_list_with_attributes": misreads_query(USERS, misread(excludedAttributes="")),
    "search_with_attributes": status("POST", r"/(?:Users/)?\.search", 400),
    "object_replacement": refuses("PUT", USER, 405),
    "object_deletion": refuses("DELETE", USER, 405),
    "check_add_attribute": ignores("PATCH", USER, having='"add"'),
    "check_remove_attribute": ignores("PATCH", USER, having='"remove"'),
    "check_replace_attribute": ignores("PATCH", USER, having='"replace"'),
}
RFC_FAULTS |= {f"scim2-tester: {title}": fault for title, fault in TESTER_FAULTS.items()}
# The type of a schema that is not listed can't be checked at all, which is a result without a title.
RFC_FAULTS["scim2-tester: every other check"] = body("GET", "/ResourceTypes", another_schema)
