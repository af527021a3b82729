"""What an administrator finds in the provisioning log: what changed something or failed, and nothing else."""

import pytest

from gatekeeper.audit.models import AuditEntry, ProvisioningEntry
from gatekeeper.audit.provisioning_texts import change_texts
from scim.protocol.schemas import ENTERPRISE_USER
from tests.scim.conftest import ScimClient


def logged():
    return list(ProvisioningEntry.objects.order_by("id"))


def test_a_write_is_one_entry_with_key_person_request_answer_and_what_changed(scim):
    user = scim.user("ada@x.com", displayName="Ada", password="hunter2", shoeSize=43)

    (entry,) = logged()
    assert (entry.method, entry.path, entry.status, entry.outcome) == ("POST", "/scim/v2/Users", 201, "changed")
    assert (entry.key_name, str(entry.user_id), entry.user_label) == ("Entra", user["id"], "Ada")
    assert entry.changed == [{"code": "user_created", "name": "ada@x.com"}]
    assert entry.ignored == ["password", "shoeSize"]
    assert entry.request["userName"] == "ada@x.com"
    assert entry.answer["id"] == user["id"]
    assert "hunter2" not in str(entry.__dict__)


def test_an_edit_says_attribute_by_attribute_what_changed(scim):
    user = scim.user("ada@x.com", displayName="Ada", **{ENTERPRISE_USER: {"department": "Legal"}})
    scim.patch(
        f"/Users/{user['id']}",
        {"op": "replace", "path": "active", "value": "False"},
        {"op": "replace", "value": {"title": "Head", "displayName": None, "name.givenName": "A"}},
        {"op": "replace", "path": f"{ENTERPRISE_USER}:department", "value": "Sales"},
    )

    assert set(change_texts(logged()[-1].changed)) == {
        "active changed from true to false",
        "displayName removed, which was “Ada”",
        "title set to “Head”",
        "name.givenName set to “A”",
        "department changed from “Legal” to “Sales”",
    }


def test_members_that_came_and_went_are_counted_and_named(scim):
    ada, bo = scim.user("ada@x.com"), scim.user("bo@x.com")
    group = scim.group("GK", ada["id"])
    scim.put(f"/Groups/{group['id']}", {"displayName": "GK", "members": [{"value": bo["id"]}]})

    assert logged()[-1].changed == [
        {"code": "members_added", "count": 1, "ids": [bo["id"]]},
        {"code": "members_removed", "count": 1, "ids": [ada["id"]]},
    ]
    assert logged()[-1].group_label == "GK"


def test_a_successful_read_and_a_write_of_nothing_new_are_no_entries(scim):
    user = scim.user("ada@x.com")
    group = scim.group("GK", user["id"])
    before = len(logged())
    scim.get("/Users")
    scim.get(f"/Users/{user['id']}")
    scim.post("/Users/.search", {})
    scim.patch(f"/Users/{user['id']}", {"op": "replace", "path": "active", "value": "True"})
    scim.patch(f"/Groups/{group['id']}", {"op": "add", "path": "members", "value": [{"value": user["id"]}]})

    assert len(logged()) == before


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/Users?filter=nonsense", None, 400),
        ("GET", "/Users/11111111-1111-4111-8111-111111111111", None, 404),
        ("POST", "/Users", {"displayName": "nobody"}, 400),
        ("POST", "/Users", "{", 400),
        ("DELETE", "/Users", None, 405),
        ("PATCH", "/Users/11111111-1111-4111-8111-111111111111", {"Operations": []}, 404),
    ],
)
def test_whatever_fails_is_an_entry_with_the_reason(scim, method, path, body, status):
    answer = scim.request(method, path, body)

    (entry,) = logged()
    assert (entry.method, entry.status, entry.outcome, entry.key_name) == (method, status, "refused", "Entra")
    assert entry.detail == answer.json()["detail"]
    assert entry.request_id == answer["X-Request-ID"]


def test_a_refusal_survives_the_rollback_of_what_it_refused(scim):
    ada = scim.user("ada@x.com")
    group = scim.group("GK")
    unknown = "11111111-1111-4111-8111-111111111111"
    answer = scim.patch(
        f"/Groups/{group['id']}",
        {"op": "replace", "path": "displayName", "value": "Renamed"},
        {"op": "add", "path": "members", "value": [{"value": ada["id"]}, {"value": unknown}]},
    )

    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidValue")
    assert unknown in answer.json()["detail"]
    assert scim.get(f"/Groups/{group['id']}").json()["displayName"] == "GK"
    assert scim.members(group["id"]) == set()
    assert (logged()[-1].outcome, str(logged()[-1].group_id)) == ("refused", group["id"])
    assert not AuditEntry.objects.filter(object_label="Renamed").exists()


def test_a_request_without_a_valid_key_is_an_entry_without_a_key(scim):
    scim.client.get("/scim/v2/Users", HTTP_AUTHORIZATION="Bearer wrong")

    (entry,) = logged()
    assert (entry.status, entry.key_id, entry.key_name) == (401, "", "")


def test_a_request_is_kept_shortened(scim):
    ids = [{"value": scim.user(f"u{number}@x.com")["id"]} for number in range(3)]
    scim.post("/Groups", {"displayName": "Big", "members": ids * 100, "description": "x" * 9000})

    kept = logged()[-1].request
    assert kept["members"][-1] == "… and 200 more"
    assert len(kept["description"]) < 2100


def test_the_audit_trail_names_the_key_and_the_request(scim):
    scim.user("ada@x.com")

    entry = AuditEntry.objects.get(event="user.created")
    assert (entry.actor_kind, entry.actor_name, entry.channel) == ("scim_key", "Entra", "scim")
    assert entry.request_id == logged()[-1].request_id


def test_what_is_ignored_is_named_once_an_hour_where_nothing_changes(transactional_key, monkeypatch):
    """Each name that is ignored is in the log, also of requests that change nothing and are repeated all day."""
    scim = ScimClient(transactional_key)
    user = scim.user("ada@x.com", title="T")
    address = f"/Users/{user['id']}"

    def ignored(*names):
        before = ProvisioningEntry.objects.count()
        value = {"title": "T", **dict.fromkeys(names, 1)}
        assert scim.patch(address, {"op": "replace", "value": value}).status_code == 200
        new = list(ProvisioningEntry.objects.order_by("id")[before:])
        return [(each.outcome, each.ignored, each.changed) for each in new]

    assert ignored() == []
    assert ignored("shoeSize") == [("unchanged", ["shoeSize"], None)]
    assert ignored("shoeSize") == []
    assert ignored("shoeSize", "hatSize") == [("unchanged", ["hatSize", "shoeSize"], None)]
    assert ignored("hatSize") == []
    monkeypatch.setattr("scim.request_log.ignored_only.AGAIN_AFTER", 0.0)
    assert ignored("hatSize") == [("unchanged", ["hatSize"], None)]
