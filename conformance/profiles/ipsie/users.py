"""AL1: user deprovisioning (§5), and the users of AL2 (§6.1)."""

import re

from conformance.http.exchange import Call
from conformance.profiles.ipsie.profile import AL, IPSIE
from conformance.suite.registry import Rule
from conformance.suite.schemas import sub_attributes
from conformance.suite.trial import Skipped, Trial, eq
from entra_client.directory.attribute_mapping import CORE_USER
from entra_client.protocol import answer_checks, requests

DEPROVISIONING, MANAGEMENT = IPSIE.part(3), IPSIE.part(4)
MOST_A_PAGE = 1000
PAGE = 100
PAGES = 400  # of users; a list that is longer than that is not walked to its end
_CREDENTIAL = re.compile(r"passw|secret|totp|private.?key|credential", re.IGNORECASE)
# What an internal failure leaves in a text: stack traces, statements, paths of source files.
_INTERNAL = re.compile(
    r"Traceback|\bat [\w.$]+\([\w.]+:\d+\)|SELECT .* FROM|\.py\"?,? line|/usr/|/home/", re.IGNORECASE
)


@DEPROVISIONING.test("AL1: deactivate by PATCH", f"{AL} §5.1; RFC 7644 §3.5.2.3")
def deactivate(trial: Trial) -> None:
    """``active`` becomes false, and the user stays."""
    user_id = trial.create("User", trial.user_body(active=True))["id"]
    trial.patch("User", user_id, {"op": "replace", "path": "active", "value": False})
    trial.read_with("User", user_id, {"active": False})


@DEPROVISIONING.test("AL1: reactivate by PATCH", f"{AL} §5.1")
def reactivate(trial: Trial) -> None:
    """A deactivated user becomes active again."""
    user_id = trial.create("User")["id"]
    trial.patch("User", user_id, {"op": "replace", "path": "active", "value": True})
    trial.read_with("User", user_id, {"active": True})


@DEPROVISIONING.test("AL1: delete", f"{AL} §5.2, §10; RFC 7644 §3.6")
def delete(trial: Trial) -> None:
    """A deleted user is there no more."""
    user_id = trial.create("User")["id"]
    trial.delete("User", user_id)
    trial.ask(requests.read("User", user_id), answer_checks.error(404))


@DEPROVISIONING.test("AL1: the userName of a deleted user can be used again", f"{AL} §5.2")
def same_name(trial: Trial) -> None:
    """A new user, with an id of its own."""
    body = trial.user_body()
    former = trial.create("User", body)["id"]
    trial.delete("User", former)
    trial.expect(trial.create("User", body)["id"] != former, "The new user has the id of the deleted one")


@DEPROVISIONING.test("AL1: GET by id", f"{AL} §5.3; RFC 7644 §3.4.1")
def get_by_id(trial: Trial) -> None:
    """One user, with the values that were sent."""
    body = trial.user_body()
    made = trial.create("User", body)
    trial.read_with("User", made["id"], {"userName": body["userName"], "displayName": body["displayName"]})


@DEPROVISIONING.test("AL1: filter userName eq", f"{AL} §5.4; RFC 7644 §3.4.2.2")
def by_user_name(trial: Trial) -> None:
    """The draft writes ``username``; names of attributes are compared without case."""
    made = trial.create("User")
    for name in ("username", "userName"):
        trial.expect_only("User", eq(name, made["userName"]), made)


@DEPROVISIONING.test("AL1: filter externalId eq", f"{AL} §5.4; RFC 7644 §3.4.2.2")
def by_external_id(trial: Trial) -> None:
    """The identity provider's own id finds the user."""
    made = trial.create("User")
    trial.expect_only("User", eq("externalId", made["externalId"]), made)


@DEPROVISIONING.test("AL1: filter emails[value eq]", f"{AL} §5.4; RFC 7644 §3.4.2.2")
def by_email(trial: Trial) -> None:
    """A value path in a filter."""
    made = trial.create("User")
    trial.expect_only("User", f'emails[value eq "{made["emails"][0]["value"]}"]', made)


@DEPROVISIONING.test('AL1: filter emails[type eq "work" and value eq]', f"{AL} §5.4; RFC 7644 §3.4.2.2")
def by_work_email(trial: Trial) -> None:
    """Both conditions hold for one and the same element."""
    made = trial.create("User")
    address = made["emails"][0]["value"]
    trial.expect_only("User", f'emails[type eq "work" and value eq "{address}"]', made)
    other = trial.find("User", f'emails[type eq "home" and value eq "{address}"]')
    trial.expect(not other, "The address is found under another type")


@DEPROVISIONING.test("AL1: errors in SCIM's form, without internal details", f"{AL} §8; RFC 7644 §3.12")
def errors(trial: Trial) -> None:
    """Refusals of different kinds, none of them with a stack trace, a statement or a path of a source file."""
    for request, status in (
        (requests.read("User", trial.name()), 404),
        (Call(method="GET", path="/Users", query="filter=userName%20eq"), 400),
        (Call(method="POST", path="/Users", content=b"{", body=None), 400),
        (Call(method="GET", path=f"/{trial.name()}"), 404),
    ):
        answer = trial.send(request)
        answer_checks.error(status)(answer)
        trial.expect(not _INTERNAL.search(answer.content.decode(errors="replace")), "The error shows internal details")


DEPROVISIONING.not_asked(
    "AL1: all access ends with the deactivation",
    f"{AL} §5.1",
    "Sessions, tokens and keys of people are of the application's own sign-in, which SCIM does not reach.",
)


@MANAGEMENT.test("AL2: the User schema", f"{AL} §6.1.1; RFC 7643 §7")
def user_schema(trial: Trial) -> None:
    """userName, displayName and active are listed in /Schemas."""
    missing = {"username", "displayname", "active"} - set(trial.schema(CORE_USER))
    trial.expect(not missing, f"/Schemas does not list {', '.join(sorted(missing))}")


@MANAGEMENT.test("AL2: externalId of users", f"{AL} §6.1.1; RFC 7643 §3.1")
def external_id(trial: Trial) -> None:
    """It is stored as it was sent, and can be changed."""
    made = trial.create("User")
    changed = trial.name()
    trial.patch("User", made["id"], {"op": "replace", "path": "externalId", "value": changed})
    trial.read_with("User", made["id"], {"externalId": changed})


@MANAGEMENT.test("AL2: no password attribute", f"{AL} §6.1.2")
def no_password(trial: Trial) -> None:
    """/Schemas has none, and one that is sent is refused or left out, never returned."""
    trial.expect("password" not in trial.schema(CORE_USER), "/Schemas lists the attribute password")
    answer = trial.send(requests.create("User", trial.user_body(password=trial.name())))
    trial.expect(answer.status in (200, 201, 400), f"POST with a password is answered {answer.status}")
    trial.expect(b'"password"' not in answer.content or answer.status == 400, "The answer holds the password")


@MANAGEMENT.test("AL2: no credentials in other schemas", f"{AL} §6.1.2")
def no_credentials(trial: Trial) -> None:
    """No attribute of any schema is called after passwords, secrets, keys or one-time codes."""
    listing = trial.get_listing("/Schemas")
    with trial.reading():
        names = {
            name
            for schema in listing["Resources"]
            if schema["id"] != CORE_USER
            for attribute in schema["attributes"]
            for name in (attribute["name"], *(one["name"] for one in sub_attributes(attribute).values()))
        }
    found = sorted(name for name in names if _CREDENTIAL.search(name))
    trial.expect(not found, f"/Schemas lists {', '.join(found)}")


@MANAGEMENT.test("AL2: create by POST", f"{AL} §6.1.3; RFC 7644 §3.3")
def create(trial: Trial) -> None:
    """201, and everything that was sent."""
    trial.create("User")


@MANAGEMENT.test("AL2: update by PATCH", f"{AL} §6.1.4; RFC 7644 §3.5.2")
def update(trial: Trial) -> None:
    """A changed value is there afterwards, and the others are as they were."""
    made = trial.create("User")
    trial.patch("User", made["id"], {"op": "replace", "path": "displayName", "value": "Changed"})
    trial.read_with("User", made["id"], {"displayName": "Changed", "userName": made["userName"]})


@MANAGEMENT.test("AL2: GET of all users", f"{AL} §6.1.5; RFC 7644 §3.4.2.4")
def get_all(trial: Trial) -> None:
    """Page after page, a user who was made now is among them."""
    made = trial.create("User")["id"]
    total = trial.get_listing("/Users", "startIndex=1&count=1")["totalResults"]
    starts = range(1, total + 1, PAGE)
    # The newest are on the last page of most servers, so that is looked at first.
    for start in [max(1, total - PAGE + 1), *starts[:PAGES]]:
        listing = trial.get_listing("/Users", f"startIndex={start}&count={PAGE}")
        if any(isinstance(one, dict) and one.get("id") == made for one in listing["Resources"]):
            return
    if len(starts) > PAGES:
        raise Skipped(f"There are {total} users, and the one who was made now is not among the first {PAGE * PAGES}.")
    trial.fail("The user who was made now is on no page")


@MANAGEMENT.test("AL2: at most 1,000 users a page", f"{AL} §6.1.5 (SHOULD)", rule=Rule.OPTIONAL)
def page_size(trial: Trial) -> None:
    """Whatever is asked for."""
    listing = trial.get_listing("/Users", "startIndex=1&count=100000&attributes=userName")
    trial.expect(len(listing["Resources"]) <= MOST_A_PAGE, f"The page has {len(listing['Resources'])} users")


for name, clause, reason in (
    ("AL2: local creation of managed users is prohibited", "§6", "That is done on the application's own pages."),
    ("AL2: groups can be mapped to roles", "§6", "Roles are chosen on the application's own pages."),
):
    MANAGEMENT.not_asked(name, f"{AL} {clause}", f"{reason.rstrip('.')}, which SCIM does not reach.")
