"""A userName that is given to somebody else: they inherit nothing of the person who had it (product.md, the edges)."""

from typing import Any

import pytest

from gatekeeper.api.models import ApiToken
from gatekeeper.api.tokens import create_token
from gatekeeper.audit.models import AuditEntry, ProvisioningEntry
from gatekeeper.directory.access.loaders import access_of
from gatekeeper.directory.identity_linking.sign_in import person_who_signs_in
from gatekeeper.directory.models import EndedBecause, Membership, SignIn, SignInIdentity, User
from gatekeeper.directory.sessions.open_sessions import open_sign_in
from tests.builders import ADMIN, ENTRA, link, make_group, make_provider, make_user, map_group
from tests.scim.conftest import ScimClient

NAME = "kim@x.com"


def post(scim: ScimClient, **attributes: Any) -> Any:
    return scim.post("/Users", {"userName": NAME, **attributes})


def bulk(scim: ScimClient, *others: Any, **attributes: Any) -> Any:
    first = {"method": "POST", "path": "/Users", "bulkId": "kim", "data": {"userName": NAME, **attributes}}
    return scim.post("/Bulk", {"Operations": [first, *others]}).json()["Operations"]


# What the former user states, what the POST states, and whether it is the same person.
IDS = [
    ("old", "new", False),
    ("old", "OLD", False),  # externalId is caseExact (RFC 7643 §3.1)
    ("old", "old", True),
    ("old", None, True),
    ("old", "", True),
    (None, "new", True),
    (None, None, True),
]


@pytest.mark.parametrize("by", ["single", "bulk", "bulk of several"])
@pytest.mark.parametrize(("stored", "stated", "is_same"), IDS)
def test_only_two_different_external_ids_tell_two_people_apart(
    scim: ScimClient, stored: str | None, stated: str | None, is_same: bool, by: str
) -> None:
    former = make_user(NAME, external_id=stored, active=False)
    attributes = {} if stated is None else {"externalId": stated}

    if by == "single":
        answer = post(scim, **attributes)
        status, user_id = answer.status_code, answer.json()["id"]
    else:
        other = {"method": "POST", "path": "/Users", "bulkId": "lee", "data": {"userName": "lee@x.com"}}
        result = bulk(scim, *([other] if by == "bulk of several" else []), **attributes)[0]
        status, user_id = int(result["status"]), result["location"].rpartition("/")[2]

    assert status == 201
    assert (user_id == str(former.id)) is is_same
    assert scim.get(f"/Users/{former.id}").status_code == (200 if is_same else 404)
    assert scim.found("/Users", f'userName eq "{NAME}"') == [NAME]
    assert scim.found("/Users", 'externalId eq "old"') == ([NAME] if stated == "old" else [])  # all else as sent


def test_an_active_person_keeps_the_name(scim: ScimClient) -> None:
    former = make_user(NAME, external_id="old")

    answer = post(scim, externalId="new")

    assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")
    assert User.objects.get() == former


def test_another_person_inherits_nothing(scim: ScimClient) -> None:
    provider = make_provider()
    former = make_user(NAME, external_id="old")
    group = make_group("GK Leaders", [former])
    map_group(group, "global_administrator", ["api"])
    link()
    signed_in = person_who_signs_in(provider.id, NAME, "object-of-the-old")
    open_sign_in(signed_in, actor=ENTRA, provider_id=provider.id)
    create_token(former, "script", actor=ADMIN)
    report = scim.user("report@x.com", manager=str(former.id))
    scim.patch(f"/Users/{former.id}", {"op": "replace", "path": "active", "value": False})
    version = scim.get(f"/Groups/{group.id}").headers["ETag"]

    new = post(scim, externalId="new", emails=[{"value": NAME, "type": "work"}]).json()
    link()

    user = User.objects.get(pk=new["id"])
    assert "groups" not in new
    assert scim.members(str(group.id)) == set()
    assert scim.get(f"/Groups/{group.id}").headers["ETag"] != version
    assert scim.get(f"/Users/{report['id']}").json().get("manager") != new["id"]
    assert Membership.objects.get().ended_because == EndedBecause.USER_DELETED
    assert access_of(user).level.slug == "employee_portal"  # the Default Mapping: never was in a group
    assert not SignIn.objects.live().exists()
    assert SignInIdentity.objects.live().get(name_id_folded=NAME).user == user
    assert person_who_signs_in(provider.id, NAME, "object-of-the-new") == user
    assert not ApiToken.objects.filter(user=user).exists()


def test_both_are_named_in_the_audit_trail_and_in_the_provisioning_log(scim: ScimClient) -> None:
    former = make_user(NAME, external_id="old", active=False)

    new = post(scim, externalId="new").json()["id"]

    deleted, created = AuditEntry.objects.order_by("-pk")[:2][::-1]
    assert (deleted.event, deleted.object_id) == ("user.deleted", str(former.id))
    assert deleted.after == {"next_user_of_the_name": new}
    assert (created.event, created.object_id) == ("user.created", new)
    assert created.after["former_user_of_the_name"] == str(former.id)
    entry = ProvisioningEntry.objects.get()
    assert str(entry.user_id) == new
    assert entry.changed == [
        {"code": "user_replaced", "name": NAME, "id": str(former.id)},
        {"code": "user_created", "name": NAME},
    ]


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_request_to_the_resource_itself_is_about_that_person(scim: ScimClient, method: str) -> None:
    """A client that knows the id means that person, and corrects their externalId."""
    former = make_user(NAME, external_id="old", active=False)
    address = f"/Users/{former.id}"

    if method == "PUT":
        answer = scim.put(address, {"userName": NAME, "externalId": "new", "active": True})
    else:
        answer = scim.patch(address, {"op": "replace", "value": {"externalId": "new", "active": True}})

    assert (answer.status_code, answer.json()["id"]) == (200, str(former.id))
    assert User.objects.get().active
