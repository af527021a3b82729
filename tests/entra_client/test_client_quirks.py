"""The bodies are the ones that Entra sends, to the letter."""

import pytest

from entra_client.directory.attribute_mapping import ENTERPRISE, differences, new_user, target_values, value_at
from entra_client.directory.company import SecurityGroup, make_company
from entra_client.protocol.client_quirks import PATCH_OP, WITH_FLAG, WITHOUT_FLAG, EntraQuirks, quoted

PERSON = make_company(people=3, groups=1, seed=1).people[1]
CHANGES = {
    "displayName": "Ada Obi-Lee",
    "name.familyName": "Obi-Lee",
    'emails[type eq "work"].value': "ada.lee@contoso.com",
    f"{ENTERPRISE}:department": "Procurement",
}


def test_without_the_flag_each_attribute_is_an_operation_of_its_own():
    assert WITHOUT_FLAG.change_user(CHANGES) == {
        "schemas": [PATCH_OP],
        "Operations": [
            {"op": "Replace", "path": "displayName", "value": "Ada Obi-Lee"},
            {"op": "Replace", "path": "name.familyName", "value": "Obi-Lee"},
            {"op": "Add", "path": 'emails[type eq "work"].value', "value": "ada.lee@contoso.com"},
            {"op": "Replace", "path": f"{ENTERPRISE}:department", "value": "Procurement"},
        ],
    }


def test_with_the_flag_single_values_are_merged_into_one_replace_without_a_path():
    assert WITH_FLAG.change_user(CHANGES) == {
        "schemas": [PATCH_OP],
        "Operations": [
            {"op": "replace", "path": 'emails[type eq "work"].value', "value": "ada.lee@contoso.com"},
            {
                "op": "replace",
                "value": {
                    "displayName": "Ada Obi-Lee",
                    "name.familyName": "Obi-Lee",
                    f"{ENTERPRISE}:department": "Procurement",
                },
            },
        ],
    }


@pytest.mark.parametrize(
    ("quirks", "operation"),
    [
        (WITHOUT_FLAG, {"op": "Replace", "path": "active", "value": "False"}),
        (WITH_FLAG, {"op": "replace", "path": "active", "value": False}),
    ],
)
def test_disabling_is_a_string_without_the_flag_and_a_boolean_with_it(
    quirks: EntraQuirks, operation: dict[str, object]
):
    assert quirks.change_user({}, active=False)["Operations"] == [operation]


def test_members_are_removed_by_value_without_the_flag_and_by_path_with_it():
    assert WITHOUT_FLAG.remove_members(["u1"])["Operations"] == [
        {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": "u1"}]}
    ]
    assert WITH_FLAG.remove_members(["u1", "u2"])["Operations"] == [
        {"op": "remove", "path": 'members[value eq "u1"]'},
        {"op": "remove", "path": 'members[value eq "u2"]'},
    ]


@pytest.mark.parametrize("quirks", [WITHOUT_FLAG, WITH_FLAG])
def test_a_manager_is_written_as_a_bare_string(quirks: EntraQuirks):
    (operation,) = quirks.set_manager("m1")["Operations"]
    assert (operation["path"], operation["value"]) == (f"{ENTERPRISE}:manager", "m1")


@pytest.mark.parametrize("quirks", [WITHOUT_FLAG, WITH_FLAG])
def test_a_group_is_created_without_members_and_with_the_foreign_schema(quirks: EntraQuirks):
    body = quirks.new_group(SecurityGroup(object_id="g", display_name="GK Legal", members=frozenset({"x"})))
    assert "members" not in body
    assert body["schemas"][1].startswith("http://schemas.microsoft.com/")


def test_spaces_in_filters_are_plus_signs_without_the_flag_and_percent_encoded_with_it():
    assert WITHOUT_FLAG.filter('userName eq "a\'b+c@d"') == "userName+eq+%22a%27b%2Bc%40d%22"
    assert WITH_FLAG.filter('displayName eq "GK Legal"') == "displayName%20eq%20%22GK%20Legal%22"


def test_quotes_and_backslashes_in_a_filter_are_escaped():
    assert quoted('a"b\\c') == '"a\\"b\\\\c"'


def test_a_new_user_is_nested_as_scim_wants_it():
    user = new_user(target_values(PERSON))
    assert user["name"]["familyName"] == PERSON.family_name
    assert user["emails"] == [{"type": "work", "primary": True, "value": PERSON.user_name}]
    assert user[ENTERPRISE]["department"] == PERSON.department
    assert user["addresses"][0]["country"] == PERSON.place.country


def test_what_was_written_has_no_differences_and_each_change_is_one():
    user = new_user(target_values(PERSON))
    assert differences(PERSON, user) == {}
    assert differences(PERSON, user | {"title": "Other"}) == {"title": PERSON.title}
    assert set(differences(PERSON, {})) == set(target_values(PERSON))


def test_every_path_of_the_mapping_can_be_read_back():
    user = new_user(target_values(PERSON))
    assert {path: value_at(user, path) for path in target_values(PERSON)} == target_values(PERSON)
