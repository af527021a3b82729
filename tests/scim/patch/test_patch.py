"""The matrix of RFC 7644 §3.5.2: op × shape of the path × kind of attribute, and the lenient forms. No database."""

import pytest

from scim.patch.parser import read_patch
from scim.protocol.addresses import scim_url
from scim.protocol.errors import InvalidFilter, InvalidPath, InvalidSyntax, InvalidValue, Mutability, NoTarget, TooLarge
from scim.protocol.limits import MAX_OPERATIONS
from scim.protocol.schemas import ENTERPRISE_USER, GROUP, USER
from tests.scim.sending import op

ENT = ENTERPRISE_USER
WORK = {"type": "work", "value": "w@x"}
HOME = {"type": "home", "value": "h@x"}


def patched(profile, *operations):
    return read_patch(USER, {"Operations": list(operations)}).edited(profile)


CASES = {
    "add single": ({}, op("add", "title", "Head"), {"title": "Head"}),
    "add single that is there": ({"title": "A"}, op("add", "title", "B"), {"title": "B"}),
    "replace single that is absent": ({}, op("replace", "title", "B"), {"title": "B"}),
    "remove single": ({"title": "A"}, op("remove", "title"), {}),
    "remove absent single": ({}, op("remove", "title"), {}),
    "replace by empty text is remove": ({"title": "A"}, {"op": "replace", "path": "title", "value": ""}, {}),
    "replace by null is remove": ({"title": "A"}, {"op": "replace", "path": "title", "value": None}, {}),
    "add complex merges": (
        {"name": {"givenName": "A"}},
        op("add", "name", {"familyName": "B"}),
        {"name": {"givenName": "A", "familyName": "B"}},
    ),
    "replace complex merges": (
        {"name": {"givenName": "A", "familyName": "X"}},
        op("replace", "name", {"familyName": "B"}),
        {"name": {"givenName": "A", "familyName": "B"}},
    ),
    "replace complex with null sub": (
        {"name": {"givenName": "A", "familyName": "X"}},
        op("replace", "name", {"familyName": None}),
        {"name": {"givenName": "A"}},
    ),
    "remove complex": ({"name": {"givenName": "A"}}, op("remove", "name"), {}),
    "add sub creates parent": ({}, op("add", "name.givenName", "A"), {"name": {"givenName": "A"}}),
    "replace sub": ({"name": {"givenName": "A"}}, op("replace", "name.givenName", "B"), {"name": {"givenName": "B"}}),
    "remove last sub drops parent": ({"name": {"givenName": "A"}}, op("remove", "name.givenName"), {}),
    "add to list appends": ({"emails": [WORK]}, op("add", "emails", [HOME]), {"emails": [WORK, HOME]}),
    "add one object to list": ({"emails": [WORK]}, op("add", "emails", HOME), {"emails": [WORK, HOME]}),
    "add what is there": (
        {"emails": [WORK]},
        op("add", "emails", [{"type": "WORK", "value": "W@x"}]),
        {"emails": [{"type": "WORK", "value": "W@x"}]},
    ),
    "replace list": ({"emails": [WORK]}, op("replace", "emails", [HOME]), {"emails": [HOME]}),
    "replace list by empty": ({"emails": [WORK]}, {"op": "replace", "path": "emails", "value": []}, {}),
    "remove list": ({"emails": [WORK, HOME]}, op("remove", "emails"), {}),
    "remove listed values": ({"emails": [WORK, HOME]}, op("remove", "emails", [{"value": "W@x"}]), {"emails": [HOME]}),
    "add to selected merges": (
        {"emails": [WORK, HOME]},
        op("add", 'emails[type eq "work"]', {"display": "d"}),
        {"emails": [{**WORK, "display": "d"}, HOME]},
    ),
    "replace selected merges": (
        {"emails": [WORK]},
        op("replace", 'emails[type eq "work"]', {"value": "n@x"}),
        {"emails": [{"type": "work", "value": "n@x"}]},
    ),
    "add selected creates": (
        {},
        op("add", 'emails[type eq "work"]', {"value": "n@x"}),
        {"emails": [{"type": "work", "value": "n@x"}]},
    ),
    "remove selected": ({"emails": [WORK, HOME]}, op("remove", 'emails[type eq "work"]'), {"emails": [HOME]}),
    "remove the last selected": ({"emails": [WORK]}, op("remove", 'emails[value ew "@x"]'), {}),
    "remove selected none": ({"emails": [WORK]}, op("remove", 'emails[type eq "other"]'), {"emails": [WORK]}),
    "replace selected sub": (
        {"emails": [WORK, HOME]},
        op("replace", 'emails[type eq "home"].value', "n@x"),
        {"emails": [WORK, {"type": "home", "value": "n@x"}]},
    ),
    "replace selected sub creates": (
        {"emails": [WORK]},
        op("replace", 'emails[type eq "home"].value', "n@x"),
        {"emails": [WORK, {"type": "home", "value": "n@x"}]},
    ),
    "create from two terms": (
        {},
        op("replace", 'emails[type eq "work" and primary eq true].value', "n@x"),
        {"emails": [{"type": "work", "primary": True, "value": "n@x"}]},
    ),
    "primary as text": (
        {},
        op("add", 'roles[primary eq "True"].value', "r"),
        {"roles": [{"primary": True, "value": "r"}]},
    ),
    "remove selected sub": (
        {"emails": [{**WORK, "display": "d"}]},
        op("remove", 'emails[type eq "work"].display'),
        {"emails": [WORK]},
    ),
    "sub of every element": (
        {"emails": [WORK, HOME]},
        op("replace", "emails.display", "d"),
        {"emails": [{**WORK, "display": "d"}, {**HOME, "display": "d"}]},
    ),
    "sub of no element creates one": ({}, op("add", "emails.value", "n@x"), {"emails": [{"value": "n@x"}]}),
    "extension attribute": ({}, op("add", f"{ENT}:department", "Legal"), {ENT: {"department": "Legal"}}),
    "urn in any case": ({}, op("add", f"{ENT.upper()}:DEPARTMENT", "Legal"), {ENT: {"department": "Legal"}}),
    "last extension attribute drops it": ({ENT: {"department": "L"}}, op("remove", f"{ENT}:department"), {}),
    "whole extension": ({ENT: {"department": "L"}}, op("remove", ENT), {}),
    "extension by urn path": (
        {ENT: {"department": "L"}},
        op("replace", ENT, {"division": "D"}),
        {ENT: {"department": "L", "division": "D"}},
    ),
    "extension sub": ({}, op("add", f"{ENT}:manager.value", "m"), {ENT: {"manager": {"value": "m"}}}),
    "another manager is another person": (
        {ENT: {"manager": {"value": "a", "$ref": "r"}}},
        op("replace", f"{ENT}:manager", {"value": "b"}),
        {ENT: {"manager": {"value": "b"}}},
    ),
    "core urn is stripped": ({}, op("add", "urn:ietf:params:scim:schemas:core:2.0:User:title", "T"), {"title": "T"}),
    "path-less nested": (
        {"name": {"givenName": "A"}},
        op("replace", value={"name": {"familyName": "B"}}),
        {"name": {"givenName": "A", "familyName": "B"}},
    ),
    "path-less dotted": (
        {"name": {"givenName": "A"}},
        op("replace", value={"name.familyName": "B"}),
        {"name": {"givenName": "A", "familyName": "B"}},
    ),
    "path-less urn key": ({}, op("add", value={f"{ENT}:department": "L"}), {ENT: {"department": "L"}}),
    "path-less extension object": (
        {ENT: {"division": "D"}},
        op("replace", value={ENT: {"department": "L"}}),
        {ENT: {"division": "D", "department": "L"}},
    ),
    "path-less value path key": (
        {},
        op("replace", value={'emails[type eq "work"].value': "n@x"}),
        {"emails": [{"type": "work", "value": "n@x"}]},
    ),
    "path-less add appends": ({"emails": [WORK]}, op("add", value={"emails": [HOME]}), {"emails": [WORK, HOME]}),
    "path-less replace of a list": ({"emails": [WORK]}, op("replace", value={"emails": [HOME]}), {"emails": [HOME]}),
    "path-less server keys": ({}, op("replace", value={"id": "x", "meta": {}, "groups": [], "schemas": []}), {}),
    "op in capitals": ({}, op("ADD", "title", "T"), {"title": "T"}),
    "list of one for a single value": ({}, op("add", "title", ["T"]), {"title": "T"}),
    "object for a single value": ({}, op("add", "title", {"value": "T"}), {"title": "T"}),
    "number for a text": ({}, op("add", f"{ENT}:employeeNumber", 417), {ENT: {"employeeNumber": "417"}}),
    "boolean as text": ({}, op("replace", "active", "fAlSe"), {"active": False}),
    "name in any case": ({}, op("add", "NICKNAME", "N"), {"nickName": "N"}),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_one_operation_does_what_the_matrix_says(case):
    """RFC 7644 §3.5.2.1, §3.5.2.2, §3.5.2.3."""
    before, operation, after = case

    assert patched(before, operation) == after


def test_operations_see_the_result_of_the_former():
    """RFC 7644 §3.5.2: operations are applied in order."""
    operations = [op("remove", "externalId"), op("add", "externalId", "b"), op("replace", "externalId", "c")]

    assert patched({"externalId": "a"}, *operations) == {"externalId": "c"}


def test_the_profile_that_is_edited_stays_as_it_was():
    profile = {"emails": [dict(WORK)], "name": {"givenName": "A"}}

    patched(profile, op("replace", 'emails[type eq "work"].value', "n@x"), op("remove", "name"))

    assert profile == {"emails": [WORK], "name": {"givenName": "A"}}


def test_a_new_primary_takes_the_place_of_the_old_one():
    """RFC 7643 §2.4, RFC 7644 §3.5.2."""
    profile = {"emails": [{**WORK, "primary": True}, HOME]}

    edited = patched(profile, op("replace", 'emails[type eq "home"].primary', True))

    assert edited == {"emails": [{**WORK, "primary": False}, {**HOME, "primary": True}]}


def test_of_two_primaries_in_one_request_the_first_stays():
    """RFC 7643 §2.4."""
    edited = patched({}, op("add", "emails", [{**WORK, "primary": True}, {**HOME, "primary": True}]))

    assert [each["primary"] for each in edited["emails"]] == [True, False]


REFUSED = {
    "no path to remove": (op("remove"), NoTarget),
    "unknown op": (op("move", "title", "x"), InvalidSyntax),
    "op missing": ({"path": "title", "value": "x"}, InvalidSyntax),
    "operation is no object": ("add", InvalidSyntax),
    "unknown attribute": (op("add", "shoeSize", "43"), InvalidPath),
    "unknown attribute with core urn": (op("add", "urn:ietf:params:scim:schemas:core:2.0:User:role", "x"), InvalidPath),
    "unknown sub": (op("add", "name.nick", "x"), InvalidPath),
    "unknown urn": (op("add", "urn:example:2.0:User:x", "x"), InvalidPath),
    "python's insides": (op("replace", "__class__.__init__", "x"), InvalidPath),
    "orm look-up": (op("replace", "user__is_superuser", "x"), InvalidPath),
    "broken path": (op("add", 'emails[type eq "work"', "x"), InvalidPath),
    "path that is no text": ({"op": "add", "path": 7, "value": "x"}, InvalidPath),
    "selection of a simple attribute": (op("add", 'title[value eq "x"]', "x"), InvalidPath),
    "read-only": (op("replace", "groups", []), Mutability),
    "read-only id": (op("replace", "id", "x"), Mutability),
    "read-only meta": (op("replace", "meta.created", "x"), Mutability),
    "read-only sub": (op("replace", f"{ENT}:manager.displayName", "x"), Mutability),
    "required removed": (op("remove", "userName"), Mutability),
    "required emptied": ({"op": "replace", "path": "userName", "value": ""}, InvalidValue),
    "active removed": (op("remove", "active"), Mutability),
    "active unreadable": (op("replace", "active", "maybe"), InvalidValue),
    "active emptied": ({"op": "replace", "path": "active", "value": None}, InvalidValue),
    "add without value": (op("add", "title"), InvalidValue),
    "object for a text": (op("add", "title", {"a": 1}), InvalidValue),
    "two for one": (op("add", "title", ["a", "b"]), InvalidValue),
    "text for an object": (op("add", "name", "Ada"), InvalidValue),
    "selection by unknown sub": (op("replace", 'emails[kind eq "work"].value', "x"), InvalidFilter),
    "selection that can't compare": (op("replace", "emails[primary gt true].value", "x"), InvalidFilter),
    "value that is no object": (op("replace", value="x"), InvalidSyntax),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_understood_is_refused(case):
    """RFC 7644 §3.12, table 9."""
    operation, problem = case

    with pytest.raises(problem):
        patched({}, operation)


@pytest.mark.parametrize(
    "selection", ['type co "work"', 'not (type eq "work")', 'type eq "a" or type eq "b"', "type pr"]
)
def test_an_element_is_created_for_plain_equality_only(selection):
    """RFC 7644 §3.5.2.3: noTarget, unless the element follows from the filter."""
    with pytest.raises(NoTarget):
        patched({}, op("replace", f"emails[{selection}].value", "x"))


def test_unknown_keys_without_a_path_are_ignored_and_named():
    """RFC 7644 §3.5.2.1."""
    patch = read_patch(USER, {"Operations": [op("replace", value={"shoeSize": 1, "urn:x:y": {}, "title": "T"})]})

    assert patch.edited({}) == {"title": "T"}
    assert patch.ignored == ["shoeSize", "urn:x:y"]


def test_a_password_is_dropped_and_named_with_and_without_a_path():
    """RFC 7643 §4.1.1."""
    patch = read_patch(USER, {"Operations": [op("replace", "password", "x"), op("replace", value={"password": "x"})]})

    assert patch.edited({}) == {}
    assert patch.ignored == ["password", "password"]


def test_too_many_operations_are_refused():
    """RFC 9110 §15.5.14."""
    with pytest.raises(TooLarge):
        patched({}, *[op("add", "title", "x")] * (MAX_OPERATIONS + 1))


def test_no_list_of_operations_is_a_mistake_and_an_empty_one_changes_nothing():
    """RFC 7644 §3.5.2."""
    with pytest.raises(InvalidSyntax):
        read_patch(USER, {})
    assert patched({"title": "T"}) == {"title": "T"}


ONE, TWO = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


def members(*operations):
    change = read_patch(GROUP, {"Operations": list(operations)}).members
    return {str(each) for each in change.applied_to([])} if change.base is not None else change


def ids(values):
    return {str(each) for each in values}


@pytest.mark.parametrize(
    "value", [[{"$ref": None, "value": ONE}], {"value": ONE}, ONE, [ONE], [{"$ref": scim_url(f"/Users/{ONE}")}]]
)
def test_members_are_added_in_every_form(value):
    """RFC 7643 §4.2, RFC 7644 §3.5.2.1."""
    assert ids(members(op("Add", "members", value)).add) == {ONE}


def test_remove_with_a_value_list_means_those_only():
    """RFC 7644 §3.5.2.2, as Entra means it."""
    change = members(op("Remove", "members", [{"$ref": None, "value": ONE}]))

    assert change.base is None
    assert ids(change.remove) == {ONE}


def test_remove_with_an_empty_value_list_removes_nobody():
    """RFC 7644 §3.5.2.2."""
    assert not members({"op": "remove", "path": "members", "value": []})


def test_remove_without_a_value_empties_the_group():
    """RFC 7644 §3.5.2.2."""
    assert members(op("remove", "members")) == set()


@pytest.mark.parametrize(
    ("selection", "removed"),
    [
        (f'value eq "{ONE}"', {ONE}),
        (f'value eq "{ONE}" or value eq "{TWO}"', {ONE, TWO}),
        (f'type eq "User" and value eq "{ONE}"', {ONE}),
        (f'type eq "Group" and value eq "{ONE}"', set()),
        ('value eq "no-id"', set()),
    ],
)
def test_a_selection_removes_whom_it_names(selection, removed):
    """RFC 7644 §3.5.2.2."""
    assert ids(members(op("remove", f"members[{selection}]")).remove) == removed


@pytest.mark.parametrize("selection", ['display eq "Ada"', f'not (value eq "{ONE}")', f'value co "{ONE}"'])
def test_a_selection_of_members_that_cannot_be_served_is_refused(selection):
    """RFC 7644 §3.12: invalidFilter."""
    with pytest.raises(InvalidFilter):
        members(op("remove", f"members[{selection}]"))


def test_members_are_changed_in_the_order_of_the_operations():
    """RFC 7644 §3.5.2."""
    change = members(
        op("add", "members", [ONE]), op("remove", f'members[value eq "{ONE}"]'), op("add", "members", [TWO])
    )

    assert (ids(change.add), ids(change.remove)) == ({TWO}, {ONE})
    assert members(op("add", "members", [ONE]), op("replace", "members", [TWO])) == {TWO}
    assert members(op("add", "members", [ONE]), op("remove", "members"), op("add", "members", [TWO])) == {TWO}
    assert ids(members(op("remove", "members", [ONE]), op("add", "members", [ONE])).add) == {ONE}


def test_a_nested_group_is_refused_with_the_reason():
    """RFC 7643 §4.2."""
    with pytest.raises(InvalidValue, match="Nested groups"):
        members(op("add", "members", [{"value": ONE, "type": "Group"}]))
