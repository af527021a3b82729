"""PATCH (RFC 7644 §3.5.2): operations, their order, all or nothing, and what is refused."""

from conformance.profiles.rfc.profile import RFC
from conformance.suite.trial import DOMAIN, Trial, patch_body
from entra_client.directory.attribute_mapping import ENTERPRISE
from entra_client.protocol import answer_checks, requests

TESTS = RFC.part(4)


@TESTS.test("PATCH: without a path, a value for each name", "RFC 7644 §3.5.2.1, §3.5.2.3")
def without_path(trial: Trial) -> None:
    """Attributes of the core, sub-attributes and those of an extension; what is not named stays."""
    made = trial.create("User")
    value = {"title": "Lead", "name": {"givenName": "Changed"}, ENTERPRISE: {"department": "Legal"}}
    trial.patch("User", made["id"], {"op": "add", "value": value})
    values = {"title": "Lead", "name.givenName": "Changed", f"{ENTERPRISE}:department": "Legal"}
    trial.read_with("User", made["id"], values | {"name.familyName": made["name"]["familyName"]})


@TESTS.test("PATCH: remove", "RFC 7644 §3.5.2.2")
def remove(trial: Trial) -> None:
    """An attribute, a sub-attribute, and the elements that a filter selects."""
    emails = [{"type": kind, "value": f"{trial.name()}@{DOMAIN}"} for kind in ("work", "home")]
    made = trial.create("User", trial.user_body(title="Lead", emails=emails))
    paths = ("title", "name.givenName", 'emails[type eq "home"]')
    user = trial.patch_and_read("User", made["id"], *({"op": "remove", "path": path} for path in paths))
    trial.expect(not user.get("title"), "title has a value after it was removed")
    trial.expect(not user["name"].get("givenName"), "name.givenName has a value after it was removed")
    trial.expect([one.get("type") for one in user["emails"]] == ["work"], "Not exactly the selected element is gone")


@TESTS.test("PATCH: operations are applied in their order", "RFC 7644 §3.5.2")
def order(trial: Trial) -> None:
    """Each sees the result of the former ones."""
    made = trial.create("User")
    trial.patch(
        "User",
        made["id"],
        {"op": "remove", "path": "externalId"},
        {"op": "add", "path": "externalId", "value": "first"},
        {"op": "replace", "path": "externalId", "value": made["userName"]},
    )
    trial.read_with("User", made["id"], {"externalId": made["userName"]})


@TESTS.test("PATCH: all or nothing", "RFC 7644 §3.5.2")
def atomic(trial: Trial) -> None:
    """An operation that is refused takes the others with it."""
    made = trial.create("User")
    body = patch_body(
        {"op": "replace", "path": "displayName", "value": "Half done"},
        {"op": "replace", "path": "active", "value": "perhaps"},
    )
    trial.ask(requests.change("User", made["id"], body), answer_checks.error(400))
    trial.read_with("User", made["id"], {"displayName": made["displayName"]})


@TESTS.test("PATCH: a new primary value takes the place of the former", "RFC 7644 §3.5.2; RFC 7643 §2.4")
def primary(trial: Trial) -> None:
    """At most one value is the primary one."""
    made = trial.create("User")
    added = {"type": "home", "value": f"{trial.name()}@{DOMAIN}", "primary": True}
    user = trial.patch_and_read("User", made["id"], {"op": "add", "path": "emails", "value": [added]})
    chosen = [one.get("value") for one in user["emails"] if one.get("primary") is True]
    trial.expect(chosen == [added["value"]], f"{len(chosen)} values are primary, or the wrong one")


@TESTS.test("PATCH: adding what is there changes nothing", "RFC 7644 §3.5.2.1")
def twice(trial: Trial) -> None:
    """The same value is there once."""
    made = trial.create("User")
    added = {"type": "home", "value": f"{trial.name()}@{DOMAIN}"}
    for _ in range(2):
        user = trial.patch_and_read("User", made["id"], {"op": "add", "path": "emails", "value": [added]})
    values = [one.get("value") for one in user["emails"]]
    trial.expect(sorted(values) == sorted({*values}) and len(values) == 2, "The list does not hold each value once")


@TESTS.test("PATCH: remove without a path", "RFC 7644 §3.5.2.2 (noTarget)")
def remove_nothing(trial: Trial) -> None:
    """400 noTarget."""
    _expect_refused(trial, {"op": "remove"}, "noTarget")


@TESTS.test("PATCH: an operation that is none", "RFC 7644 §3.5.2, §3.12")
def unknown_operation(trial: Trial) -> None:
    """400: invalidSyntax, or invalidValue for the value of ``op``."""
    _expect_refused(trial, {"op": "increment", "path": "title", "value": "1"}, "invalidSyntax", "invalidValue")


@TESTS.test("PATCH: a path that can't be read", "RFC 7644 §3.5.2 (invalidPath)")
def unreadable_path(trial: Trial) -> None:
    """400 invalidPath."""
    _expect_refused(trial, {"op": "replace", "path": "emails[type eq", "value": "x"}, "invalidPath")


@TESTS.test("PATCH: what only the server sets", "RFC 7644 §3.5.2 (mutability)")
def read_only(trial: Trial) -> None:
    """400 mutability."""
    _expect_refused(trial, {"op": "replace", "path": "meta.created", "value": "2001-01-01T00:00:00Z"}, "mutability")


def _expect_refused(trial: Trial, operation: dict[str, object], *scim_types: str) -> None:
    """Refused with one of these scimTypes, and the user is as it was."""
    made = trial.create("User")
    reply = trial.send(requests.change("User", made["id"], patch_body(operation)))
    answer_checks.error(400)(reply)
    stated = answer_checks.read_object(reply).get("scimType")
    trial.expect(stated in scim_types, f"The scimType is {stated!r} instead of {' or '.join(scim_types)}")
    after = trial.read("User", made["id"])
    trial.expect(after["meta"].get("version") == made["meta"].get("version"), "The user has another version afterwards")
