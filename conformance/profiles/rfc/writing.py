"""POST, PUT and DELETE (RFC 7644 §3.3, §3.5.1, §3.6), and what a resource says of itself."""

from conformance.http.exchange import Call
from conformance.profiles.rfc.profile import RFC
from conformance.suite.registry import Rule
from conformance.suite.trial import Trial, object_with, patch_body
from entra_client.directory.attribute_mapping import CORE_USER, ENTERPRISE, MANAGER
from entra_client.protocol import answer_checks, requests
from entra_client.protocol.transport import Request

TESTS = RFC.part(3)


@TESTS.test("POST: what only the server sets is ignored", "RFC 7644 §3.3; RFC 7643 §3.1")
def read_only(trial: Trial) -> None:
    """Id and meta of the request."""
    sent = trial.user_body(id="conformance-own-id", meta={"created": "2001-01-01T00:00:00Z", "version": "x"})
    made = trial.ask(requests.create("User", sent), object_with(201))
    trial.expect(made.get("id") != "conformance-own-id", "The id of the request was taken")
    user = trial.read("User", made["id"])
    trial.expect(not str(user["meta"].get("created")).startswith("2001"), "meta.created of the request was taken")


@TESTS.test("POST: without userName", "RFC 7644 §3.3, §3.12; RFC 7643 §4.1.1")
def nameless(trial: Trial) -> None:
    """400 invalidValue."""
    body = trial.user_body()
    del body["userName"]
    trial.ask(requests.create("User", body), answer_checks.error(400, scim_type="invalidValue"))


@TESTS.test("POST: a body that is no JSON", "RFC 7644 §3.12")
def no_json(trial: Trial) -> None:
    """400 invalidSyntax."""
    for content in (b'{"userName": ', b"[]", b"userName=x"):
        trial.ask(
            Call(method="POST", path="/Users", content=content), answer_checks.error(400, scim_type="invalidSyntax")
        )


@TESTS.test("POST: a value of another type", "RFC 7644 §3.12; RFC 7643 §2.3")
def wrong_type(trial: Trial) -> None:
    """400 invalidValue, and nobody is created."""
    body = trial.user_body(active="perhaps")
    trial.ask(requests.create("User", body), answer_checks.error(400, scim_type="invalidValue"))
    trial.expect(not trial.find("User", f'userName eq "{body["userName"]}"'), "The user was created all the same")


@TESTS.test("schemas names the extensions that have values", "RFC 7643 §3")
def schemas(trial: Trial) -> None:
    """The core schema always."""
    body = trial.user_body(**{ENTERPRISE: {"department": "Legal"}})
    made = trial.create("User", body)
    user = trial.read("User", made["id"])
    trial.expect({CORE_USER, ENTERPRISE} <= set(user["schemas"]), "schemas does not name both")


@TESTS.test("meta.lastModified follows a change", "RFC 7643 §3.1 (meta)")
def last_modified(trial: Trial) -> None:
    """It is not before ``created``, and not the same after a later change."""
    made = trial.create("User")
    before = trial.read("User", made["id"])["meta"]["lastModified"]
    after = trial.patch_and_read("User", made["id"], {"op": "replace", "path": "title", "value": "Changed"})["meta"]
    trial.expect(after["lastModified"] != before, "lastModified is as it was before the change")
    trial.expect(after.get("created", before) == made["meta"].get("created", before), "created has changed")


@TESTS.test("groups of a user follow from the groups", "RFC 7643 §4.1.2 (groups)", rule=Rule.OPTIONAL)
def groups(trial: Trial) -> None:
    """They are listed, read-only: what a client sends there changes nothing."""
    user, group = trial.create("User"), trial.create("Group")
    trial.patch("Group", group["id"], {"op": "add", "path": "members", "value": [{"value": user["id"]}]})
    listed = trial.read("User", user["id"]).get("groups", [])
    trial.expect([one.get("value") for one in listed] == [group["id"]], "The user does not list the group")
    body = {**trial.read("User", user["id"]), "groups": []}
    trial.ask(Request(method="PUT", path=f"/Users/{user['id']}", body=body), object_with(200))
    listed = trial.read("User", user["id"]).get("groups", [])
    trial.expect([one.get("value") for one in listed] == [group["id"]], "A PUT changed what is read-only")


@TESTS.test("A member has to exist", "RFC 7643 §4.2; RFC 7644 §3.12 (invalidValue)", rule=Rule.OPTIONAL)
def unknown_member(trial: Trial) -> None:
    """400, and the group is as it was. The RFC leaves it to the server; who takes anybody has members that are none."""
    made = trial.create("Group")
    value = [{"value": "5f3c0c1e-77a0-4b0e-9c53-0f5b7f0a1c11"}]
    change = patch_body({"op": "add", "path": "members", "value": value})
    trial.ask(requests.change("Group", made["id"], change), answer_checks.error(400, 404))
    members = trial.ask(requests.read("Group", made["id"]), lambda one: answer_checks.members_of(one, made["id"]))
    trial.expect(not members, "The group has a member who does not exist")


@TESTS.test("PUT: what is not stated is cleared", "RFC 7644 §3.5.1")
def put(trial: Trial) -> None:
    """200 with the resource; id and meta of the request are ignored."""
    body = trial.user_body(title="Lead", nickName="Nick", **{ENTERPRISE: {"department": "Legal"}})
    made = trial.create("User", body)
    kept = {key: value for key, value in body.items() if key not in ("title", "nickName", ENTERPRISE)}
    sent = {**kept, "displayName": "Replaced", "id": "conformance-other-id", "meta": {"version": "x"}}
    trial.ask(Request(method="PUT", path=f"/Users/{made['id']}", body=sent), object_with(200))
    user = trial.read_with("User", made["id"], {"displayName": "Replaced", f"{ENTERPRISE}:department": None})
    trial.expect(not user.get("title") and not user.get("nickName"), "An attribute that was not stated has a value")


@TESTS.test("PUT: unknown id", "RFC 7644 §3.5.1, §3.12")
def put_nowhere(trial: Trial) -> None:
    """404: PUT creates nothing."""
    body = trial.user_body()
    request = Request(method="PUT", path="/Users/5f3c0c1e-77a0-4b0e-9c53-0f5b7f0a1c11", body=body)
    trial.ask(request, answer_checks.error(404))
    trial.expect(not trial.find("User", f'userName eq "{body["userName"]}"'), "PUT created a user")


@TESTS.test("DELETE: 204, and 404 the second time", "RFC 7644 §3.6")
def delete(trial: Trial) -> None:
    """Of a group, whose member stays, and of a user."""
    user, group = trial.create("User")["id"], trial.create("Group")["id"]
    trial.patch("Group", group, {"op": "add", "path": "members", "value": [{"value": user}]})
    trial.delete("Group", group)
    trial.ask(requests.delete("Group", group), answer_checks.error(404))
    trial.read("User", user)
    trial.delete("User", user)
    trial.ask(requests.delete("User", user), answer_checks.error(404))


@TESTS.test("A deleted user is no member", "RFC 7644 §3.6; RFC 7643 §4.2", rule=Rule.OPTIONAL)
def deleted_member(trial: Trial) -> None:
    """Of a group that had the user among its members."""
    user, group = trial.create("User")["id"], trial.create("Group")["id"]
    trial.patch("Group", group, {"op": "add", "path": "members", "value": [{"value": user}]})
    trial.delete("User", user)
    members = trial.ask(requests.read("Group", group), lambda one: answer_checks.members_of(one, group))
    trial.expect(not members, "The deleted user is still a member")


@TESTS.test("manager is a reference", "RFC 7643 §4.3 (manager; RECOMMENDED)", rule=Rule.OPTIONAL)
def manager(trial: Trial) -> None:
    """``value`` as sent, and ``$ref`` where the manager is."""
    boss = trial.create("User")["id"]
    made = trial.create("User", trial.user_body(**{ENTERPRISE: {"manager": {"value": boss}}}))
    user = trial.read_with("User", made["id"], {f"{MANAGER}.value": boss})
    reference = user[ENTERPRISE]["manager"].get("$ref", "")
    trial.expect(str(reference).endswith(f"Users/{boss}"), f"$ref is {reference!r}, which does not lead to the manager")
