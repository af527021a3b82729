"""How much one user may hold, and how much one PATCH may look at; each refusal names its limit."""

import sys
from typing import Any

import pytest

from gatekeeper.directory.models import User
from scim.patch.parser import read_patch
from scim.protocol.limits import MAX_ELEMENT_VISITS, MAX_ELEMENTS, MAX_USER_BYTES
from scim.protocol.schemas import GROUP, USER
from tests.scim.sending import WAYS, op, refusal, sent, stored


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


def named(count: int) -> list[dict[str, Any]]:
    return [{"type": "work", "value": f"00000000-0000-4000-8000-{number:012}"} for number in range(count)]


LINEAR: dict[str, Any] = {
    "added at once": lambda n: (USER, {}, [op("add", "emails", named(n))]),
    "added one by one": lambda n: (USER, {}, [op("add", "emails", [each]) for each in named(n)]),
    "added again": lambda n: (USER, {"emails": named(n)}, [op("add", "emails", named(n))]),
    "removed by a list": lambda n: (USER, {"emails": named(n)}, [op("remove", "emails", named(n))]),
    "removed one by one": lambda n: (USER, {"emails": named(n)}, [op("remove", "emails", [each]) for each in named(n)]),
    "selected one by one": lambda n: (
        USER,
        {"emails": named(n)},
        [op("replace", f'emails[value eq "{each["value"]}"].display', "x") for each in named(n)],
    ),
    "primary one by one": lambda n: (USER, {}, [op("add", "emails", [{**each, "primary": True}]) for each in named(n)]),
    "members one by one": lambda n: (GROUP, {}, [op("add", "members", [{"value": e["value"]}]) for e in named(n)]),
}


@pytest.mark.parametrize("case", LINEAR.values(), ids=LINEAR.keys())
def test_what_a_request_costs_grows_with_what_it_names_and_not_with_its_square(case):
    """Calls are counted, since time is nobody's to promise."""

    def calls(count: int) -> int:
        resource_type, profile, operations = case(count)
        seen = 0

        def count_call(*_: Any) -> None:
            nonlocal seen
            seen += 1

        before = sys.getprofile()
        sys.setprofile(count_call)
        try:
            patch = read_patch(resource_type, {"Operations": operations})
            patch.edited(profile)
        finally:
            sys.setprofile(before)
        return seen

    few = calls(50)
    assert calls(500) < 12 * few
