"""Group Push: the requests that Okta sends for groups, and what its test plan asks of them."""

from conformance.profiles.okta.profile import OKTA, PUSH, pushed_group
from conformance.suite.trial import Skipped, Trial, eq, object_with
from entra_client.protocol import answer_checks, requests
from entra_client.protocol.transport import Request

TESTS = OKTA.part(3)
_ENTITLEMENTS = "urn:okta:scim:schemas:core:1.0:"


@TESTS.test("Push group: created and found", f"{PUSH}; RFC 7644 §3.3")
def push(trial: Trial) -> None:
    """Looked up by its name with a page, created with an empty list of members."""
    sent = pushed_group(trial)
    trial.expect(
        not trial.find("Group", eq("displayName", sent["displayName"]), "startIndex=1&count=100"), "It is there"
    )
    made = trial.create("Group", sent)
    trial.expect_only("Group", eq("displayName", sent["displayName"]), made)


@TESTS.test("Push group: renamed, with its id in the value", f"{PUSH}; RFC 7644 §3.5.2.3")
def rename(trial: Trial) -> None:
    """A replace without a path that holds the id as well; the members stay."""
    user, group = trial.create("User"), trial.create("Group", pushed_group(trial))
    trial.patch("Group", group["id"], {"op": "add", "path": "members", "value": [{"value": user["id"]}]})
    renamed = f"{group['displayName']} renamed"
    trial.patch("Group", group["id"], {"op": "replace", "value": {"id": group["id"], "displayName": renamed}})
    trial.read_with("Group", group["id"], {"displayName": renamed})
    _expect_members(trial, group["id"], user["id"])


@TESTS.test("Push group: members are added and removed in one PATCH", f"{PUSH}; RFC 7644 §3.5.2.2")
def change_members(trial: Trial) -> None:
    """One is removed by a filter in the path, another is added."""
    users, group = [trial.create("User")["id"] for _ in range(2)], trial.create("Group", pushed_group(trial))
    trial.patch("Group", group["id"], {"op": "add", "path": "members", "value": [{"value": users[0]}]})
    trial.patch(
        "Group",
        group["id"],
        {"op": "remove", "path": f'members[value eq "{users[0]}"]'},
        {"op": "add", "path": "members", "value": [{"value": users[1], "display": "somebody"}]},
    )
    _expect_members(trial, group["id"], users[1])


@TESTS.test("Push group: all members are replaced", f"{PUSH}; RFC 7644 §3.5.2.3")
def replace_members(trial: Trial) -> None:
    """A full push: exactly these are members afterwards."""
    users, group = [trial.create("User")["id"] for _ in range(3)], trial.create("Group", pushed_group(trial))
    for chosen in (users[:2], users[1:]):
        value = [{"value": one} for one in chosen]
        trial.patch("Group", group["id"], {"op": "replace", "path": "members", "value": value})
        _expect_members(trial, group["id"], *chosen)


@TESTS.test("Push group: PUT of the whole group", f"{PUSH}; RFC 7644 §3.5.1")
def put_group(trial: Trial) -> None:
    """Applications of the integration wizard send the whole group; PUT empties it, too."""
    user, group = trial.create("User")["id"], trial.create("Group", pushed_group(trial))
    for members in ([{"value": user}], []):
        body = {**pushed_group(trial), "id": group["id"], "members": members}
        trial.ask(Request(method="PUT", path=f"/Groups/{group['id']}", body=body), object_with(200))
        trial.read_with("Group", group["id"], {"displayName": body["displayName"]})
        _expect_members(trial, group["id"], *(one["value"] for one in members))


@TESTS.test("Unlink and delete: the group goes, its users stay", f"{PUSH}; RFC 7644 §3.6")
def unlink(trial: Trial) -> None:
    """DELETE of a group with a member."""
    user, group = trial.create("User")["id"], trial.create("Group", pushed_group(trial))
    trial.patch("Group", group["id"], {"op": "add", "path": "members", "value": [{"value": user}]})
    trial.delete("Group", group["id"])
    trial.ask(requests.read("Group", group["id"]), answer_checks.error(404))
    trial.read("User", user)


@TESTS.test("Entitlement endpoints", "Okta Entitlements Test; RFC 7644 §3.4.2")
def entitlements(trial: Trial) -> None:
    """A page of one of each entitlement type that /ResourceTypes lists; asked only where there is one."""
    listing = trial.get_listing("/ResourceTypes")
    with trial.reading():
        endpoints = [one["endpoint"] for one in listing["Resources"] if str(one["schema"]).startswith(_ENTITLEMENTS)]
    if not endpoints:
        raise Skipped("/ResourceTypes lists no entitlements (Okta's Role or Entitlement), so Okta asks for none.")
    for endpoint in endpoints:
        page = trial.get_listing(f"/{endpoint.strip('/')}", "count=1&startIndex=1")
        trial.expect(
            len(page["Resources"]) == 1 and page.get("itemsPerPage") == 1, "The page does not hold one resource"
        )
        trial.expect(type(page.get("startIndex")) is int, "startIndex is no number")


def _expect_members(trial: Trial, group_id: str, *users: str) -> None:
    members = trial.ask(requests.read("Group", group_id), lambda answer: answer_checks.members_of(answer, group_id))
    trial.expect(members == set(users), f"The group has the members {sorted(members)} instead of {sorted(users)}")
