"""What holds whatever is sent: one primary, nothing twice, no more taken than named, and the log shows it."""

from typing import Any

import pytest

from gatekeeper.audit.models import ProvisioningEntry
from gatekeeper.directory.models import User
from scim.protocol.schemas import CORE_GROUP, CORE_USER, ENTERPRISE_USER
from tests.scim.sending import HOME, WAYS, WORK, op, refusal, sent, stored

ENT = ENTERPRISE_USER


@pytest.mark.parametrize("way", WAYS)
def test_the_same_value_is_stored_once_by_every_way_in(scim, way):
    """RFC 7643 §2.4: value and type are unique together."""
    address = {"type": "work", "locality": "Cardiff"}
    sent(scim, way, "emails", [WORK, {"type": "WORK", "value": "W@x", "display": "d"}, HOME, WORK])
    user_id = stored(scim)["id"]
    assert [each["value"].lower() for each in stored(scim)["emails"]] == ["w@x", "h@x"]

    for name in ("add", "add", "replace"):
        scim.patch(f"/Users/{user_id}", op(name, "addresses", [address, {**address, "primary": True}]))
    assert stored(scim)["addresses"] == [{**address, "primary": True}]


def test_two_elements_that_become_the_same_are_one(scim, ada):
    """RFC 7643 §2.4."""
    same = scim.patch(f"/Users/{ada['id']}", op("replace", "emails.value", "x@x"), op("replace", "emails.type", "work"))

    assert same.json()["emails"] == [{"type": "work", "value": "x@x"}]


PRIMARY_AFTER: dict[str, tuple[list[dict[str, Any]], list[bool]]] = {
    "without a filter the first": ([op("replace", "emails.primary", True)], [True, False]),
    "without a filter the one that is it": (
        [op("replace", 'emails[type eq "home"].primary', True), op("add", "emails.primary", "True")],
        [False, True],
    ),
    "by a filter that selects all": ([op("add", "emails[value pr].primary", True)], [True, False]),
    "the last operation": (
        [op("add", 'emails[type eq "work"].primary', True), op("add", 'emails[type eq "home"].primary', True)],
        [False, True],
    ),
    "an element that is added": ([op("add", "emails", [{**HOME, "primary": True}])], [False, True]),
    "in one list the first": (
        [op("replace", "emails", [{**HOME, "primary": True}, {**WORK, "primary": True}])],
        [True, False],
    ),
    "without a path": ([op("replace", value={"emails.primary": True})], [True, False]),
    "the same twice": ([op("replace", "emails", [{**WORK, "primary": True}] * 2 + [HOME])], [True, False]),
}


@pytest.mark.parametrize("case", PRIMARY_AFTER.values(), ids=PRIMARY_AFTER.keys())
def test_one_element_is_primary_however_it_is_said(scim, ada, case):
    """RFC 7643 §2.4."""
    operations, wanted = case
    emails = scim.patch(f"/Users/{ada['id']}", *operations).json()["emails"]

    assert [each.get("primary", False) for each in emails] == wanted


@pytest.mark.parametrize(
    "operation",
    [
        op("replace", 'emails[value eq "old"].value', "new"),
        op("add", 'emails[value eq "old"].value', "new"),
        op("replace", 'emails[type eq "other"]', {"type": "work", "value": "n@x"}),
        op("add", 'emails[type eq "other" and primary eq true]', {"primary": False, "value": "n@x"}),
        op("replace", value={'emails[value eq "old"].value': "new"}),
        op("replace", 'emails[type co "other"].value', "x"),
        op("replace", 'emails[type eq ""].value', "x"),
        op("replace", 'emails[type eq "a" and type eq "b"].value', "x"),
        op("replace", f'{ENT}:manager[value eq "m"].value', "n"),
        op("replace", 'name[givenName eq "G"].familyName', "F"),
    ],
)
def test_what_the_filter_could_not_find_is_not_created(scim, ada, operation):
    """RFC 7644 §3.5.2.3: noTarget."""
    answer = scim.patch(f"/Users/{ada['id']}", operation)

    assert refusal(answer)[:2] == (400, "noTarget")
    assert scim.get(f"/Users/{ada['id']}").json() == ada


@pytest.mark.parametrize("value", [[{"value": ""}], [{"value": None, "type": ""}], [{"value": []}]])
def test_an_element_whose_values_are_stated_as_empty_is_empty_and_not_unreadable(scim, ada, value):
    """RFC 7643 §2.5."""
    address = f"/Users/{ada['id']}"
    added = scim.patch(address, op("add", "emails", value))
    assert (added.status_code, added.json()) == (200, ada)

    kept = scim.patch(address, op("replace", "emails", [*value, WORK]))
    assert kept.json()["emails"] == [WORK]
    assert "emails" not in scim.patch(address, op("replace", "emails", value)).json()
    assert scim.put(address, {"userName": "ada@x.com", "emails": value}).status_code == 200
    assert scim.post("/Users", {"userName": "new@x.com", "emails": value}).status_code == 201


@pytest.mark.parametrize(
    "value",
    [
        [WORK, {"valu": "x"}],
        [WORK, {"value": {"a": 1}}],
        [WORK, {"value": ["a", "b"]}],
        [WORK, True],
        [WORK, [HOME]],
        [WORK, {"value": "x", "primary": "perhaps"}],
        [WORK, {"value": "x", "primary": 1}],
    ],
)
@pytest.mark.parametrize("way", WAYS)
def test_an_unreadable_element_is_named_and_takes_nothing_with_it(scim, way, value):
    """RFC 7644 §3.12: invalidValue."""
    status, scim_type, detail = refusal(sent(scim, way, "emails", value))

    assert (status, scim_type) == (400, "invalidValue")
    assert detail.startswith("emails[1]")
    assert "emails" not in stored(scim)


@pytest.mark.parametrize(
    "element", [{"display": "x"}, {"value": ""}, {"value": None}, {}, None, "", [], ["x"], True, {"$ref": ""}]
)
def test_a_member_that_names_nobody_is_named_and_nobody_comes_or_goes(scim, ada, element):
    """RFC 7644 §3.12: invalidValue."""
    group = scim.group("GK", ada["id"], scim.user("bo@x.com")["id"])
    address, value = f"/Groups/{group['id']}", [{"value": ada["id"]}, element]
    before = scim.get(address).json()
    for answer in (
        *(scim.patch(address, op(name, "members", value)) for name in ("add", "replace", "remove")),
        *(scim.patch(address, op(name, value={"members": value})) for name in ("add", "replace")),
        scim.put(address, {"displayName": "GK", "members": value}),
        scim.post("/Groups", {"displayName": "New", "members": value}),
    ):
        assert refusal(answer)[:2] == (400, "invalidValue")
        assert "members[1]" in refusal(answer)[2]
    assert scim.get(address).json() == before


@pytest.mark.parametrize(
    ("operation", "left"),
    [
        (op("remove", 'emails[type eq "home"].type'), [WORK, {"value": "h@x"}]),
        (op("remove", 'emails[type eq "home"].value', "whatever"), [WORK, {"type": "home"}]),
        (op("remove", 'emails[type eq "home"].display'), [WORK, HOME]),
        (op("remove", "emails.type"), [{"value": "w@x"}, {"value": "h@x"}]),
        (op("remove", "emails", "h@x"), [WORK]),
        (op("remove", "emails", ["nobody@x"]), [WORK, HOME]),
        ({"op": "remove", "path": "emails", "value": ""}, [WORK, HOME]),
        ({"op": "remove", "path": "emails", "value": []}, [WORK, HOME]),
        ({"op": "remove", "path": "emails", "value": {}}, [WORK, HOME]),
        ({"op": "remove", "path": "emails", "value": None}, None),
    ],
)
def test_a_remove_takes_what_it_names_and_no_more(scim, ada, operation, left):
    """RFC 7644 §3.5.2.2."""
    assert scim.patch(f"/Users/{ada['id']}", operation).json().get("emails") == left


@pytest.mark.parametrize("name", ["add", "replace", "remove"])
@pytest.mark.parametrize("path", ["schemas", "SCHEMAS", f"{CORE_USER}:schemas"])
def test_schemas_as_a_path_is_accepted_and_says_nothing(scim, ada, name, path):
    """RFC 7643 §3: schemas follow from the attributes."""
    answer = scim.patch(f"/Users/{ada['id']}", op(name, path, [ENT]), op("add", "nickName", "N"))

    assert (answer.status_code, answer.json()["nickName"], answer.json()["schemas"]) == (200, "N", [CORE_USER])
    group = scim.group("GK")
    assert scim.patch(f"/Groups/{group['id']}", op(name, path.replace("User", "Group"), [])).status_code == 204


@pytest.mark.parametrize(
    "path", ["id", "meta", "meta.version", "groups", f"{CORE_USER}:id", f"{ENT}:manager.displayName"]
)
def test_what_only_the_server_sets_stays_refused_as_a_path(scim, ada, path):
    """RFC 7644 §3.12: mutability."""
    for name in ("add", "replace", "remove"):
        assert refusal(scim.patch(f"/Users/{ada['id']}", op(name, path, "x")))[:2] == (400, "mutability")


@pytest.mark.parametrize("urn", [CORE_USER, CORE_USER.upper()])
@pytest.mark.parametrize("wrap", [lambda value: value, lambda value: [value]])
def test_the_core_urn_holds_core_attributes(scim, ada, urn, wrap):
    """RFC 7644 §3.10."""
    stated = {"title": "N", "name.givenName": "G", 'emails[type eq "home"].value': "n@x", "id": "x", "shoeSize": 7}
    address = f"/Users/{ada['id']}"
    for operation in (op("replace", value={urn: wrap(stated)}), op("add", urn, wrap(stated))):
        found = scim.patch(address, operation).json()
        assert (found["title"], found["name"], found["emails"][1]["value"]) == ("N", {"givenName": "G"}, "n@x")
    assert scim.put(address, {urn: wrap({"userName": "n@x.com"})}).json()["userName"] == "n@x.com"
    assert scim.post("/Users", {urn: wrap({"userName": "new@x.com", "active": False})}).json()["active"] is False
    for wrong in ("x", 7, [{}, {}]):
        assert refusal(scim.patch(address, op("replace", urn, wrong)))[:2] == (400, "invalidValue")
    assert refusal(scim.patch(address, op("remove", urn)))[:2] == (400, "mutability")


def test_the_core_urn_of_groups_holds_their_attributes(scim, ada):
    """RFC 7644 §3.10."""
    made = scim.post("/Groups", {CORE_GROUP: {"displayName": "GK", "members": [{"value": ada["id"]}]}}).json()

    assert (made["displayName"], [each["value"] for each in made["members"]]) == ("GK", [ada["id"]])
    scim.patch(f"/Groups/{made['id']}", op("replace", CORE_GROUP, {"displayName": "GK 2", "members": []}))
    assert scim.get(f"/Groups/{made['id']}").json()["displayName"] == "GK 2"
    assert scim.members(made["id"]) == set()


@pytest.mark.parametrize(
    ("emails", "chosen"),
    [
        ([WORK, {"type": "work", "value": "second@x", "primary": True}], "second@x"),
        ([{**HOME, "primary": True}, WORK], "w@x"),
        ([HOME, {"type": "other", "value": "p@x", "primary": True}], "p@x"),
        ([HOME, {"type": "other", "value": "o@x"}], "h@x"),
    ],
)
def test_the_sign_in_email_is_chosen_in_one_order(scim, emails, chosen):
    user = scim.user("ada@x.com", emails=emails)

    assert User.objects.get(pk=user["id"]).work_email == chosen


READ_AS_ALL: dict[str, Any] = {
    "remove": op("remove", "members"),
    "remove null": {"op": "remove", "path": "members", "value": None},
    "replace []": op("replace", "members", []),
    "no path": op("replace", value={"members": []}),
    "by a selection of all": op("remove", 'members[type eq "User"]'),
    "PUT": {"displayName": "GK"},
}


@pytest.mark.parametrize("asked", READ_AS_ALL.values(), ids=READ_AS_ALL.keys())
def test_the_log_warns_when_a_request_was_read_as_remove_all(scim, ada, asked):
    group = scim.group("GK", ada["id"], scim.user("bo@x.com")["id"])
    if "op" in asked:
        scim.patch(f"/Groups/{group['id']}", asked)
    else:
        scim.put(f"/Groups/{group['id']}", asked)

    entry = ProvisioningEntry.objects.latest("id")
    assert entry.warnings == [{"code": "removed_all", "attribute": "members", "count": 2}]
    assert (entry.changed[0]["code"], entry.changed[0]["count"]) == ("members_removed", 2)


def test_the_log_warns_of_emptied_attributes_and_of_nothing_that_was_named(scim, ada):
    address = f"/Users/{ada['id']}"
    group = scim.group("GK", ada["id"])
    scim.patch(address, op("remove", "emails", [WORK]))
    scim.patch(f"/Groups/{group['id']}", op("remove", "members", [ada["id"]]))
    scim.patch(address, op("remove", "title"), op("remove", "photos"))
    assert not ProvisioningEntry.objects.exclude(warnings=None).exists()

    scim.put(address, {"userName": "ada@x.com"})
    (entry,) = ProvisioningEntry.objects.exclude(warnings=None)
    assert entry.warnings == [{"code": "removed_all", "attribute": "emails", "count": 1}]
