"""Who may open which page, and what the others are shown."""

from collections.abc import Callable
from uuid import UUID

import pytest
from django.test import Client

from gatekeeper.directory.models import IdpGroup, User
from tests.builders import make_administrator, make_group, make_user, remove_members
from tests.web.pages import text_of

NOBODY = UUID(int=1)  # fixed, so that every test process collects the same names
SETTINGS = [
    "/settings/configuration/",
    "/settings/configuration/scim/",
    "/settings/configuration/scim/default-mapping/",
    f"/settings/configuration/scim/groups/{NOBODY}/mapping/",
    "/settings/configuration/authentication/",
    "/settings/configuration/authentication/new/",
    "/settings/configuration/deprovisioning-limits/",
    "/settings/configuration/teams/",
]
PEOPLE = ["/users/", f"/users/{NOBODY}/", "/groups/", f"/groups/{NOBODY}/"]
LOGS = [
    "/provisioning-log/",
    "/sync-history/",
    "/audit-trail/",
    "/sign-in-attempts/",
    "/token-log/",
    "/sync-history/progress/",
]
CHANGES = [
    "/settings/configuration/scim/fallback-team/",
    "/settings/configuration/scim/last-group-policy/",
    "/settings/configuration/scim/key/generate/",
    "/settings/configuration/scim/key/revoke/",
    f"/settings/configuration/scim/groups/{NOBODY}/mapping/reset/",
    f"/settings/configuration/authentication/{NOBODY}/delete/",
    f"/settings/configuration/authentication/{NOBODY}/refresh/",
    f"/settings/configuration/authentication/{NOBODY}/refresh/confirm/",
    f"/settings/configuration/authentication/{NOBODY}/settings/",
    f"/settings/configuration/authentication/{NOBODY}/pin/",
    f"/settings/configuration/teams/{NOBODY}/delete/",
    "/settings/configuration/deprovisioning-limits/approve/",
    f"/users/{NOBODY}/end-sessions/",
    "/sync-history/run/",
]


@pytest.mark.parametrize("address", [*SETTINGS, *PEOPLE, *LOGS, "/", "/profile/", "/profile/password/"])
def test_signing_in_comes_first_and_leads_back_to_the_page(client: Client, db: None, address: str) -> None:
    answer = client.get(address)

    assert answer.status_code == 302
    assert answer["Location"] == f"/sign-in/?next={address}"


@pytest.mark.parametrize("address", CHANGES)
def test_who_is_not_signed_in_changes_nothing(client: Client, db: None, address: str) -> None:
    assert client.post(address)["Location"].startswith("/sign-in/")


def test_a_person_without_permissions_sees_their_own_profile_only(person_with: Callable[..., Client]) -> None:
    browser = person_with("global_administrator")

    assert "person@example.com" in text_of(browser.get("/profile/"))
    for address in (*SETTINGS, *PEOPLE, *LOGS):
        assert browser.get(address).status_code == 403, address
    for address in CHANGES:
        assert browser.post(address).status_code == 403, address


def test_a_refusal_says_what_the_page_needs(person_with: Callable[..., Client]) -> None:
    text = text_of(person_with("administrator", "configuration").get("/settings/configuration/"))

    assert "Settings need the level Global Administrator together with the Configuration permission." in text


@pytest.mark.parametrize(
    ("level", "permissions", "opened"),
    [
        ("global_administrator", ["users"], PEOPLE),
        ("collaborator", ["history"], LOGS),
        ("administrator", ["users"], []),
    ],
)
def test_a_permission_opens_its_own_pages_and_no_others(
    person_with: Callable[..., Client], level: str, permissions: list[str], opened: list[str]
) -> None:
    browser = person_with(level, *permissions)

    for address in (*SETTINGS, *PEOPLE, *LOGS):
        is_open = browser.get(address).status_code != 403
        assert is_open == (address in opened), address


def test_configuration_beside_global_administrator_opens_everything(person_with: Callable[..., Client]) -> None:
    browser = person_with("global_administrator", "configuration")

    for address in (*SETTINGS, *PEOPLE, *LOGS):
        assert browser.get(address).status_code in (200, 400, 404), address


def test_whoever_loses_access_is_out_with_the_next_request(person_with: Callable[..., Client]) -> None:
    browser = person_with("collaborator")
    user = User.objects.get(user_name="person@example.com")
    assert browser.get("/profile/").status_code == 200

    remove_members(IdpGroup.objects.get(), user)

    assert browser.get("/profile/")["Location"].startswith("/sign-in/")


@pytest.mark.parametrize("address", CHANGES)
def test_a_change_is_never_made_by_a_link(admin_client: Client, address: str) -> None:
    """GET answers 405, or leads back to the page for the two key addresses that work without scripts."""
    answer = admin_client.get(address)

    assert answer.status_code == 405 or "/scim/key/" in address


def test_a_form_without_its_token_is_refused_in_our_own_words(administrator: object) -> None:
    browser = Client(enforce_csrf_checks=True)

    answer = browser.post("/sign-in/", {"email": "root@example.com", "password": "x"})

    assert answer.status_code == 403
    assert "This form has expired" in text_of(answer)


def test_an_unknown_address_is_a_plain_page(client: Client, db: None) -> None:
    answer = client.get("/nowhere/")

    assert answer.status_code == 404
    assert "There is nothing here" in text_of(answer)


def test_everybody_begins_at_home(admin_client: Client, person_with: Callable[..., Client]) -> None:
    for browser in (admin_client, person_with("collaborator")):
        assert "<h1>Home</h1>" in text_of(browser.get("/"))


def test_pages_forbid_inline_scripts_and_styles_and_use_none(admin_client: Client) -> None:
    make_group("GK Finance", [make_user()])
    make_administrator("other@example.com")
    for address in ("/settings/configuration/scim/", "/users/", "/profile/", "/provisioning-log/", "/sync-history/"):
        answer = admin_client.get(address)
        policy = answer["Content-Security-Policy"]
        assert "unsafe" not in policy
        text = text_of(answer)
        assert " style=" not in text
        assert " onclick=" not in text
        assert "<script>" not in text
        assert "<style" not in text
