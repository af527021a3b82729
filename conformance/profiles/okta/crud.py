"""The CRUD Test: what each of its steps in Okta makes Okta send to the SCIM server, and what has to be there then."""

from typing import Any

from conformance.profiles.okta.profile import CRUD, OKTA, assigned_user
from conformance.suite.trial import Trial, eq, object_with
from entra_client.protocol import answer_checks, requests
from entra_client.protocol.answer_checks import Resource
from entra_client.protocol.transport import Request

TESTS = OKTA.part(2)


@TESTS.test("Assign: the user is created", f"{CRUD} 3-4; RFC 7644 §3.3")
def assign(trial: Trial) -> None:
    """Matched by userName with a page, created with a password and groups, and readable afterwards."""
    sent = assigned_user(trial, active=True)
    trial.expect(not trial.find("User", eq("userName", sent["userName"]), "startIndex=1&count=100"), "It is there")
    made = _create(trial, sent)
    trial.read_with(
        "User", made["id"], {"userName": sent["userName"], "active": True, "externalId": sent["externalId"]}
    )


@TESTS.test("Assign: no password comes back", f"{CRUD} 3; RFC 7643 §4.1.1 (password)")
def no_password(trial: Trial) -> None:
    """Okta sends a random password; no answer holds it."""
    made = _create(trial, assigned_user(trial))
    trial.expect("password" not in made, "The answer to POST has the password")
    trial.expect("password" not in trial.read("User", made["id"]), "The user has the password")


@TESTS.test("Update firstName: PUT of the whole user", f"{CRUD} 5-6; RFC 7644 §3.5.1")
def update_by_put(trial: Trial) -> None:
    """Okta reads, changes one value, and puts everything back, with id, meta and groups."""
    made = _create(trial, assigned_user(trial))
    changed = trial.read("User", made["id"])
    changed["name"] = {**changed["name"], "givenName": "Renamed"}
    _put(trial, "Users", {**changed, "groups": []})
    kept = {"userName": made["userName"], "active": made["active"]}
    trial.read_with("User", made["id"], {"name.givenName": "Renamed", **kept})


@TESTS.test("Update with empty values: PUT without errors", "OIN test plan; RFC 7643 §2.5")
def empty_values(trial: Trial) -> None:
    """Attributes that were cleared in Okta are sent as empty texts."""
    made = _create(trial, {**assigned_user(trial), "title": "Lead"})
    _put(trial, "Users", {**trial.read("User", made["id"]), "title": "", "nickName": ""})
    user = trial.read("User", made["id"])
    trial.expect(not user.get("title") and not user.get("nickName"), "An attribute that was cleared has a value")


@TESTS.test("Deactivate: active becomes false", f"{CRUD} 7-8; RFC 7644 §3.5.2.3")
def deactivate(trial: Trial) -> None:
    """A PATCH without a path; the user stays, and is inactive."""
    made = _create(trial, assigned_user(trial, active=True))
    trial.patch("User", made["id"], _active(False))
    trial.read_with("User", made["id"], {"active": False})


@TESTS.test("Reactivate and reassign: active becomes true", f"{CRUD} 9-11; RFC 7644 §3.5.1")
def reactivate(trial: Trial) -> None:
    """The inactive user is found by its name, and activated by PUT."""
    made = _create(trial, assigned_user(trial, active=True))
    trial.patch("User", made["id"], _active(False))
    found = trial.find("User", eq("userName", made["userName"]), "startIndex=1&count=100")
    trial.expect([one.get("id") for one in found] == [made["id"]], "The inactive user is not found by its name")
    _put(trial, "Users", {**found[0], "active": True})
    trial.read_with("User", made["id"], {"active": True})


@TESTS.test("Remove assignment: the user is inactive and not deleted", f"{CRUD} 12-13; RFC 7644 §3.5.1")
def remove_assignment(trial: Trial) -> None:
    """Okta never deletes: it puts the user back as inactive."""
    made = _create(trial, assigned_user(trial, active=True))
    _put(trial, "Users", {**trial.read("User", made["id"]), "active": False})
    trial.read_with("User", made["id"], {"active": False, "userName": made["userName"]})


def _create(trial: Trial, sent: Resource) -> Resource:
    """Whether groups and password are echoed is the server's business; an empty answer counts as a failure."""
    wanted = {key: value for key, value in sent.items() if key not in ("password", "groups")}
    return trial.ask(requests.create("User", sent), answer_checks.created("User", wanted))


def _put(trial: Trial, kind: str, body: Resource) -> None:
    trial.ask(Request(method="PUT", path=f"/{kind}/{body['id']}", body=body), object_with(200))


def _active(value: bool) -> dict[str, Any]:
    return {"op": "replace", "value": {"active": value}}
