"""``$ref`` without a value: resolved as what it says, or refused."""

import pytest

from scim.protocol.schemas import ENTERPRISE_USER as ENT
from tests.scim.sending import op, refusal

ADDRESSES = {
    "absolute": ("http://testserver/scim/v2/Users/{id}", True),
    "https in front of a proxy": ("https://testserver/scim/v2/Users/{id}", True),
    "with slashes": ("http://TESTSERVER:80//scim/v2/Users/{id}/", True),
    "of the root": ("/scim/v2/Users/{id}", True),
    "bare": ("Users/{id}", True),
    "from a resource": ("../Users/{id}", True),
    "another host": ("http://elsewhere/scim/v2/Users/{id}", False),
    "another port": ("http://testserver:81/scim/v2/Users/{id}", False),
    "no scheme": ("//elsewhere/scim/v2/Users/{id}", False),
    "a group": ("http://testserver/scim/v2/Groups/{id}", False),
    "a relative group": ("../Groups/{id}", False),
    "another place": ("http://testserver/other/Users/{id}", False),
    "no id": ("http://testserver/scim/v2/Users/", False),
    "more than an id": ("http://testserver/scim/v2/Users/{id}/x", False),
    "a query": ("http://testserver/scim/v2/Users/{id}?x=1", False),
    "a URN": ("urn:uuid:{id}", False),
    "a broken address": ("http://[::1/Users/{id}", False),
    "a word": ("boss", False),
}


@pytest.mark.parametrize(("address", "resolves"), ADDRESSES.values(), ids=ADDRESSES.keys())
def test_a_reference_without_a_value_is_resolved_or_refused(scim, ada, address, resolves):
    """RFC 7643 §2.3.7, §2.4."""
    boss = scim.user("boss@x.com", displayName="Boss")
    group = scim.group("GK")
    reference, user, one = {"$ref": address.format(id=boss["id"])}, f"/Users/{ada['id']}", f"/Groups/{group['id']}"
    requests = {
        "manager": lambda: scim.patch(user, op("add", f"{ENT}:manager", reference)),
        "manager.$ref": lambda: scim.patch(user, op("replace", f"{ENT}:manager.$ref", reference["$ref"])),
        "PUT": lambda: scim.put(user, {"userName": "ada@x.com", ENT: {"manager": reference}}),
        "members": lambda: scim.patch(one, op("add", "members", [reference])),
        "POST": lambda: scim.post("/Groups", {"displayName": "New", "members": [reference]}),
    }
    for name, ask in requests.items():
        answer = ask()
        if resolves:
            assert answer.status_code in (200, 201, 204), (name, answer.content)
        else:
            assert refusal(answer)[:2] == (400, "invalidValue"), name
            assert "$ref" in refusal(answer)[2], name
    manager = scim.get(user).json().get(ENT, {}).get("manager", {})
    assert manager.get("value") == (boss["id"] if resolves else None)
    assert scim.members(group["id"]) == ({boss["id"]} if resolves else set())


def test_beside_a_value_the_address_is_not_needed_and_not_kept(scim, ada):
    """RFC 7643 §2.3.7."""
    boss, user = scim.user("boss@x.com"), f"/Users/{ada['id']}"
    for address in (
        "http://elsewhere/Users/x",
        f"http://elsewhere/Users/{boss['id']}",
        "../Groups/x",
        boss["meta"]["location"],
    ):
        answer = scim.patch(user, op("add", f"{ENT}:manager", {"value": boss["id"], "$ref": address}))
        assert answer.json()[ENT]["manager"] == {"value": boss["id"], "$ref": boss["meta"]["location"]}
    scim.delete(f"/Users/{boss['id']}")
    assert scim.get(user).json()[ENT]["manager"] == {"value": boss["id"]}


def test_what_was_answered_can_be_sent_back_and_is_no_change(scim, ada):
    """RFC 7644 §3.5.1."""
    boss, user = scim.user("boss@x.com", displayName="Boss"), f"/Users/{ada['id']}"
    scim.patch(user, op("add", f"{ENT}:manager", boss["id"]))
    answered = scim.get(user).json()

    assert scim.put(user, answered).json() == answered
    group = scim.group("GK", ada["id"], boss["id"])
    assert scim.put(f"/Groups/{group['id']}", group).json() == group
