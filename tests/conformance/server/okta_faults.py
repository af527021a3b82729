"""A fault for each test of the profile ``okta``."""

from typing import Any

from tests.conformance.server.faults import (
    GROUP,
    GROUPS,
    USER,
    USERS,
    answers,
    body,
    each_resource,
    finds_nothing,
    ignores,
    leaves_out,
    refuses,
    rewrites,
    sets,
    status,
)
from tests.conformance.server.memory import Answer, Asked, Fault, MemoryServer, Reply


def slow(reply: Reply) -> None:
    reply.status, reply.body = 200, {"schemas": [], "totalResults": "0", "Resources": None}


def without_schemas(reply: Reply) -> None:
    del reply.body["schemas"]


def echoes_password(server: MemoryServer, asked: Asked, answer: Answer) -> Reply:
    """The password is stored and returned as any attribute."""
    reply = answer(asked)
    if asked.method == "POST" and reply.status == 201:
        reply.body["password"] = asked.body["password"]
    return reply


def deletes_instead(server: MemoryServer, asked: Asked, answer: Answer) -> Reply:
    """Who is put as inactive is deleted."""
    reply = answer(asked)
    if asked.method == "PUT" and '"active": false' in asked.content.decode():
        server.resources["Users"].clear()
    return reply


def group_takes_its_members_along(server: MemoryServer, asked: Asked, answer: Answer) -> Reply:
    reply = answer(asked)
    if asked.method == "DELETE" and asked.path.startswith("/scim/v2/Groups/"):
        server.resources["Users"].clear()
    return reply


def members_vanish(server: MemoryServer, asked: Asked, answer: Answer) -> Reply:
    """A replace without a path that has no members empties the group."""
    reply = answer(asked)
    if asked.method == "PATCH" and "renamed" in asked.content.decode():
        for group in server.resources["Groups"].values():
            group["members"].clear()
    return reply


def familyname(document: Any) -> None:
    document["name"].pop("familyName", None)


OKTA_FAULTS: dict[str, Fault] = {
    "Test Users endpoint": body("GET", USERS, sets(itemsPerPage="1")),
    "Get Users/{{id}}": body("GET", USER, familyname),
    "Test invalid User by username": status("GET", USERS, 404),
    "Test invalid User by ID": answers("GET", USER, lambda reply: Reply(404, None)),
    "Make sure random user doesn't exist": body("GET", USERS, finds_nothing),
    "Create Okta user with realistic values": body("POST", USERS, sets(active="true")),
    "Verify that user was created": body("GET", USER, sets(name={"formatted": "Another"})),
    "Expect failure when recreating user with same values": status("POST", USERS, 201),
    "Username Case Sensitivity Check": body("GET", USERS, finds_nothing),
    "Verify Groups endpoint": answers("GET", GROUPS, slow),
    "Check status 401": answers("GET", USERS, without_schemas),
    "Check status 404": answers("GET", USER, lambda reply: Reply(404, {**reply.body, "status": 404})),
    "Assign: the user is created": body("POST", USERS, leaves_out("externalId")),
    "Assign: no password comes back": echoes_password,
    "Update firstName: PUT of the whole user": refuses("PUT", USER, 400, "mutability"),
    "Update with empty values: PUT without errors": refuses("PUT", USER, 400, "invalidValue"),
    "Deactivate: active becomes false": refuses("PATCH", USER, 400, "invalidPath"),
    "Reactivate and reassign: active becomes true": body("GET", USERS, finds_nothing),
    "Remove assignment: the user is inactive and not deleted": deletes_instead,
    "Push group: created and found": body("GET", GROUPS, each_resource(sets(id="another"))),
    "Push group: renamed, with its id in the value": members_vanish,
    "Push group: members are added and removed in one PATCH": ignores("PATCH", GROUP, having="remove"),
    # A full push adds, and takes nobody away.
    "Push group: all members are replaced": rewrites("PATCH", GROUP, lambda text: text.replace("replace", "add")),
    "Push group: PUT of the whole group": ignores("PUT", GROUP, having='"members": []'),
    "Unlink and delete: the group goes, its users stay": group_takes_its_members_along,
    "Entitlement endpoints": refuses("GET", "/Roles", 404),
}
