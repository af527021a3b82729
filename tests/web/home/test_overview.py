"""Which steps of the help page are done: on the page, in the API and in doctor's words."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from gatekeeper.config_as_code.apply import apply_document
from gatekeeper.config_as_code.document import read_document
from gatekeeper.directory.access.loaders import site_facts
from gatekeeper.directory.mappings.mappings import choose_fallback_team
from gatekeeper.health.checks.directory_checks import check_fallback_team
from gatekeeper.health.checks.saml_checks import check_certificates
from gatekeeper.health.checks.scim_checks import check_scim_key, check_work_email
from gatekeeper.setup_steps import setup_steps
from saml.connections.lifecycle import create_connection
from saml.models import Certificate, Connection, SignInAttempt
from scim.credentials.api_keys import generate_key
from scim.credentials.oauth_clients import create_client_with_secret, revoke_secret
from scim.models import ApiKey, OAuthClient
from tests.builders import ADMIN, link, make_group, make_team, make_user, map_group
from tests.web.pages import text_of

ADDRESS = "/settings/configuration/"
IN_ORDER = [
    "fallback_team",
    "default_mapping",
    "single_sign_on",
    "api_key",
    "first_request",
    "work_email",
    "provisioned",
    "group_mappings",
    "first_sign_in",
]


def done() -> list[str]:
    return [step.key for step in setup_steps(site_facts()) if step.done]


def detail(key: str) -> str:
    return next(step.detail for step in setup_steps(site_facts()) if step.key == key)


@pytest.mark.django_db
def test_the_steps_stand_in_the_help_pages_order_and_none_is_done_at_first() -> None:
    assert [step.key for step in setup_steps(site_facts())] == IN_ORDER
    assert done() == []


@pytest.mark.django_db
def test_each_step_is_done_when_its_facts_are_there(metadata: bytes) -> None:
    choose_fallback_team(make_team("General").id, actor=ADMIN)
    map_group(None, "collaborator")
    create_connection("Entra", document=metadata, actor=ADMIN)
    generate_key("Entra", actor=ADMIN)
    assert done() == IN_ORDER[:4]
    assert detail("fallback_team") == "General receives whoever has no other team."

    ApiKey.objects.update(last_used_at=timezone.now())
    user = make_user("ada@example.com")
    assert done() == IN_ORDER[:6]
    group = make_group("GK Finance", [user])
    map_group(group, "administrator")
    link()
    assert done() == IN_ORDER[:-1], "linked people have not signed in"
    assert "nobody has signed in yet" in detail("first_sign_in")
    assert detail("single_sign_on").endswith("no sign-in has been tried yet.")

    SignInAttempt.objects.create(accepted=True, connection=Connection.objects.get())
    assert done() == IN_ORDER
    assert detail("single_sign_on") == "Metadata and a valid certificate are here."


@pytest.mark.django_db
def test_a_key_without_an_end_is_named_and_an_oauth_client_does_as_well() -> None:
    key = generate_key("Entra", actor=ADMIN)[0]
    assert f"{key.hint}… is active and has no end" in detail("api_key")

    ApiKey.objects.update(expires_at=timezone.now() + timedelta(days=300))
    assert detail("api_key") == "The key is active."
    ApiKey.objects.all().delete()
    client, made = create_client_with_secret("Entra", actor=ADMIN)
    assert detail("api_key") == "An OAuth client is active."
    OAuthClient.objects.update(last_used_at=timezone.now())
    assert {"api_key", "first_request"} <= set(done())
    revoke_secret(client.pk, made.secret.pk, "Revoke", actor=ADMIN)
    assert "api_key" not in done()


@pytest.mark.django_db
def test_a_work_email_that_is_not_the_user_name_is_counted_and_named() -> None:
    make_user("ada@corp.example", work_email="ada@example.com")
    make_user("bo@corp.example", work_email="BO@corp.example")
    make_user("cy@corp.example", work_email=None)
    make_user("left@corp.example", work_email="left@example.com", active=False)
    make_user(f"{'0a' * 16}gone@corp.example", work_email="gone@corp.example")  # Entra's name for the soft-deleted

    expected = "2 of 4 active users have another work e-mail: ada@corp.example has ada@example.com."
    assert detail("work_email").startswith(expected)
    assert "source attribute userPrincipalName" in detail("work_email")
    assert check_work_email().detail == expected
    step = next(step for step in setup_steps(site_facts()) if step.key == "work_email")
    assert (step.address, step.elsewhere) == ("/users/?q=ada%40corp.example", True)


@pytest.mark.django_db
def test_a_connection_without_a_valid_certificate_is_not_connected(metadata: bytes) -> None:
    create_connection("Entra", document=metadata, actor=ADMIN)
    Certificate.objects.update(not_after=timezone.now() - timedelta(days=1))

    assert "single_sign_on" not in done()
    assert "no certificate that is valid" in detail("single_sign_on")


@pytest.mark.django_db
def test_doctor_says_of_a_missing_step_what_the_page_says() -> None:
    said = [check_fallback_team(), check_scim_key(), *check_certificates()]

    assert [check.detail for check in said] == [
        detail("fallback_team"),
        detail("api_key").partition(" Generate")[0],
        detail("single_sign_on").partition(" Paste")[0],
    ]


def test_the_page_and_the_api_show_the_same_steps(admin_client: Client) -> None:
    text = text_of(admin_client.get(ADDRESS))
    document = admin_client.get("/api/v1/setup").json()

    assert [step["key"] for step in document["steps"]] == IN_ORDER
    assert (document["done"], document["total"], document["next"]) == (0, 9, "fallback_team")
    for step in document["steps"]:
        assert step["title"] in text
        assert step["detail"] in text
        assert step["page"] is None or f'href="{step["page"]}"' in text
    assert f"0 of {len(IN_ORDER)} steps done." in " ".join(text.split())


def nothing() -> None:
    """A new site."""


def a_fallback_team() -> None:
    choose_fallback_team(make_team("General").id, actor=ADMIN)


def configuration_as_code() -> None:
    make_group("GK Finance", [make_user("ada@example.com")])
    document = {
        "teams": ["General"],
        "fallback_team": "General",
        "default_mapping": {"level": "collaborator", "permissions": [], "teams": []},
        "group_mappings": {"GK Finance": {"level": "administrator", "permissions": [], "teams": []}},
    }
    apply_document(read_document(json.dumps(document)), actor=ADMIN)


def a_key_that_was_used_and_revoked() -> None:
    generate_key("Entra", actor=ADMIN)
    ApiKey.objects.update(last_used_at=timezone.now(), revoked_at=timezone.now())


@pytest.mark.parametrize(
    "state",
    [nothing, a_fallback_team, configuration_as_code, a_key_that_was_used_and_revoked],
    ids=lambda of: of.__name__,
)
def test_home_and_the_page_of_the_setup_agree_on_each_step(admin_client: Client, state: Callable[[], None]) -> None:
    state()

    steps = [(step.title, step.done) for step in setup_steps(site_facts())]

    assert admin_client.get("/").context["steps"] == steps
    shown = admin_client.get(ADDRESS).context["steps"]
    assert [(step.title, step.done) for step in shown] == steps


@pytest.mark.django_db
def test_what_configuration_as_code_set_counts() -> None:
    configuration_as_code()

    assert {"fallback_team", "default_mapping", "group_mappings"} <= set(done())


def test_the_next_step_keeps_the_capitals_of_names(admin_client: Client, metadata: bytes) -> None:
    a_fallback_team()
    map_group(None, "collaborator")
    create_connection("Entra", document=metadata, actor=ADMIN)

    assert "Next: Give Entra the Base URL and an API key." in " ".join(text_of(admin_client.get(ADDRESS)).split())
