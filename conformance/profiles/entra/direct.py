"""The nine direct tests: requests to the SCIM endpoint without the provisioning engine."""

from typing import Any

from conformance.profiles.entra.profile import ENTRA, OVERVIEW, person
from conformance.suite.registry import Rule
from conformance.suite.schemas import eligible_values, has_path
from conformance.suite.trial import Trial, object_with
from entra_client.directory.attribute_mapping import (
    CORE_GROUP,
    CORE_USER,
    ENTERPRISE,
    MANAGER,
    parse_path,
    target_values,
    value_at,
)
from entra_client.protocol import requests
from entra_client.run.provisioning import manager_of

TESTS = ENTRA.part(3)

LEAST_USERS = 11
PAGE = 5
_OPTIONAL = ("title", "preferredLanguage", 'phoneNumbers[type eq "mobile"].value', f"{ENTERPRISE}:department")


@TESTS.test("Schema_Discoverability_Test", f"{OVERVIEW} #15; RFC 7643 §7")
def discover_schemas(trial: Trial) -> None:
    """Every attribute that the mapping writes is listed in /Schemas, in any case."""
    mapped = [parse_path(path) for path in (*target_values(person(trial)), "active", MANAGER)]
    schemas = {urn: trial.schema(urn) for urn in (CORE_USER, ENTERPRISE, CORE_GROUP)}
    missing = [path for path in mapped if not has_path(schemas[path.urn or CORE_USER], path)]
    missing += [parse_path(name) for name in ("displayName", "members") if name.lower() not in schemas[CORE_GROUP]]
    named = ", ".join(f"{path.attribute}{'.' + path.sub if path.sub else ''}" for path in missing)
    trial.expect(not missing, f"/Schemas does not list {named}")


@TESTS.test("SCIM_Null_Update_Test", f"{OVERVIEW} #16; RFC 7643 §2.5")
def null_update(trial: Trial) -> None:
    """Optional attributes that are replaced by "" and then by null are empty."""
    body = trial.user_body(
        title="Lead",
        preferredLanguage="en-GB",
        phoneNumbers=[{"type": "mobile", "value": "+44 7700 900123"}],
        **{ENTERPRISE: {"department": "Legal"}},
    )
    user_id = trial.create("User", body)["id"]
    for nothing in ("", None):
        operations = [{"op": "replace", "path": path, "value": nothing} for path in _OPTIONAL]
        user = trial.patch_and_read("User", user_id, *operations)
        kept = [path for path in _OPTIONAL if value_at(user, path)]
        trial.expect(not kept, f"{', '.join(kept)} still has a value after it was replaced by {nothing!r}")


@TESTS.test("SCIM_User_Create_Test", f"{OVERVIEW} #17; RFC 7644 §3.3")
def create_user(trial: Trial) -> None:
    """POST answers 200 or 201 with an id and the userName as it was sent."""
    body = trial.user_body()
    user = trial.ask(requests.create("User", body), object_with(200, 201))
    trial.expect(isinstance(user.get("id"), str) and user["id"], "The new user has no id")
    trial.expect(user.get("userName") == body["userName"], "The userName did not come back as it was sent")


@TESTS.test("SCIM_User_Update_Test", f"{OVERVIEW} #18; RFC 7644 §3.5.2.3")
def update_user(trial: Trial) -> None:
    """Every eligible single-valued attribute of /Schemas is replaced and reads back equal."""
    user_id = trial.create("User")["id"]
    values = eligible_values(trial.schema(CORE_USER), "", trial.name())
    values |= eligible_values(trial.schema(ENTERPRISE), f"{ENTERPRISE}:", trial.name())
    _patch_and_compare(trial, "User", user_id, values)


@TESTS.test("SCIM_Group_Create_Test", f"{OVERVIEW} #19; RFC 7644 §3.3")
def create_group(trial: Trial) -> None:
    """The Group schema is there, and POST answers 200 or 201 with an id and the displayName as it was sent."""
    trial.schema(CORE_GROUP)
    body = trial.group_body()
    group = trial.ask(requests.create("Group", body), object_with(200, 201))
    trial.expect(isinstance(group.get("id"), str) and group["id"], "The new group has no id")
    trial.expect(group.get("displayName") == body["displayName"], "The displayName did not come back as it was sent")


@TESTS.test("SCIM_Group_Update_Test", f"{OVERVIEW} #20; RFC 7644 §3.5.2.3")
def update_group(trial: Trial) -> None:
    """Name and externalId of a group are replaced and read back equal."""
    group_id = trial.create("Group")["id"]
    values = {"displayName": f"Conformance {trial.name()}", "externalId": trial.name()}
    _patch_and_compare(trial, "Group", group_id, values)


@TESTS.test("SCIM_User_Pagination_Test", f"{OVERVIEW} #23; RFC 7644 §3.4.2.4")
def page_users(trial: Trial) -> None:
    """Pages of five users, at least two of them, each beginning where it was asked to."""
    _walk_pages(trial, "User")


@TESTS.test("SCIM_Group_Pagination_Test", f"{OVERVIEW} #24; RFC 7644 §3.4.2.4", rule=Rule.OPTIONAL)
def page_groups(trial: Trial) -> None:
    """The same for groups."""
    _walk_pages(trial, "Group")


@TESTS.test("SCIM_Update_Manager_Test", f"{OVERVIEW} #25; RFC 7643 §4.3 (manager)")
def update_manager(trial: Trial) -> None:
    """A manager is added, replaced, and replaced by nothing."""
    user_id, *bosses = (trial.create("User")["id"] for _ in range(3))
    for op, boss in zip(("add", "replace"), bosses, strict=True):
        trial.patch("User", user_id, {"op": op, "path": MANAGER, "value": {"value": boss}})
        trial.read_with("User", user_id, {f"{MANAGER}.value": boss})
    user = trial.patch_and_read("User", user_id, {"op": "replace", "path": MANAGER, "value": ""})
    trial.expect(not manager_of(user), "The user has a manager after that was replaced by an empty value")


def _patch_and_compare(trial: Trial, kind: str, resource_id: str, values: dict[str, Any]) -> None:
    operations = [{"op": "replace", "path": path, "value": value} for path, value in values.items()]
    resource = trial.patch_and_read(kind, resource_id, *operations)
    wrong = [path for path, value in values.items() if value_at(resource, path) != value]
    trial.expect(not wrong, f"{', '.join(wrong)} did not read back as it was written")


def _walk_pages(trial: Trial, kind: str) -> None:
    there = trial.get_listing(f"/{kind}s", "startIndex=1&count=1")["totalResults"]
    for _ in range(LEAST_USERS - there):
        trial.create(kind)
    seen: set[str] = set()
    for page in range(2):
        start = page * PAGE + 1
        listing = trial.get_listing(f"/{kind}s", f"startIndex={start}&count={PAGE}")
        trial.expect(listing.get("startIndex") == start, f"The page says startIndex {listing.get('startIndex')}")
        ids = {one["id"] for one in listing["Resources"]}
        trial.expect(len(ids) == PAGE, f"The page has {len(ids)} resources where {PAGE} were asked for")
        trial.expect(not ids & seen, "A resource is on two pages")
        seen |= ids
