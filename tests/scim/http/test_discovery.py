"""Discovery documents say what the endpoints do (RFC 7644 §4), from the same definitions."""

import pytest

from scim.protocol.schemas import CORE_GROUP, CORE_USER, ENTERPRISE_USER


def test_the_service_provider_config_is_one_object_and_complete(scim):
    """RFC 7643 §5, RFC 7644 §4."""
    document = scim.get("/ServiceProviderConfig").json()

    assert document["meta"]["resourceType"] == "ServiceProviderConfig"
    assert set(document["bulk"]) == {"supported", "maxOperations", "maxPayloadSize"}
    assert set(document["filter"]) == {"supported", "maxResults"}
    assert [scheme["type"] for scheme in document["authenticationSchemes"]] == ["oauthbearertoken", "oauth2"]
    assert None not in document.values()


def test_the_config_promises_what_the_endpoints_do(scim):
    """RFC 7643 §5, RFC 9865 §4."""
    config = scim.get("/ServiceProviderConfig").json()
    user = scim.user("ada@x.com")
    address = f"/Users/{user['id']}"

    assert config["patch"]["supported"] == (
        scim.patch(address, {"op": "add", "path": "title", "value": "T"}).status_code == 200
    )
    assert config["filter"]["supported"] == (scim.find("/Users", "title pr").json()["totalResults"] == 1)
    assert config["sort"]["supported"] == (scim.get("/Users?sortBy=title").status_code == 200)
    assert config["etag"]["supported"] == ("ETag" in scim.get(address))
    assert config["filter"]["maxResults"] == config["pagination"]["maxPageSize"]
    assert config["changePassword"]["supported"] is False
    bulk = scim.post("/Bulk", {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": []})
    assert config["bulk"]["supported"] == (bulk.status_code == 200)


def test_schemas_are_a_list_of_all_and_each_by_its_urn(scim):
    """RFC 7643 §7, RFC 7644 §4."""
    document = scim.get("/Schemas").json()

    assert {each["id"] for each in document["Resources"]} == {CORE_USER, CORE_GROUP, ENTERPRISE_USER}
    assert document["totalResults"] == 3
    for each in document["Resources"]:
        assert scim.get(f"/Schemas/{each['id']}").json() == each
        assert scim.get(f"/Schemas/{each['id'].upper()}").json() == each


def test_resource_types_name_their_schemas(scim):
    """RFC 7643 §6."""
    document = scim.get("/ResourceTypes").json()
    user, group = document["Resources"]

    assert (user["id"], user["schema"], user["endpoint"]) == ("User", CORE_USER, "/Users")
    assert user["schemaExtensions"] == [{"schema": ENTERPRISE_USER, "required": False}]
    assert (group["id"], group["schema"]) == ("Group", CORE_GROUP)
    assert scim.get("/ResourceTypes/Group").json() == group


@pytest.mark.parametrize("path", ["/Schemas", "/ResourceTypes", "/ServiceProviderConfig", "/Schemas/x"])
def test_discovery_cannot_be_filtered(scim, path):
    """RFC 7644 §4: 403 for a filter."""
    assert scim.get(f"{path}?filter=id+pr").status_code == 403


def attributes_of(document):
    for attribute in document["attributes"]:
        yield attribute["name"], attribute
        for sub in attribute.get("subAttributes", []):
            yield f"{attribute['name']}.{sub['name']}", sub


def test_schemas_have_no_nulls_and_no_passwords(scim):
    """RFC 7643 §7."""
    for document in scim.get("/Schemas").json()["Resources"]:
        for name, attribute in attributes_of(document):
            assert None not in attribute.values(), name
            assert attribute["returned"] != "never", name
            assert "password" not in name


@pytest.mark.parametrize("urn", [CORE_USER, ENTERPRISE_USER])
def test_every_published_attribute_can_be_filtered_sorted_and_asked_for(scim, urn):
    """RFC 7643 §7, RFC 7644 §3.4.2."""
    prefix = f"{urn}:"
    for name, attribute in attributes_of(scim.get(f"/Schemas/{urn}").json()):
        assert scim.find("/Users", f"{prefix}{name} pr").status_code == (
            400 if name == "manager.displayName" else 200
        ), name
        assert scim.get(f"/Users?attributes={prefix}{name}").status_code == 200, name
        if attribute["type"] == "string" and not name.startswith(("groups", "manager.d")):
            assert scim.find("/Users", f'{prefix}{name} eq "x"').status_code == 200, name
            assert scim.get(f"/Users?sortBy={prefix}{name}").status_code == 200, name


# What Entra maps by default, written as its gallery test flattens it.
MAPPED = [
    "externalId",
    "userName",
    "active",
    "displayName",
    "title",
    "preferredLanguage",
    "name.givenName",
    "name.familyName",
    "name.formatted",
    "addresses.formatted",
    "addresses.streetAddress",
    "addresses.locality",
    "addresses.region",
    "addresses.postalCode",
    "addresses.country",
    "phoneNumbers.value",
    "emails.value",
    "emails.type",
    "employeeNumber",
    "department",
    "manager",
]


def test_every_attribute_that_entra_maps_is_published(scim):
    published = {name.lower() for each in scim.get("/Schemas").json()["Resources"] for name, _ in attributes_of(each)}

    assert {name.lower() for name in MAPPED} <= published
