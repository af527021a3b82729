"""AL2: groups (§6.2), and what of AL3, SL1 and SL2 can't be asked."""

from typing import Any

from conformance.profiles.ipsie.profile import AL, IPSIE
from conformance.suite.registry import Rule
from conformance.suite.trial import Trial, eq
from entra_client.directory.attribute_mapping import CORE_GROUP
from entra_client.protocol import answer_checks, requests

TESTS = IPSIE.part(5)
OPERATIONS = 50
LEVELS = "IPSIE Levels"


@TESTS.test("AL2: the Group schema", f"{AL} §6.2.1; RFC 7643 §7")
def group_schema(trial: Trial) -> None:
    """DisplayName and members are listed in /Schemas."""
    missing = {"displayname", "members"} - set(trial.schema(CORE_GROUP))
    trial.expect(not missing, f"/Schemas does not list {', '.join(sorted(missing))}")


@TESTS.test("AL2: externalId of groups", f"{AL} §6.2.1; RFC 7643 §3.1")
def external_id(trial: Trial) -> None:
    """It is stored as it was sent."""
    made = trial.create("Group")
    trial.read_with("Group", made["id"], {"externalId": made["externalId"]})


@TESTS.test("AL2: no two groups of one name", f"{AL} §6.2.1 (SHOULD NOT)", rule=Rule.OPTIONAL)
def unique_name(trial: Trial) -> None:
    """The second one is refused with 409."""
    body = trial.group_body()
    trial.create("Group", body)
    second = {**trial.group_body(), "displayName": body["displayName"]}
    trial.ask(requests.create("Group", second), answer_checks.error(409, scim_type="uniqueness"))


@TESTS.test("AL2: a group without members", f"{AL} §6.2.2; RFC 7644 §3.3")
def empty_group(trial: Trial) -> None:
    """It is created, and has none."""
    made = trial.create("Group")["id"]
    members = trial.ask(requests.read("Group", made), lambda answer: answer_checks.members_of(answer, made))
    trial.expect(not members, "The new group has members")


@TESTS.test("AL2: GET of all groups", f"{AL} §6.2.3; RFC 7644 §3.4.2")
def get_all(trial: Trial) -> None:
    """Without their members, a group that was made now is among them."""
    made, user = trial.create("Group"), trial.create("User")
    trial.patch("Group", made["id"], {"op": "add", "path": "members", "value": [{"value": user["id"]}]})
    total = trial.get_listing("/Groups", "count=1&excludedAttributes=members")["totalResults"]
    trial.expect(total > 0, "The list of groups is empty")
    found = trial.find("Group", eq("displayName", made["displayName"]), "excludedAttributes=members")
    trial.expect([one.get("id") for one in found] == [made["id"]], "The group is not listed")
    trial.expect("members" not in found[0], "The members are listed although they were excluded")


@TESTS.test("AL2: GET of a group by id", f"{AL} §6.2.4; RFC 7644 §3.4.1")
def get_by_id(trial: Trial) -> None:
    """With its name."""
    made = trial.create("Group")
    trial.read_with("Group", made["id"], {"displayName": made["displayName"]})


@TESTS.test("AL2: filter displayName eq", f"{AL} §6.2.5; RFC 7644 §3.4.2.2")
def by_name(trial: Trial) -> None:
    """The name finds the group."""
    made = trial.create("Group")
    trial.expect_only("Group", eq("displayName", made["displayName"]), made)


@TESTS.test("AL2: filter externalId eq for groups", f"{AL} §6.2.5; RFC 7644 §3.4.2.2")
def by_external_id(trial: Trial) -> None:
    """The identity provider's own id finds the group."""
    made = trial.create("Group")
    trial.expect_only("Group", eq("externalId", made["externalId"]), made)


@TESTS.test("AL2: filter members[value eq]", f"{AL} §6.2.5; RFC 7644 §3.4.2.2")
def by_member(trial: Trial) -> None:
    """A member finds the group."""
    user, made = trial.create("User"), trial.create("Group")
    trial.patch("Group", made["id"], {"op": "add", "path": "members", "value": [{"value": user["id"]}]})
    trial.expect_only("Group", f'members[value eq "{user["id"]}"]', made)


@TESTS.test("AL2: update of a group by PATCH", f"{AL} §6.2.6; RFC 7644 §3.5.2")
def update(trial: Trial) -> None:
    """A new name."""
    made = trial.create("Group")
    changed = f"{made['displayName']} changed"
    trial.patch("Group", made["id"], {"op": "replace", "path": "displayName", "value": changed})
    trial.read_with("Group", made["id"], {"displayName": changed})


@TESTS.test("AL2: 50 member operations in one PATCH", f"{AL} §6.2.6; RFC 7644 §3.5.2")
def many_operations(trial: Trial) -> None:
    """Adds and removes of five people in turn; they are applied in their order, so the last ones say who is in."""
    users, made = [trial.create("User")["id"] for _ in range(5)], trial.create("Group")["id"]
    operations: list[dict[str, Any]] = [
        {"op": "add", "path": "members", "value": [{"value": users[index % 5]}]}
        if index // 5 % 2 == 0
        else {"op": "remove", "path": f'members[value eq "{users[index % 5]}"]'}
        for index in range(OPERATIONS - 2)
    ]
    operations += [{"op": "add", "path": "members", "value": [{"value": one}]} for one in users[:2]]
    trial.patch("Group", made, *operations)
    members = trial.ask(requests.read("Group", made), lambda answer: answer_checks.members_of(answer, made))
    wanted = _members_after(operations)
    trial.expect(members == wanted, f"The group has {len(members)} members instead of {len(wanted)}")


def _members_after(operations: list[dict[str, Any]]) -> set[str]:
    """Who is a member after the operations, worked out here."""
    members: set[str] = set()
    for operation in operations:
        value = operation.get("value")
        if isinstance(value, list):
            members.add(value[0]["value"])
        else:
            members.discard(str(operation["path"]).split('"')[1])
    return members


for name, clause, reason in (
    ("AL3: role management", f"{AL} §7", "The draft does not define its demands yet."),
    (
        "SL1: the session's lifetime follows from the assertion",
        LEVELS,
        "A sign-in needs a browser and an assertion, which only the identity provider can sign.",
    ),
    (
        "SL2: re-authentication when the identity provider asks",
        LEVELS,
        "A sign-in needs a browser and an assertion, which only the identity provider can sign.",
    ),
    (
        "SL2: all sessions and tokens end when the identity provider asks",
        LEVELS,
        "The command is a token that only the identity provider can sign; where to send it is no part of SCIM.",
    ),
    (
        "SL2: unsolicited assertions are not accepted",
        LEVELS,
        "An assertion can only be signed by the identity provider.",
    ),
):
    TESTS.not_asked(name, clause, reason)
