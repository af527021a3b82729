"""Microsoft's SCIM validator and gallery suite, Okta's suites and the Postman collection, test by test."""

import pytest

from scim.protocol.schemas import CORE_USER, ENTERPRISE_USER
from tests.scim.clients.journeys import contains
from tests.scim.sending import op

ENT = ENTERPRISE_USER
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
NOBODY = "11111111-1111-4111-8111-111111111111"
BODY = {
    "schemas": [CORE_USER, ENT],
    "userName": "O'Neil_%{x}@contoso.com",
    "externalId": "ext-1",
    "active": True,
    "displayName": "Ann O'Neil",
    "title": "Lead",
    "preferredLanguage": "en-GB",
    "timezone": "Random/Zone",
    "name": {"givenName": "Ann", "familyName": "O'Neil", "formatted": "Ann O'Neil"},
    "emails": [{"type": "work", "value": "o'neil@contoso.com", "primary": "true"}],
    "phoneNumbers": [{"type": "work", "value": "1"}, {"type": "mobile", "value": "2"}, {"type": "fax", "value": "3"}],
    "addresses": [{"type": "work", "streetAddress": "1 St", "locality": "C", "region": "R", "postalCode": "P"}],
    ENT: {"employeeNumber": "1", "department": "D", "costCenter": "C", "organization": "O", "division": "V"},
}


@pytest.fixture
def user(scim):
    return scim.user(**{"user_name": BODY["userName"], **{k: v for k, v in BODY.items() if k != "userName"}})


@pytest.fixture
def group(scim):
    return scim.group("GK Validator", externalId="g-1")


def test_01_create_a_new_user(scim, user):
    """RFC 7644 §3.3."""
    (found,) = scim.find("/Users", 'userName eq "O\'Neil_%{x}@contoso.com"').json()["Resources"]

    sent = {**BODY, "emails": [{**BODY["emails"][0], "primary": True}]}
    assert contains(found, sent)


def test_02_create_a_duplicate_user(scim, user):
    """RFC 7644 §3.3: 409 uniqueness."""
    assert scim.post("/Users", BODY).status_code == 409


@pytest.mark.parametrize("change", [str, str.upper, str.lower], ids=["03 existing", "05 upper case", "05 lower case"])
def test_filter_for_an_existing_user_in_any_case(scim, user, change):
    """RFC 7644 §3.4.2.2, RFC 7643 §4.1.1: userName ignores case."""
    answer = scim.find("/Users", f'userName eq "{change(BODY["userName"])}"')

    document = answer.json()
    assert answer.status_code == 200
    assert document["schemas"] == [LIST]
    assert (document["totalResults"], document["itemsPerPage"], document["startIndex"]) == (1, 1, 1)
    assert isinstance(document["Resources"], list)
    assert {"id", "userName", "schemas", "meta"} <= set(document["Resources"][0])


def test_04_filter_for_a_non_existing_user(scim):
    """RFC 7644 §3.4.2."""
    answer = scim.find("/Users", 'userName eq "nobody"')

    assert (answer.status_code, answer.json()["totalResults"], answer.json()["Resources"]) == (200, 0, [])


def test_06_get_user_by_id(scim, user):
    """RFC 7644 §3.4.1."""
    assert scim.get(f"/Users/{user['id']}").json() == user


def test_07_patch_user_replace_attributes(scim, user):
    """RFC 7644 §3.5.2.3."""
    operations = [
        op("replace", 'emails[type eq "work"].value', "new@contoso.com"),
        op("replace", "emails[primary eq true].display", "shown"),
        op("replace", 'phoneNumbers[type eq "fax"].value', "9"),
        op("replace", 'addresses[type eq "work"].country', "GB"),
        op("replace", "name.givenName", "Anna"),
        op("replace", f"{ENT}:costCenter", "CC"),
        op("replace", "active", False),
    ]
    answer = scim.patch(f"/Users/{user['id']}", *operations)

    assert answer.status_code == 200
    assert contains(
        answer.json(),
        {
            "emails": [{"type": "work", "value": "new@contoso.com", "display": "shown", "primary": True}],
            "addresses": [{"streetAddress": "1 St", "country": "GB"}],
            "name": {"givenName": "Anna", "familyName": "O'Neil"},
            "active": False,
        },
    )


def test_08_update_user_user_name(scim, user):
    """RFC 7644 §3.5.2.3."""
    assert scim.patch(f"/Users/{user['id']}", op("replace", value={"userName": "new@x"})).json()["userName"] == "new@x"


def test_09_patch_user_add_attributes_creates_missing_elements(scim):
    """RFC 7644 §3.5.2.1."""
    user = scim.user("bare@x.com")
    answer = scim.patch(
        f"/Users/{user['id']}",
        op("add", 'emails[type eq "work"].value', "w@x"),
        op("add", 'emails[type eq "work"].primary', "True"),
        op("add", 'phoneNumbers[type eq "mobile"].value', "2"),
        op("add", 'addresses[type eq "work"].locality', "C"),
        op("add", "name.givenName", "A"),
        op("add", f"{ENT}:department", "D"),
    )

    assert contains(
        answer.json(),
        {
            "emails": [{"type": "work", "value": "w@x", "primary": True}],
            "phoneNumbers": [{"type": "mobile", "value": "2"}],
            "addresses": [{"type": "work", "locality": "C"}],
            "name": {"givenName": "A"},
            ENT: {"department": "D"},
        },
    )


def test_10_patch_user_disable_user_is_found_with_active_false(scim, user):
    """RFC 7644 §3.5.2.3."""
    scim.patch(f"/Users/{user['id']}", op("replace", "active", False))

    assert scim.get(f"/Users/{user['id']}").json()["active"] is False
    assert scim.find("/Users", 'userName eq "o\'neil_%{x}@contoso.com"').json()["Resources"][0]["active"] is False


def test_11_to_13_add_replace_and_remove_manager(scim, user):
    """RFC 7644 §3.5.2."""
    first, second = scim.user("m1@x.com"), scim.user("m2@x.com")
    address = f"/Users/{user['id']}"
    for value in (first["id"], {"value": second["id"]}, {"value": {"value": first["id"]}}, [{"value": second["id"]}]):
        for name in ("add", "replace"):
            answer = scim.patch(address, op(name, f"{ENT}:manager", value))
            assert answer.json()[ENT]["manager"]["value"] in (first["id"], second["id"])
    for removal in (
        op("remove", f"{ENT}:manager"),
        op("replace", f"{ENT}:manager", ""),
        op("replace", f"{ENT}:manager", {"value": ""}),
    ):
        scim.patch(address, op("add", f"{ENT}:manager", first["id"]))
        assert "manager" not in scim.patch(address, removal).json()[ENT]


def test_14_delete_user(scim, user):
    """RFC 7644 §3.6."""
    assert scim.delete(f"/Users/{user['id']}").status_code == 204
    assert scim.get(f"/Users/{user['id']}").status_code == 404


def test_15_to_22_groups_are_created_matched_and_renamed(scim, group):
    """RFC 7644 §3.3, §3.4.2.2 and §3.5.2."""
    assert scim.post("/Groups", {"displayName": "gk VALIDATOR"}).status_code == 409
    alone = scim.get(f"/Groups/{group['id']}?excludedAttributes=members")
    assert "members" not in alone.json()
    for name, total in (("GK Validator", 1), ("gk validator", 1), ("nothing", 0)):
        found = scim.get(f'/Groups?excludedAttributes=members&filter=displayName eq "{name}"').json()
        assert found["totalResults"] == total
    assert scim.patch(f"/Groups/{group['id']}", op("replace", value={"externalId": "g-2"})).status_code == 204
    assert scim.patch(f"/Groups/{group['id']}", op("replace", value={"displayName": "GK New"})).status_code == 204
    assert contains(scim.get(f"/Groups/{group['id']}").json(), {"externalId": "g-2", "displayName": "GK New"})


def test_23_to_25_members_come_and_go_and_the_group_is_deleted(scim, user, group):
    """RFC 7644 §3.5.2 and §3.6."""
    address = f"/Groups/{group['id']}"

    assert scim.patch(address, op("add", "members", [{"value": user["id"]}])).status_code == 204
    assert scim.members(group["id"]) == {user["id"]}
    assert scim.patch(address, op("remove", f'members[value eq "{user["id"]}"]')).status_code == 204
    assert scim.members(group["id"]) == set()
    assert scim.delete(address).status_code == 204
    assert scim.get(address).status_code == 404


def test_preview_several_operations_on_different_attributes(scim, user):
    """RFC 7644 §3.5.2."""
    answer = scim.patch(
        f"/Users/{user['id']}",
        op("remove", "preferredLanguage"),
        op("add", "externalId", "e2"),
        op("replace", "displayName", "D"),
    ).json()

    assert "preferredLanguage" not in answer
    assert (answer["externalId"], answer["displayName"]) == ("e2", "D")


def test_preview_several_operations_on_one_attribute_are_applied_in_order(scim, user):
    """RFC 7644 §3.5.2."""
    answer = scim.patch(
        f"/Users/{user['id']}",
        op("remove", "externalId"),
        op("add", "externalId", "1"),
        op("replace", "externalId", "2"),
    )

    assert answer.json()["externalId"] == "2"


@pytest.mark.parametrize("endpoint", ["Users", "Groups"])
def test_preview_deleting_what_is_not_there_or_not_any_more(scim, user, group, endpoint):
    """RFC 7644 §3.6."""
    there = user["id"] if endpoint == "Users" else group["id"]

    assert scim.delete(f"/{endpoint}/{NOBODY}").status_code == 404
    assert scim.delete(f"/{endpoint}/{there}").status_code == 204
    assert scim.delete(f"/{endpoint}/{there}").status_code == 404


def test_preview_several_operations_on_a_group(scim, user, group):
    """RFC 7644 §3.5.2."""
    answer = scim.patch(
        f"/Groups/{group['id']}",
        op("replace", "displayName", "N"),
        op("add", "members", [{"value": user["id"]}]),
        op("remove", "externalId"),
    )

    assert answer.status_code == 204
    document = scim.get(f"/Groups/{group['id']}").json()
    assert (document["displayName"], len(document["members"]), "externalId" in document) == ("N", 1, False)


def test_gallery_user_pagination_echoes_the_start_index_that_was_asked(scim):
    """RFC 7644 §3.4.2.4."""
    for number in range(11):
        scim.user(f"u{number}@x.com")
    pages = [scim.get(f"/Users?startIndex={number * 5 + 1}&count=5").json() for number in range(3)]

    assert [page["startIndex"] for page in pages] == [1, 6, 11]
    assert [page["itemsPerPage"] for page in pages] == [5, 5, 1]


def test_gallery_null_update(scim, user):
    """RFC 7643 §2.5."""
    for empty in ("", None):
        answer = scim.patch(f"/Users/{user['id']}", {"op": "replace", "path": "title", "value": empty})
        assert answer.status_code == 200
        assert "title" not in answer.json()


def test_postman_capitalised_keys_duplicate_types_and_nulls(scim):
    """RFC 7643 §2.1, §2.4 and §2.5."""
    emails = [{"Primary": True, "Type": "work", "Value": "a@x"}, {"type": "work", "value": "b@x"}]
    extension = {ENT.upper(): {"Department": "d", "Manager": {"Value": "m"}}}
    body = {"UserName": "p1@x", "Emails": emails, "Addresses": [{"type": "work", "Country": None}], **extension}
    answer = scim.post("/Users", body)

    assert answer.status_code == 201
    assert contains(answer.json(), {ENT: {"department": "d", "manager": {"value": "m"}}, "userName": "p1@x"})
    assert len(answer.json()["emails"]) == 2


def test_postman_refusals(scim, user):
    """RFC 7644 §3.12."""
    assert scim.post("/Users", {"displayName": "x"}).status_code == 400
    assert scim.post("/Users", "{bad").status_code == 400
    assert scim.put(f"/Users/{user['id']}", {"displayName": "x"}).status_code == 400
    assert scim.put(f"/Users/{user['id']}", {"userName": "x", "dispalyName": "x"}).status_code == 200
    assert scim.find("/Users", "name.FamilyName eq Employee").status_code == 400


@pytest.mark.parametrize(
    "expression",
    [
        'DisplayName eq "ann o\'neil"',
        'userName sw "O"',
        'meta.Created gt "2020-01-01T00:00:00Z"',
        '(emails.Value co "contoso.com" or displayName eq "x") and active eq true',
    ],
)
def test_postman_filters(scim, user, expression):
    """RFC 7644 §3.4.2.2."""
    assert scim.find("/Users", expression).json()["totalResults"] == 1


def test_okta_spec_suite(scim, user):
    """RFC 7644 §3.4.1, §3.4.2 and §3.12."""
    first = scim.get("/Users?count=1&startIndex=1").json()["Resources"][0]

    assert {"id", "name", "userName", "active", "emails"} <= set(first)
    assert first["emails"][0]["value"]
    assert scim.get(f"/Users/{first['id']}").status_code == 200
    missing = scim.get("/Users/010101001010101011001010101011")
    assert (missing.status_code, missing.json()["status"]) == (404, "404")
    assert missing.json()["detail"]
    assert scim.get("/Groups").status_code == 200


def test_jumpcloud_creates_and_deletes_a_test_user_and_group_on_the_spot(scim):
    user, group = scim.user("jumpcloud-test@x.com"), scim.group("jumpcloud-test")

    assert scim.delete(f"/Users/{user['id']}").status_code == 204
    assert scim.delete(f"/Groups/{group['id']}").status_code == 204


def test_ping_asks_with_a_capitalised_operator(scim, user):
    """RFC 7644 §3.4.2.2: operators ignore case."""
    assert scim.find("/Users", f'userName Eq "{BODY["userName"]}"').json()["totalResults"] == 1
