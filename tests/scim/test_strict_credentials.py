"""A strict credential: what no schema has is 400 invalidSyntax and named; for others it is ignored, and logged.

draft-zollner-scim-interop-profile, "Attribute and Schema Handling".
"""

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from gatekeeper.audit.models import ProvisioningEntry
from scim.models import ApiKey
from tests.once import ONCE
from tests.scim.attributes.conftest import ACME, declared
from tests.scim.sending import op

pytestmark = ONCE

ENT = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CORE = "urn:ietf:params:scim:schemas:core:2.0:{}"
OTHER = "urn:other:2.0:User"

# What is sent beside a known attribute, and the name by which it is refused or logged; "{}" is the resource's name.
UNKNOWN: dict[str, tuple[dict[str, Any], str]] = {
    "attribute": ({"shoeSize": 1}, "shoeSize"),
    "attribute in another case": ({"SHOESIZE": None}, "SHOESIZE"),
    "attribute by the core URN": ({f"{CORE}:shoeSize": 1}, f"{CORE}:shoeSize"),
    "attribute in the core URN": ({CORE: {"shoeSize": 1}}, f"{CORE}:shoeSize"),
    "extension": ({OTHER: {"badge": 1}}, f"{OTHER}:badge"),
    "empty extension": ({OTHER: {}}, OTHER),
    "attribute of an unknown extension": ({f"{OTHER}:badge": 1}, f"{OTHER}:badge"),
    "member beside a value": ({"displayName": {"value": "x", "hue": 1}}, "displayName.hue"),
}
OF_USERS: dict[str, tuple[dict[str, Any], str]] = {
    "attribute of a known extension": ({ENT: {"shoeSize": 1}}, f"{ENT}:shoeSize"),
    "attribute by a known URN": ({f"{ENT}:shoeSize": 1}, f"{ENT}:shoeSize"),
    "sub-attribute": ({"name": {"givenName": "A", "shoeSize": 1}}, "name.shoeSize"),
    "sub-attribute of an element": ({"emails": [{"value": "a@x", "hue": 1}]}, "emails.hue"),
    "dotted sub-attribute": ({"name.shoeSize": 1}, "name.shoeSize"),
    "sub-attribute of a selection": ({'emails[type eq "work"].hue': 1}, 'emails[type eq "work"].hue'),
    "sub-attribute in an extension": ({ENT: {"manager": {"value": "x", "hue": 1}}}, f"{ENT}:manager.hue"),
    "password": ({"password": "p"}, "password"),
    "undeclared custom attribute": ({ACME: {"colour": "x"}}, f"{ACME}:colour"),
}
OF_GROUPS: dict[str, tuple[dict[str, Any], str]] = {
    "attribute of users": ({"title": "T"}, "title"),
    "extension of users": ({ENT: {"department": "D"}}, f"{ENT}:department"),
}
METHODS = ("POST", "PUT", "add", "replace", "Bulk POST", "Bulk PUT", "Bulk PATCH")


def cells() -> Iterator[tuple[str, str, str]]:
    for resource, more in (("User", OF_USERS), ("Group", OF_GROUPS)):
        yield from product((resource,), (*UNKNOWN, *more), METHODS)


@pytest.fixture
def is_strict(db: None, api_key: str, request: pytest.FixtureRequest) -> bool:
    declared("badge", "integer")
    ApiKey.objects.update(is_strict=request.param)
    return bool(request.param)


both = pytest.mark.parametrize("is_strict", [True, False], ids=["strict", "tolerant"], indirect=True)


def naming(resource: str) -> str:
    return "userName" if resource == "User" else "displayName"


def made(scim: Any, resource: str) -> str:
    create = scim.user if resource == "User" else scim.group
    return str(create("before")["id"])


def send(scim: Any, resource: str, method: str, unknown: dict[str, Any]) -> Any:
    """The answer, or the result of the operation of a Bulk request."""
    name = {naming(resource): "after"}
    rest = {key: each for key, each in unknown.items() if key not in name}
    body = {**name, **unknown}
    if method == "POST":
        return scim.post(f"/{resource}s", body)
    if method == "Bulk POST":
        return bulk(scim, "POST", f"/{resource}s", body)
    address = f"/{resource}s/{made(scim, resource)}"
    if method == "PUT":
        return scim.put(address, body)
    if method == "Bulk PUT":
        return bulk(scim, "PUT", address, body)
    operations = [op("replace", value=name), op("add" if method == "Bulk PATCH" else method, value=rest or body)]
    if method == "Bulk PATCH":
        return bulk(scim, "PATCH", address, {"Operations": operations})
    return scim.patch(address, *operations)


def bulk(scim: Any, method: str, path: str, data: Any) -> Any:
    operation = {"method": method, "path": path, "data": data, **({"bulkId": "b"} if method == "POST" else {})}
    return scim.post("/Bulk", {"Operations": [operation]})


def refusal(answer: Any) -> tuple[int, str, str]:
    document = answer.json() if answer.content else {}
    if "Operations" in document:
        (result,) = document["Operations"]
        document = result.get("response", {"status": result["status"]})
    return int(document.get("status", answer.status_code)), document.get("scimType", ""), document.get("detail", "")


@both
@pytest.mark.parametrize(("resource", "kind", "method"), list(cells()))
def test_what_no_schema_has_is_refused_or_named_in_the_log(scim, is_strict, resource, kind, method):
    given, label = {**UNKNOWN, **OF_USERS, **OF_GROUPS}[kind]
    urn = f"{CORE.format(resource)}"
    unknown = {key.replace(CORE, urn): each for key, each in given.items()}
    name = label.replace(CORE, urn)

    status, scim_type, detail = refusal(send(scim, resource, method, unknown))

    if is_strict:
        assert (status, scim_type) == (400, "invalidSyntax")
        assert name in detail
        assert scim.found(f"/{resource}s", f'{naming(resource)} eq "after"', naming(resource)) == []
    else:
        assert status in (200, 201, 204)
        assert name in ProvisioningEntry.objects.filter(outcome="changed").latest("pk").ignored


PATHS = ["shoeSize", f"{CORE}:shoeSize", f"{OTHER}:badge", "name.shoeSize", "displayName.hue"]


@both
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", ["add", "replace", "remove"])
@pytest.mark.parametrize("resource", ["User", "Group"])
def test_a_path_to_what_no_schema_has_is_refused_always(scim, is_strict, resource, name, path):
    """RFC 7644 §3.12: invalidPath; the interoperability profile has invalidSyntax."""
    path = path.replace(CORE, CORE.format(resource))
    operation = op(name, path, None if name == "remove" else "x")

    status, scim_type, detail = refusal(scim.patch(f"/{resource}s/{made(scim, resource)}", operation))

    assert (status, scim_type) == (400, "invalidSyntax" if is_strict else "invalidPath")
    assert path.rpartition(".")[2] in detail


@both
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "value", "path"])
@pytest.mark.parametrize("resource", ["User", "Group"])
def test_an_unknown_schema_in_the_list_of_schemas_is_refused_if_strict(scim, is_strict, resource, method):
    body = {"schemas": [CORE.format(resource), OTHER], naming(resource): "after"}
    patch = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
    operations = {
        "PATCH": {"schemas": [patch, OTHER], "Operations": [op("add", "externalId", "x")]},
        "value": {"schemas": [patch], "Operations": [op("add", value={"schemas": [OTHER], "externalId": "x"})]},
        "path": {"schemas": [patch], "Operations": [op("add", "schemas", [OTHER]), op("add", "externalId", "x")]},
    }
    if method == "POST":
        answer = scim.post(f"/{resource}s", body)
    else:
        address = f"/{resource}s/{made(scim, resource)}"
        answer = scim.put(address, body) if method == "PUT" else scim.request("PATCH", address, operations[method])

    status, scim_type, detail = refusal(answer)
    assert (status in (200, 201, 204)) is not is_strict
    assert not is_strict or (scim_type == "invalidSyntax" and OTHER in detail)


@both
def test_what_is_known_is_taken_by_either(scim, is_strict):
    """Declared attributes are known; so is what only the server sets, which is ignored as RFC 7643 §2.2 has it."""
    body = {
        "schemas": [CORE.format("User"), ENT, ACME],
        "userName": "a@x.com",
        "groups": [],
        "id": "x",
        "meta": {"resourceType": "User"},
        "roles": [{"value": '{"id":"1","value":"Admin","displayName":"Admin"}'}],
        ENT: {"manager": {"value": "y", "displayName": "Z"}},
        ACME: {"badge": "7"},
    }

    created = scim.post("/Users", body)

    assert created.status_code == 201, created.content
    assert created.json()[ACME] == {"badge": 7}
    assert scim.put(f"/Users/{created.json()['id']}", created.json()).status_code == 200
    group = scim.group("GK", created.json()["id"])
    members = [{"value": created.json()["id"], "display": "A", "$ref": None, "type": "User"}]
    assert scim.put(f"/Groups/{group['id']}", {**group, "members": members}).status_code == 200


def test_a_strict_credential_refuses_an_unknown_part_of_a_member(scim, ada):
    ApiKey.objects.update(is_strict=True)

    answer = scim.post("/Groups", {"displayName": "GK", "members": [{"value": ada["id"], "hue": 1}]})

    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidSyntax")
    assert "members.hue" in answer.json()["detail"]


def test_one_bad_operation_of_a_bulk_request_leaves_the_others(scim):
    """RFC 7644 §3.7.3."""
    ApiKey.objects.update(is_strict=True)
    bodies = [{"userName": "a@x.com"}, {"userName": "b@x.com", "shoeSize": 1}, {"userName": "c@x.com"}]
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": str(at), "data": body} for at, body in enumerate(bodies)
    ]

    answer = scim.post("/Bulk", {"Operations": operations}).json()

    assert [each["status"] for each in answer["Operations"]] == ["201", "400", "201"]
    assert "shoeSize" in answer["Operations"][1]["response"]["detail"]
