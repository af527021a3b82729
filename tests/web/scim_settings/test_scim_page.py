"""Settings > Configuration > SCIM: the words of the contract, and what the controls do."""

from django.test import Client

from tests.builders import make_group, make_user, make_users, map_group, remove_members
from tests.web.pages import queries_of, text_of

PAGE = "/settings/configuration/scim/"
JSON = {"accept": "application/json"}


def test_the_page_has_the_words_that_the_help_page_names(admin_client: Client) -> None:
    text = text_of(admin_client.get(PAGE))

    for words in (
        "System for Cross-domain Identity Management (SCIM)",
        "Select Fallback Team",
        "Base URL",
        "Generate API Key",
        "IdP groups",
        "Default Mapping",
        "Edit mapping of Default Mapping",
    ):
        assert words in text
    assert "http://testserver/scim/v2" in text


def test_a_group_appears_once_it_has_had_a_user_and_stays_when_it_is_empty_again(admin_client: Client) -> None:
    user = make_user()
    make_group("GK Never")
    once = make_group("GK Once", [user])
    remove_members(once, user)

    text = text_of(admin_client.get(PAGE))

    assert "Edit mapping of GK Once" in text
    assert "GK Never" not in text


def test_a_group_says_default_until_it_has_a_mapping_of_its_own(admin_client: Client) -> None:
    group = make_group("GK Finance", [make_user()])
    assert "still uses the Default Mapping" in text_of(admin_client.get(PAGE))

    map_group(group, "administrator", ["reports"])

    text = text_of(admin_client.get(PAGE))
    assert "still uses the Default Mapping" not in text
    assert "Administrator" in text
    assert "Reports" in text


def test_the_number_of_queries_does_not_grow_with_groups_and_users(admin_client: Client) -> None:
    make_group("GK One", [make_user()])
    few = queries_of(admin_client, PAGE)
    for number in range(12):
        make_group(f"GK {number}", make_users(3))

    assert queries_of(admin_client, PAGE) == few


def test_the_search_finds_a_group_in_any_case(admin_client: Client) -> None:
    for name in ("GK Finance", "GK Legal"):
        make_group(name, [make_user()])

    text = text_of(admin_client.get(PAGE, {"q": "finANCE"}))

    assert "Edit mapping of GK Finance" in text
    assert "GK Legal" not in text
    assert "Edit mapping of Default Mapping" in text
