"""Updating resources by PATCH (§6.5): the subset that every service provider has to understand."""

from conformance.profiles.interop.profile import DRAFT, INTEROP
from conformance.suite.registry import Rule
from conformance.suite.run import claims_interop_profile
from conformance.suite.trial import DOMAIN, Trial, patch_body
from entra_client.protocol import answer_checks, requests

TESTS = INTEROP.part(2)


@TESTS.test("PATCH: an operation without a path is refused", f"{DRAFT} §6.5.1.1", rule=Rule.STRICT)
def without_path(trial: Trial) -> None:
    """400 invalidSyntax."""
    made = trial.create("User")
    body = patch_body({"op": "replace", "value": {"displayName": "Changed"}})
    answer = trial.send(requests.change("User", made["id"], body))
    if answer.status < 400 and not claims_interop_profile(trial.server):
        trial.fail("It is done: RFC 7644 §3.5.2 allows it, Entra and Okta send it, and this profile is not claimed")
    answer_checks.error(400, scim_type="invalidSyntax")(answer)


@TESTS.test("PATCH: an operation for each attribute", f"{DRAFT} §6.5.1.2")
def several(trial: Trial) -> None:
    """All of them are done."""
    made = trial.create("User")
    values = {"displayName": "Changed", "title": "Lead", "name.givenName": "Changed"}
    trial.patch("User", made["id"], *({"op": "replace", "path": path, "value": one} for path, one in values.items()))
    trial.read_with("User", made["id"], values)


@TESTS.test("PATCH: add and replace of a simple attribute are the same", f"{DRAFT} §6.5.2.1")
def add_or_replace(trial: Trial) -> None:
    """Where there is a value already, and where there is none."""
    made = trial.create("User")
    for op, path in (("add", "displayName"), ("replace", "title"), ("replace", "displayName"), ("add", "title")):
        trial.patch("User", made["id"], {"op": op, "path": path, "value": f"{op} {path}"})
        trial.read_with("User", made["id"], {path: f"{op} {path}"})


@TESTS.test("PATCH: add merges a complex attribute", f"{DRAFT} §6.5.2.1; RFC 7644 §3.5.2.1")
def add_complex(trial: Trial) -> None:
    """Sub-attributes that are not named stay."""
    made = trial.create("User")
    trial.patch("User", made["id"], {"op": "add", "path": "name", "value": {"givenName": "Changed"}})
    values = {"name.givenName": "Changed", "name.familyName": made["name"]["familyName"]}
    trial.read_with("User", made["id"], values)


@TESTS.test("PATCH: replace of a complex attribute replaces all of it", f"{DRAFT} §6.5.2.1", rule=Rule.STRICT)
def replace_complex(trial: Trial) -> None:
    """Sub-attributes that are not named go; by RFC 7644 §3.5.2.3 they stay, so the others are warned."""
    made = trial.create("User")
    user = trial.patch_and_read("User", made["id"], {"op": "replace", "path": "name", "value": {"givenName": "Only"}})
    trial.expect(user.get("name", {}).get("givenName") == "Only", "name.givenName was not replaced")
    trial.expect(not user["name"].get("familyName"), "name.familyName is still there; RFC 7644 §3.5.2.3 keeps it")


@TESTS.test("PATCH: replace of a list replaces all of it", f"{DRAFT} §6.5.2.2; RFC 7644 §3.5.2.3")
def replace_list(trial: Trial) -> None:
    """The elements are those that were sent."""
    made = trial.create("User")
    value = [{"type": "home", "value": f"{trial.name()}@{DOMAIN}"}]
    user = trial.patch_and_read("User", made["id"], {"op": "replace", "path": "emails", "value": value})
    trial.expect([one.get("value") for one in user["emails"]] == [value[0]["value"]], "The list was not replaced")


@TESTS.test("PATCH: add to a list appends", f"{DRAFT} §6.5.2.2; RFC 7644 §3.5.2.1")
def add_to_list(trial: Trial) -> None:
    """The elements that were there stay."""
    made = trial.create("User")
    added = {"type": "home", "value": f"{trial.name()}@{DOMAIN}"}
    user = trial.patch_and_read("User", made["id"], {"op": "add", "path": "emails", "value": [added]})
    wanted = {made["emails"][0]["value"], added["value"]}
    trial.expect({one.get("value") for one in user["emails"]} == wanted, "The list does not hold both elements")


@TESTS.test("PATCH: a filter selects the element, a sub-attribute is changed", f"{DRAFT} §6.5.2.2; RFC 7644 §3.5.2")
def value_path(trial: Trial) -> None:
    """``emails[type eq "work"].value``."""
    made = trial.create("User")
    path, changed = 'emails[type eq "work"].value', f"{trial.name()}@{DOMAIN}"
    trial.patch("User", made["id"], {"op": "replace", "path": path, "value": changed})
    trial.read_with("User", made["id"], {path: changed})
