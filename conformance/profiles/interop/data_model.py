"""Conformance (§4) and the data model (§5): discovery, case, strictness, canonical values.

Who is tolerant, as Entra needs it, is warned; who says ``interopProfileConformant`` and is tolerant fails.
"""

from typing import Any

from conformance.profiles.interop.profile import DRAFT, INTEROP
from conformance.suite.registry import Rule
from conformance.suite.run import claims_interop_profile
from conformance.suite.schemas import sub_attributes
from conformance.suite.trial import Trial, eq, patch_body
from entra_client.directory.attribute_mapping import CORE_USER, ENTERPRISE
from entra_client.protocol import answer_checks, requests
from entra_client.protocol.transport import Request

TESTS = INTEROP.part(1)
_UNKNOWN = "conformanceUnknownAttribute"
_UNKNOWN_URN = "urn:ietf:params:scim:schemas:extension:conformance:2.0:Unknown"
_REFUSED = answer_checks.error(400, scim_type="invalidSyntax")


@TESTS.test("interopProfileConformant is true or left out truthfully", f"{DRAFT} §4")
def claim(trial: Trial) -> None:
    """Where it is true, an attribute that no schema has is refused."""
    stated = trial.get_object("/ServiceProviderConfig").get("interopProfileConformant")
    trial.expect(stated is None or isinstance(stated, bool), f"interopProfileConformant is {stated!r}, no boolean")
    if stated:
        trial.ask(requests.create("User", trial.user_body(**{_UNKNOWN: "x"})), _REFUSED)


@TESTS.test("Discovery endpoints", f"{DRAFT} §5.1; RFC 7644 §4")
def discovery(trial: Trial) -> None:
    """ServiceProviderConfig, Schemas and ResourceTypes."""
    trial.get_object("/ServiceProviderConfig")
    for path in ("/Schemas", "/ResourceTypes"):
        trial.expect(trial.get_listing(path)["Resources"], f"{path} is empty")


@TESTS.test("Schemas of resource types are published", f"{DRAFT} §5.1")
def published_schemas(trial: Trial) -> None:
    """Each schema and extension that /ResourceTypes names is listed in /Schemas."""
    types, schemas = trial.get_listing("/ResourceTypes"), trial.get_listing("/Schemas")
    with trial.reading():
        known = {schema["id"] for schema in schemas["Resources"]}
        named = {one["schema"] for one in types["Resources"]}
        named |= {each["schema"] for one in types["Resources"] for each in one.get("schemaExtensions", ())}
    trial.expect(named <= known, f"/Schemas does not list {', '.join(sorted(named - known))}")


@TESTS.test("The id of a resource type is its name", f"{DRAFT} §5.1")
def type_ids(trial: Trial) -> None:
    """In /ResourceTypes."""
    listing = trial.get_listing("/ResourceTypes")
    with trial.reading():
        wrong = [one["name"] for one in listing["Resources"] if one.get("id") != one["name"]]
    trial.expect(not wrong, f"The id of {', '.join(wrong)} is not the name")


@TESTS.test("userName: case does not count in filters", f"{DRAFT} §5.2; RFC 7643 §4.1.1")
def user_name_filter(trial: Trial) -> None:
    """The name in capitals finds the user."""
    made = trial.create("User")
    trial.expect_only("User", eq("userName", made["userName"].upper()), made)


@TESTS.test("userName: case does not count for uniqueness", f"{DRAFT} §5.2")
def user_name_uniqueness(trial: Trial) -> None:
    """The same name in capitals is in use."""
    body = trial.user_body(active=True)
    trial.create("User", body)
    second = {**trial.user_body(active=True), "userName": body["userName"].upper()}
    trial.ask(requests.create("User", second), answer_checks.error(409, scim_type="uniqueness"))


@TESTS.test("id: case counts", f"{DRAFT} §5.2; RFC 7643 §3.1")
def id_case(trial: Trial) -> None:
    """A filter with the id in another case finds nobody."""
    made = trial.create("User")
    trial.expect_only("User", eq("id", made["id"]), made)
    other = made["id"].swapcase()
    if other != made["id"]:
        trial.expect(not trial.find("User", eq("id", other)), "The id in another case finds the user")


@TESTS.test("externalId: case counts", f"{DRAFT} §5.2; RFC 7643 §3.1")
def external_id_case(trial: Trial) -> None:
    """A filter with the externalId in another case finds nobody."""
    made = trial.create("User", trial.user_body(externalId=f"Case-{trial.name()}"))
    trial.expect_only("User", eq("externalId", made["externalId"]), made)
    found = trial.find("User", eq("externalId", made["externalId"].upper()))
    trial.expect(not found, "The externalId in another case finds the user")


@TESTS.test("POST: an unknown attribute is refused", f"{DRAFT} §5.3", rule=Rule.STRICT)
def unknown_in_post(trial: Trial) -> None:
    """400 invalidSyntax."""
    _expect_refused(trial, requests.create("User", trial.user_body(**{_UNKNOWN: "x"})))


@TESTS.test("POST: an unknown schema is refused", f"{DRAFT} §5.3", rule=Rule.STRICT)
def unknown_schema(trial: Trial) -> None:
    """400 invalidSyntax."""
    body = trial.user_body(**{_UNKNOWN_URN: {"x": "y"}})
    _expect_refused(trial, requests.create("User", {**body, "schemas": [CORE_USER, ENTERPRISE, _UNKNOWN_URN]}))


@TESTS.test("PATCH: an unknown attribute is refused", f"{DRAFT} §5.3", rule=Rule.STRICT)
def unknown_in_patch(trial: Trial) -> None:
    """400 invalidSyntax, or invalidPath as RFC 7644 §3.12 has it for a path."""
    made = trial.create("User")
    body = patch_body({"op": "add", "path": _UNKNOWN, "value": "x"})
    answer = trial.send(requests.change("User", made["id"], body))
    answer_checks.error(400)(answer)
    scim_type = answer_checks.read_object(answer).get("scimType")
    trial.expect(scim_type in ("invalidSyntax", "invalidPath"), f"The scimType is {scim_type!r}")


@TESTS.test("Canonical types are declared", f"{DRAFT} §5.4", rule=Rule.STRICT)
def canonical_values(trial: Trial) -> None:
    """Each multi-valued attribute with a type declares the values of ``type``; who takes any value declares none."""
    listing = trial.get_listing("/Schemas")
    with trial.reading():
        missing = [
            attribute["name"]
            for schema in listing["Resources"]
            for attribute in schema["attributes"]
            if attribute.get("multiValued") and _has_open_type(attribute)
        ]
    trial.expect(not missing, f"{', '.join(missing)} accept any type: it has no canonicalValues")


def _has_open_type(attribute: dict[str, Any]) -> bool:
    stated = sub_attributes(attribute).get("type")
    return stated is not None and not stated.get("canonicalValues")


def _expect_refused(trial: Trial, request: Request) -> None:
    answer = trial.send(request)
    if answer.status < 400 and not claims_interop_profile(trial.server):
        trial.fail("It is ignored: this server is tolerant, as Entra needs it, and does not claim this profile")
    _REFUSED(answer)
