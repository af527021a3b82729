"""Traps that other servers fell into, one test each: Entra's (field reports) and those of implementers."""

import pytest

from gatekeeper.audit.models import ProvisioningEntry
from gatekeeper.audit.provisioning_texts import change_texts
from gatekeeper.directory.deprovisioning_limits.limits import approve_held_changes, set_deprovisioning_limits
from gatekeeper.directory.models import SignInIdentity, User
from scim.protocol.schemas import CORE_USER, ENTERPRISE_USER
from tests.builders import ADMIN, link, make_administrator, make_provider
from tests.scim.sending import op

ENT = ENTERPRISE_USER
TOMB = "5f3c0c1e77a04b0e9c530f5b7f0a1c11"


@pytest.fixture
def ada(scim):
    return scim.user("ada@x.com", displayName="Ada", emails=[{"type": "work", "value": "ada@x.com", "primary": True}])


@pytest.fixture
def full_group(scim):
    return scim.group("GK Full", *[scim.user(f"m{number}@x.com")["id"] for number in range(3)])


def test_a_tombstone_rename_is_echoed_and_leaves_the_sign_in_identity_alone(scim, ada):
    make_provider()
    link()
    before = SignInIdentity.objects.values_list("name_id", "until").get()
    answer = scim.patch(
        f"/Users/{ada['id']}", op("Replace", "active", "False"), op("Replace", "userName", f"{TOMB}ada@x.com")
    )

    assert answer.json()["userName"] == f"{TOMB}ada@x.com"
    assert SignInIdentity.objects.values_list("name_id", "until").get() == before
    restored = scim.patch(
        f"/Users/{ada['id']}", op("Replace", "active", "True"), op("Replace", "userName", "ada@x.com")
    )
    assert (restored.json()["id"], restored.json()["active"]) == (ada["id"], True)
    assert User.objects.provisioned().count() == 1


def test_a_urn_keyed_value_without_a_path_is_understood(scim, ada):
    """RFC 7644 §3.5.2, §3.10."""
    answer = scim.patch(f"/Users/{ada['id']}", op("add", value={f"{ENT}:department": "Legal"}))

    assert answer.json()[ENT] == {"department": "Legal"}
    assert ENT in answer.json()["schemas"]


def test_a_core_urn_before_an_attribute_is_stripped(scim, ada):
    """RFC 7644 §3.10."""
    address = f"/Users/{ada['id']}"

    assert scim.patch(address, op("add", f"{CORE_USER.upper()}:title", "T")).json()["title"] == "T"
    assert scim.patch(address, op("add", f"{CORE_USER}:role", "T")).json()["scimType"] == "invalidPath"
    assert scim.found("/Users", f'{CORE_USER.lower()}:USERNAME eq "ada@x.com"') == ["ada@x.com"]


def test_an_inactive_user_is_already_safe_when_no_delete_ever_comes(scim, ada):
    scim.patch(f"/Users/{ada['id']}", op("Replace", "active", "False"))

    assert not User.objects.get(pk=ada["id"]).is_active


def test_what_the_filter_sees_is_what_a_post_collides_with(scim, ada):
    """RFC 7644 §3.3: 409 uniqueness. RFC 7643 §4.1.1: userName ignores case."""
    scim.patch(f"/Users/{ada['id']}", op("Replace", "active", "False"))
    scim.user("bo@x.com")
    make_administrator("root@x.com")

    for name in ("ada@x.com", "BO@x.com", "root@x.com"):
        found = scim.found("/Users", f'userName eq "{name}"')
        status = scim.post("/Users", {"userName": name}).status_code
        assert status == (409 if found == ["bo@x.com"] else 201), name


def test_add_and_replace_are_interchangeable_in_one_patch(scim, ada):
    """RFC 7644 §3.5.2.1, §3.5.2.3."""
    answer = scim.patch(f"/Users/{ada['id']}", op("Add", "displayName", "New"), op("Replace", "title", "Head"))

    assert (answer.json()["displayName"], answer.json()["title"]) == ("New", "Head")


def test_an_empty_list_of_operations_changes_nothing(scim, ada):
    answer = scim.patch(f"/Users/{ada['id']}")

    assert answer.status_code == 200
    assert answer.json()["meta"] == ada["meta"]


def test_put_with_empty_or_absent_members_empties_that_group_and_no_other(scim, full_group):
    """RFC 7644 §3.5.1."""
    other = scim.group("GK Other", *scim.members(full_group["id"]))
    for body in ({"displayName": "GK Full", "members": []}, {"displayName": "GK Full"}):
        scim.patch(f"/Groups/{full_group['id']}", op("add", "members", list(scim.members(other["id"]))))
        assert len(scim.members(full_group["id"])) == 3
        scim.put(f"/Groups/{full_group['id']}", body)
        assert scim.members(full_group["id"]) == set()
    assert len(scim.members(other["id"])) == 3


def test_a_replace_without_a_members_key_touches_no_member(scim, full_group):
    """RFC 7644 §3.5.2.3: what is not named stays."""
    scim.patch(f"/Groups/{full_group['id']}", op("replace", value={"id": "x", "displayName": "GK", "externalId": "e"}))

    assert len(scim.members(full_group["id"])) == 3


def test_no_account_is_adopted_by_name(scim, ada):
    """RFC 7644 §3.12: uniqueness."""
    bo = scim.user("bo@x.com")
    admin = make_administrator("root@x.com")

    assert scim.put(f"/Users/{bo['id']}", {"userName": "ADA@x.com"}).status_code == 409
    assert scim.put(f"/Users/{bo['id']}", {"userName": "root@x.com"}).status_code == 200
    admin.refresh_from_db()
    assert (admin.user_name, admin.origin, admin.is_active) == ("root@x.com", "local", True)


def test_an_external_id_is_never_an_id(scim, ada):
    """RFC 7643 §3.1."""
    other = scim.user("bo@x.com", externalId=ada["id"])

    assert other["id"] != ada["id"]
    assert scim.get(f"/Users/{ada['id']}").json()["userName"] == "ada@x.com"
    assert scim.user("cy@x.com", id=ada["id"], externalId=ada["id"])["id"] not in (ada["id"], other["id"])


def test_the_last_operation_counts_as_much_as_the_first(scim, ada):
    """RFC 7644 §3.5.2: operations are applied in order."""
    answer = scim.patch(
        f"/Users/{ada['id']}", op("add", "title", "A"), op("add", "nickName", "B"), op("remove", "title")
    )

    assert "title" not in answer.json()
    assert answer.json()["nickName"] == "B"


def test_a_name_that_is_taken_is_409_by_patch_too_and_nothing_is_changed(scim, ada):
    """RFC 7644 §3.12: uniqueness."""
    bo = scim.user("bo@x.com")
    answer = scim.patch(f"/Users/{bo['id']}", op("replace", "title", "T"), op("replace", "userName", "Ada@x.com"))

    assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")
    assert "title" not in scim.get(f"/Users/{bo['id']}").json()
    assert scim.get("/Users").status_code == 200


def test_one_bad_operation_undoes_the_good_ones(scim, ada):
    """RFC 7644 §3.5.2: a PATCH is atomic."""
    answer = scim.patch(f"/Users/{ada['id']}", op("replace", "title", "T"), op("replace", "active", "perhaps"))

    assert answer.status_code == 400
    assert "active" in answer.json()["detail"]
    assert "title" not in scim.get(f"/Users/{ada['id']}").json()


def test_members_are_kept_when_others_are_removed_in_either_of_entras_formats(scim, full_group):
    """RFC 7644 §3.5.2.2."""
    first, second, third = sorted(scim.members(full_group["id"]))
    scim.patch(f"/Groups/{full_group['id']}", op("Remove", "members", [{"value": first}]))
    scim.patch(f"/Groups/{full_group['id']}", op("remove", f'members[value eq "{second}"]'))

    assert scim.members(full_group["id"]) == {third}


def test_unknown_member_references_are_named_and_nobody_is_added(scim, full_group, ada):
    """RFC 7643 §4.2."""
    unknown = ["11111111-1111-4111-8111-111111111111", "not-even-an-id"]
    for reference in unknown:
        answer = scim.patch(
            f"/Groups/{full_group['id']}", op("add", "members", [{"value": ada["id"]}, {"value": reference}])
        )
        assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidValue")
        assert reference in answer.json()["detail"]
    assert ada["id"] not in scim.members(full_group["id"])
    assert scim.post("/Groups", {"displayName": "N", "members": [{"value": unknown[0]}]}).status_code == 400
    assert scim.found("/Groups", 'displayName eq "N"', "displayName") == []


def test_values_come_back_as_they_were_sent(scim):
    """RFC 7643 §2.3."""
    sent = {
        "displayName": "  Ada  ÖBI ",
        "title": "e\u0301",
        "phoneNumbers": [{"type": "mobile", "value": "+44 (0) 7700"}],
        "emails": [{"type": "WORK", "value": "Ada.O'Brien+x@Contoso.COM"}],
        "timezone": "no/where",
        "x509Certificates": [{"value": "TUlJ"}],
        "photos": [{"value": "not a url", "type": "photo"}],
        "ims": [{"type": "skype", "value": "ada"}],
        "entitlements": [{"value": "e"}],
        "profileUrl": "x y",
        "addresses": [{"type": "other", "formatted": "1 Quay\nCardiff"}],
    }
    user = scim.user("Ada.O'Brien@Contoso.com", **sent)

    assert {name: user[name] for name in sent} == sent
    assert user["userName"] == "Ada.O'Brien@Contoso.com"
    assert scim.get(f"/Users/{user['id']}").json() == user
    assert scim.found("/Users", 'emails.value eq "ada.o\'brien+X@contoso.com"') == [user["userName"]]


def test_an_unknown_manager_is_echoed_and_resolves_when_that_user_appears(scim, ada):
    """RFC 7643 §4.3."""
    bo = scim.user("bo@x.com", displayName="Bo")
    address = f"/Users/{ada['id']}"
    scim.patch(address, op("add", f"{ENT}:manager", "later"))
    assert scim.get(address).json()[ENT] == {"manager": {"value": "later"}}

    scim.patch(address, op("add", f"{ENT}:manager", {"value": bo["id"]}))
    manager = scim.get(address).json()[ENT]["manager"]
    assert manager == {"value": bo["id"], "$ref": bo["meta"]["location"], "displayName": "Bo"}

    scim.delete(f"/Users/{bo['id']}")
    assert scim.get(address).json()[ENT] == {"manager": {"value": bo["id"]}}


def test_put_clears_what_is_absent_but_not_whether_somebody_is_active(scim, ada):
    """RFC 7644 §3.5.1."""
    address = f"/Users/{ada['id']}"
    scim.patch(address, op("replace", "active", False))

    replaced = scim.put(address, {"userName": "ada@x.com", "title": "T"}).json()
    assert replaced["active"] is False
    assert "displayName" not in replaced
    assert "emails" not in replaced
    assert scim.found("/Users", 'emails.value eq "ada@x.com"') == []
    assert scim.put(address, {"displayName": "no name"}).status_code == 400
    assert scim.put("/Users/11111111-1111-4111-8111-111111111111", {"userName": "a"}).status_code == 404


def test_a_post_revives_an_inactive_user_with_the_same_id_and_memberships(scim, ada):
    """RFC 7644 §3.3, and what Okta expects of it."""
    group = scim.group("GK", ada["id"])
    scim.patch(f"/Users/{ada['id']}", op("replace", "active", False))
    revived = scim.post("/Users", {"userName": "ADA@x.com", "title": "Back"})

    assert revived.status_code == 201
    assert (revived.json()["id"], revived.json()["active"]) == (ada["id"], True)
    assert [each["value"] for each in revived.json()["groups"]] == [group["id"]]
    assert scim.found("/Users", 'title eq "back"') == ["ADA@x.com"]
    assert scim.found("/Users", "emails pr") == []


def test_a_deleted_user_leaves_their_groups_and_the_name_is_free(scim, ada):
    """RFC 7644 §3.6."""
    group = scim.group("GK", ada["id"])
    scim.delete(f"/Users/{ada['id']}")

    assert scim.members(group["id"]) == set()
    assert scim.user("ada@x.com")["id"] != ada["id"]


def test_two_users_may_have_one_external_id(scim):
    """RFC 7643 §3.1: externalId is not unique."""
    scim.user("a@x.com", externalId="1")
    scim.user("b@x.com", externalId="1")

    assert scim.found("/Users", 'externalId eq "1"') == ["a@x.com", "b@x.com"]


def test_page_walks_survive_a_client_that_takes_start_index_for_an_offset(scim):
    """RFC 7644 §3.4.2.4: startIndex counts from 1."""
    for number in range(7):
        scim.user(f"u{number}@x.com")
    starts = [scim.get(f"/Users?startIndex={start}&count=3").json()["Resources"][0]["userName"] for start in (1, 4, 7)]

    assert starts == ["u0@x.com", "u3@x.com", "u6@x.com"]


def test_what_the_deprovisioning_limit_holds_back_is_429_with_a_time_to_wait_and_nothing_is_changed(scim, ada):
    """RFC 6585 §4."""
    set_deprovisioning_limits(share=1, minimum=1, minutes=60, hold=True, actor=ADMIN)

    answer = scim.patch(f"/Users/{ada['id']}", op("replace", "active", False))
    assert (answer.status_code, answer["Retry-After"], answer.json()["status"]) == (429, "3600", "429")
    assert scim.get(f"/Users/{ada['id']}").json()["active"] is True

    approve_held_changes(actor=ADMIN)
    assert scim.patch(f"/Users/{ada['id']}", op("replace", "active", False)).status_code == 200


def test_json_types_are_never_asserted(scim, ada):
    for value in (7, True, [], {}, [[]], {"a": []}, None, "x" * 10_000):
        for path in ("userName", "name", "emails", "active", f"{ENT}:manager", 'emails[type eq "work"]', ENT, None):
            answer = scim.patch(f"/Users/{ada['id']}", {"op": "replace", "path": path, "value": value})
            assert answer.status_code in (200, 400), (path, value, answer.content)
        for path in ("members", "displayName"):
            group = scim.found("/Groups", "displayName pr", "id") or [scim.group("G")["id"]]
            answer = scim.patch(f"/Groups/{group[0]}", {"op": "replace", "path": path, "value": value})
            assert answer.status_code in (204, 400), (path, value, answer.content)


def test_a_revival_names_what_it_took_away(scim):
    ada = scim.user("ada@x.com", title="Old", emails=[{"type": "work", "value": "ada@x.com"}])
    scim.patch(f"/Users/{ada['id']}", {"op": "replace", "path": "active", "value": False})

    scim.post("/Users", {"userName": "ada@x.com", "emails": [{"type": "work", "value": "a.obi@x.com"}]})

    text = " ".join(change_texts(ProvisioningEntry.objects.latest("id").changed))
    for word in ("Revived user ada@x.com", "Old", "a.obi@x.com"):
        assert word in text
