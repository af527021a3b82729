"""A fault for each test of the profile ``entra``."""

import re
from typing import Any

from tests.conformance.server.faults import (
    GROUP,
    GROUPS,
    USER,
    USERS,
    answers,
    body,
    finds_nothing,
    ignores,
    leaves_out,
    misreads_query,
    refuses,
    rewrites,
    sets,
    status,
)
from tests.conformance.server.memory import Fault, Reply

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def without_department(document: Any) -> None:
    """/Schemas does not list an attribute that is stored all the same."""
    for schema in document["Resources"]:
        schema["attributes"] = [each for each in schema["attributes"] if each["name"] != "department"]


def without_group_schema(document: Any) -> None:
    document["Resources"] = [each for each in document["Resources"] if not each["id"].endswith(":Group")]
    document.update(totalResults=len(document["Resources"]), itemsPerPage=len(document["Resources"]))


def without_manager(document: Any) -> None:
    document.get(ENTERPRISE, {}).pop("manager", None)


def everybody_leaves(text: str) -> str:
    """Entra's list of who is to be removed is overlooked."""
    return re.sub(r'("Remove".*?), "value": \[.*?\]', r"\1", text)


def from_the_start(query: dict[str, list[str]]) -> None:
    """startIndex is ignored."""
    query.pop("startIndex", None)


def expires_soon(reply: Reply) -> None:
    reply.body["expires_in"] = 300


ENTRA_FAULTS: dict[str, Fault] = {
    "Create_User_Test": body("POST", USERS, leaves_out("addresses")),
    "Update_User_Test": ignores("PATCH", USER, having="familyName"),
    "Disable_User_Test": body("GET", USERS, finds_nothing),
    "Delete_User_Test": ignores("DELETE", USER),
    "User_Update_Manager_Test": refuses("PATCH", USER, 400, "invalidValue", having="manager"),
    "Restore_User_Test": ignores("PATCH", USER, having="True"),
    "POD_User_Test": status("GET", USERS, 404),
    "Create_Group_Test": refuses("POST", GROUPS, 400, "invalidSyntax", having="ADSCIM"),
    "Update_Group_Test": ignores("PATCH", GROUP),
    "Delete_Group_Test": refuses("DELETE", GROUP, 405),
    "Group_Update_Add_Member_Test": ignores("PATCH", GROUP, having="members"),
    "Group_Update_Remove_Member_Test": rewrites("PATCH", GROUP, everybody_leaves),
    "POD_Group_Test": body("GET", GROUPS, finds_nothing),
    "Restore_Group_Test": refuses("DELETE", GROUP, 501),
    "Schema_Discoverability_Test": body("GET", "/Schemas", without_department),
    "SCIM_Null_Update_Test": refuses("PATCH", USER, 400, "invalidValue", having="null"),
    "SCIM_User_Create_Test": body("POST", USERS, leaves_out("id")),
    "SCIM_User_Update_Test": body("GET", USER, leaves_out("nickName")),
    "SCIM_Group_Create_Test": body("GET", "/Schemas", without_group_schema),
    "SCIM_Group_Update_Test": body("GET", GROUP, leaves_out("externalId")),
    "Validate_Credentials_Test": answers("POST", "/oauth2/token", expires_soon),
    "Federated_Identity_Test": status("POST", "/oauth2/token", 401),
    "SCIM_User_Pagination_Test": misreads_query(USERS, from_the_start),
    "SCIM_Group_Pagination_Test": body("GET", GROUPS, sets(startIndex=1)),
    "SCIM_Update_Manager_Test": body("GET", USER, without_manager),
}
