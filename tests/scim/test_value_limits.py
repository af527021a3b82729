"""How much one user may hold, and how much one PATCH may look at; each refusal names its limit."""

import pytest

from gatekeeper.directory.models import User
from scim.limits import MAX_ELEMENT_VISITS, MAX_ELEMENTS, MAX_USER_BYTES
from tests.scim.asking import WAYS, op, refusal, sent, stored


@pytest.mark.parametrize("way", WAYS)
def test_an_attribute_has_at_most_a_thousand_elements_by_every_way_in(scim, way):
    many = [{"value": f"r{number}"} for number in range(MAX_ELEMENTS + 1)]

    status, scim_type, detail = refusal(sent(scim, way, "roles", many))
    assert (status, scim_type) == (400, "invalidValue")
    assert str(MAX_ELEMENTS) in detail
    assert "roles" in detail
    assert "roles" not in stored(scim)


def test_the_number_of_elements_counts_after_the_change_and_members_are_not_counted(scim):
    user = scim.user("ada@x.com", roles=[{"value": f"r{number}"} for number in range(MAX_ELEMENTS)])
    address = f"/Users/{user['id']}"

    assert refusal(scim.patch(address, op("add", "roles", [{"value": "one more"}])))[1] == "invalidValue"
    assert scim.patch(address, op("add", "roles", [{"value": "R0"}])).status_code == 200
    swapped = scim.patch(address, op("add", "roles", [{"value": "n"}]), op("remove", "roles", [{"value": "r1"}]))
    assert len(swapped.json()["roles"]) == MAX_ELEMENTS
    everybody = [{"value": user["id"]}] * (MAX_ELEMENTS + 1)
    assert scim.post("/Groups", {"displayName": "GK", "members": everybody}).status_code == 201


@pytest.mark.parametrize("way", WAYS)
def test_all_values_of_one_user_have_a_limit_by_every_way_in(scim, way):
    entitlements = [{"value": f"{number} {'x' * 4000}"} for number in range(MAX_USER_BYTES // 4000)]

    status, scim_type, detail = refusal(sent(scim, way, "entitlements", entitlements))
    assert (status, scim_type) == (400, "invalidValue")
    assert str(MAX_USER_BYTES) in detail
    assert "entitlements" not in stored(scim)


def test_who_has_more_than_the_limit_already_can_still_be_changed(scim):
    user = scim.user("ada@x.com")
    many = [{"value": f"r{number}"} for number in range(MAX_ELEMENTS + 5)]
    User.objects.filter(pk=user["id"]).update(attributes={"roles": many})
    address = f"/Users/{user['id']}"

    assert scim.patch(address, op("add", "title", "T")).status_code == 200
    assert len(scim.patch(address, op("remove", "roles", many[:1])).json()["roles"]) == MAX_ELEMENTS + 4
    assert refusal(scim.patch(address, op("add", "roles", [{"value": "n1"}, {"value": "n2"}])))[0] == 400


def test_the_work_of_selections_has_a_limit(scim):
    user = scim.user("ada@x.com", roles=[{"value": f"r{number}"} for number in range(MAX_ELEMENTS)])
    walking = op("remove", 'roles[value co "nobody"]')
    looking = [op("replace", f'roles[value eq "r{number}"].display', "x") for number in range(MAX_ELEMENTS)]

    status, scim_type, detail = refusal(scim.patch(f"/Users/{user['id']}", *[walking] * 1000))
    assert (status, scim_type) == (400, "invalidValue")
    assert str(MAX_ELEMENT_VISITS) in detail
    assert scim.patch(f"/Users/{user['id']}", *looking).status_code == 200
