"""The form behind the pencil."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from gatekeeper.directory.access.loaders import access_of, site_facts
from gatekeeper.directory.levels import Level
from gatekeeper.directory.models import IdpGroup
from gatekeeper.directory.permissions import Permission
from tests.builders import make_group, make_team, make_user, map_group
from tests.web.pages import confirmation, text_of

QUERIES_OF_A_SAVE = 41  # 57 while each step loaded the facts of the site


def address(group: IdpGroup | None) -> str:
    if group is None:
        return reverse("web:default_mapping")
    return reverse("web:group_mapping", args=(group.id,))


def test_the_form_offers_every_level_permission_and_team(admin_client: Client) -> None:
    make_team("Finance")

    text = text_of(admin_client.get(address(make_group("GK Finance", [make_user()]))))

    assert 'role="radiogroup"' in text
    for label in (*(level.label for level in Level), *(permission.label for permission in Permission), "Finance"):
        assert f">{label}</label>" in text
    assert text.count("Has effect only with Global Administrator.") == 2


def test_saving_reaches_the_members_at_once_and_says_how_many(admin_client: Client) -> None:
    user, finance = make_user(), make_team("Finance")
    group = make_group("GK Finance", [user])

    answer = admin_client.post(
        address(group),
        {"level": "global_collaborator", "permissions": ["reports", "sensitive_data"], "teams": [str(finance.id)]},
        follow=True,
    )

    assert (
        "GK Finance is now Global Collaborator with Reports, Sensitive Data, team Finance. "
        "It applies to 1 person from this moment." in text_of(answer)
    )
    access = access_of(user)
    assert access.level is Level.GLOBAL_COLLABORATOR
    assert access.permissions == {Permission.REPORTS, Permission.SENSITIVE_DATA}
    assert set(access.teams.values()) == {"Finance"}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"level": "emperor"}, "There is no level emperor"),
        ({}, "There is no level"),
        ({"level": "administrator", "permissions": ["fly"]}, "There is no permission fly"),
        ({"level": "administrator", "teams": ["x"]}, "Choose among the teams"),
        ({"level": "administrator", "teams": ["4b1d5f1e-0000-4000-8000-000000000000"]}, "There is no team"),
    ],
)
def test_nonsense_is_refused_in_words_and_changes_nothing(
    admin_client: Client, data: dict[str, Any], words: str
) -> None:
    group = make_group("GK Finance", [make_user()])

    answer = admin_client.post(address(group), data)

    assert answer.status_code == 422
    assert words in text_of(answer)
    assert not site_facts().mappings


def test_an_administrator_level_in_the_default_mapping_is_asked_twice(admin_client: Client) -> None:
    asked = admin_client.post(address(None), {"level": "administrator"})

    assert asked.status_code == 422
    assert "Do you mean it?" in text_of(asked)
    assert site_facts().default_mapping.level is not Level.ADMINISTRATOR

    admin_client.post(address(None), {"level": "administrator", "confirmed": confirmation(asked)})

    assert site_facts().default_mapping.level is Level.ADMINISTRATOR


def test_a_group_goes_back_to_the_default_mapping(admin_client: Client) -> None:
    group = make_group("GK Finance", [make_user()])
    map_group(group, "administrator")
    assert "Reset to default mapping" in text_of(admin_client.get(address(group)))

    answer = admin_client.post(reverse("web:reset_mapping", args=(group.id,)), follow=True)

    assert "GK Finance uses the Default Mapping again." in text_of(answer)
    assert not site_facts().mappings
    assert "Reset to default mapping" not in text_of(admin_client.get(address(group)))


def test_names_are_shown_as_text_whatever_they_contain(admin_client: Client) -> None:
    group = make_group("<script>alert(1)</script>", [make_user(display_name="<b>Ada</b>")])

    for page in (address(group), "/settings/configuration/scim/", f"/settings/configuration/scim/groups/{group.id}/"):
        source = admin_client.get(page).content.decode()
        assert "<script>alert" not in source
        assert "<b>Ada" not in source


def test_a_save_reads_the_facts_of_the_site_a_single_time(admin_client: Client) -> None:
    """Besides, the session's own access is derived, once per request; everything else is derived from the two."""
    group = make_group("GK Finance", [make_user()])

    with CaptureQueriesContext(connection) as counted:
        answer = admin_client.post(address(group), {"level": "administrator", "permissions": ["reports"]})

    assert answer.status_code == 302
    domains = [query for query in counted if '"directory_providerdomain"' in query["sql"]]
    assert len(domains) == 2, "only site_facts() reads which domains the connections state"
    assert len(counted) <= QUERIES_OF_A_SAVE
