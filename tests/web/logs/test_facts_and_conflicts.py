"""Headlines say what was wrong, and conflicts name everybody in them, with links."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.directory.models import User
from saml.debugger.failed_checks import FACTS as SAML_FACTS
from saml.models import SignInAttempt, SyncRun
from saml.sync.run import sync_saml_users
from scim.models import TokenRequest
from scim.oauth.checks import CHECK_TEXTS as TOKEN_CHECKS
from scim.oauth.checks import FACTS as TOKEN_FACTS
from tests.builders import ADMIN, make_provider, make_user
from tests.web.pages import text_of

HEADLINE = re.compile(r'<div class="notice notice-danger">.*?<strong>\s*(.*?)\s*</strong>', re.DOTALL)


@pytest.mark.parametrize("check", sorted(SAML_FACTS))
def test_a_failed_check_of_a_sign_in_states_the_fact(admin_client: Client, check: str) -> None:
    entry = SignInAttempt.objects.create(accepted=False, failed_check=check)

    found = HEADLINE.search(text_of(admin_client.get(f"/sign-in-attempts/{entry.pk}/")))

    assert found is not None
    assert found[1] == f"{SAML_FACTS[check]}."


@pytest.mark.parametrize("check", sorted(TOKEN_FACTS))
def test_a_failed_check_of_a_token_request_states_the_fact(admin_client: Client, check: str) -> None:
    entry = TokenRequest.objects.create(accepted=False, failed_check=check)

    found = HEADLINE.search(text_of(admin_client.get(f"/token-log/{entry.pk}/")))

    assert found is not None
    assert found[1] == f"{TOKEN_FACTS[check]}."
    assert found[1] != TOKEN_CHECKS.get(check)


@pytest.fixture
def twins(admin_client: Client) -> list[User]:
    """Two active people of one work e-mail, and a third with one of his own."""
    make_provider()
    make_user("cy@example.com", work_email="cy@example.com")
    return [make_user(f"{name}@example.com", work_email=email) for name, email in TWINS]


TWINS = (("ada", "Shared@example.com"), ("bo", "shared@example.com"))


def test_a_conflict_of_a_run_names_both_people_with_links(admin_client: Client, twins: list[User]) -> None:
    sync_saml_users(actor=ADMIN)
    page = " ".join(text_of(admin_client.get(f"/sync-history/{SyncRun.objects.get().pk}/")).split())

    for one, other in (twins, twins[::-1]):
        row = page.split(f'<a href="/users/{one.pk}/">{one.user_name}</a> </th>')[1].split("</tr>")[0]
        assert f'It is also that of: <a href="/users/{other.pk}/">{other.user_name}</a>' in row


def test_a_run_of_an_earlier_release_leads_to_the_list_of_people(admin_client: Client) -> None:
    stored = {"user_name": "ada@example.com", "code": "no_email", "parameters": {}}
    run = SyncRun.objects.create(
        started_at=timezone.now(), state="finished", actor_kind="clock", actor_name="x", conflicts=[stored]
    )

    assert 'href="/users/?q=ada%40example.com"' in text_of(admin_client.get(f"/sync-history/{run.pk}/"))


def test_who_may_not_read_people_gets_names_without_their_pages(
    person_with: Callable[..., Client], twins: list[User]
) -> None:
    sync_saml_users(actor=Actor.command("sync_saml_users"))
    reader = person_with("collaborator", "history")

    text = text_of(reader.get(f"/sync-history/{SyncRun.objects.get().pk}/"))

    assert f"/users/{twins[0].pk}/" not in text
    assert twins[0].user_name in text


def test_home_names_both_people_with_links(admin_client: Client, twins: list[User]) -> None:
    text = " ".join(text_of(admin_client.get("/")).split())

    assert "2 people share a work e-mail with somebody else, and are not linked." in text
    links = [f'<a href="/users/{each.pk}/"><bdi>{each.label}</bdi></a>' for each in twins]
    assert f"{links[0]} and {links[1]} have the same work e-mail" in text
