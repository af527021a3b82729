"""A connection that is only tried out lets nobody in; a test that succeeded is what switches it on."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.access.loaders import access_of, site_facts
from gatekeeper.directory.identity_linking.home_realm_discovery import domains_of, provider_for, stated_domains
from gatekeeper.directory.models import SignIn, SignInIdentity
from gatekeeper.health.checks.saml_checks import check_certificates
from gatekeeper.setup_steps import setup_steps
from saml.connections.lifecycle import create_connection, refresh_connection
from saml.connections.switching_on import NotTested, last_proofs, switch_on, tested_at
from saml.models import Connection, SignInAttempt
from tests.builders import ADMIN, link, make_user, map_group
from tests.saml.conftest import Browser
from tests.saml.forge import metadata, signed_response
from tests.saml.keys import key_pair
from tests.web.pages import text_of

pytestmark = pytest.mark.django_db
PAGE = "/settings/configuration/authentication/"


@pytest.fixture
def tried() -> Connection:
    return create_connection("Entra", document=metadata(), actor=ADMIN, test_only=True, domains=("contoso.com",))


@pytest.fixture
def visitor(tried: Connection) -> Browser:
    return Browser(tried, Client())


@pytest.fixture
def tester(tried: Connection, admin_client: Client) -> Browser:
    return Browser(tried, admin_client)


def test_in_a_browser(tester: Browser, **facts: Any) -> SignInAttempt:
    request_id = tester.begin(test="1")
    tester.post(signed_response(tester.facts(request_id, **facts)))
    return SignInAttempt.objects.latest("pk")


test_in_a_browser.__test__ = False  # type: ignore[attr-defined]


# ── Nobody is let in ─────────────────────────────────────────────────────────────────────────────────────────────


def test_nobody_is_sent_to_its_identity_provider(visitor: Browser) -> None:
    answer = visitor.client.get(f"/saml/{visitor.connection.id}/sso")

    assert answer.status_code == 403
    assert "not switched on yet" in text_of(answer)


def test_a_genuine_response_opens_no_session(visitor: Browser) -> None:
    """Even one that was asked for while the connection was on, for somebody who is linked."""
    map_group(None, "collaborator")
    make_user("ada.obi@contoso.com")
    visitor.connection.provider.__class__.objects.update(test_only=False)
    link()
    request_id = visitor.begin()
    visitor.connection.provider.__class__.objects.update(test_only=True)

    answer = visitor.post(signed_response(visitor.facts(request_id)))

    assert answer.status_code == 403
    assert not SignIn.objects.exists()
    assert SignInAttempt.objects.get().failed_check == "not_switched_on"


def test_an_unsolicited_response_begins_nothing(visitor: Browser) -> None:
    answer = visitor.post(signed_response(visitor.facts(None)))

    assert answer.status_code == 403
    assert not SignIn.objects.exists()


def test_it_is_no_way_in_for_anybody_yet(tried: Connection, client: Client) -> None:
    map_group(None, "collaborator")
    user = make_user("ada.obi@contoso.com")
    link()

    assert not SignInIdentity.objects.exists()
    assert access_of(user).blocked_because.value == "no_saml_connection"  # type: ignore[union-attr]
    assert provider_for("ada.obi@contoso.com") is None
    assert not stated_domains().exists()
    assert domains_of(tried.id) == ("contoso.com",)
    assert "Sign in with Entra" not in text_of(client.get("/sign-in/"))
    assert not {step.key: step.done for step in setup_steps(site_facts())}["single_sign_on"]


def test_the_past_says_that_there_was_none(visitor: Browser, tester: Browser) -> None:
    map_group(None, "collaborator")
    user = make_user("ada.obi@contoso.com")
    test_in_a_browser(tester)
    before = timezone.now()
    with time_machine.travel(before + timedelta(minutes=1), tick=False):
        switch_on(tester.connection.id, actor=ADMIN)
        link()

    later = before + timedelta(minutes=2)
    assert access_of(user, at=before).blocked_because.value == "no_saml_connection"  # type: ignore[union-attr]
    assert access_of(user, at=later).can_sign_in


# ── Switching it on ──────────────────────────────────────────────────────────────────────────────────────────────


def nothing(tester: Browser) -> None:
    """No test at all."""


def refused_message(tester: Browser) -> None:
    test_in_a_browser(tester, audiences=(("https://elsewhere.example/",),))


def before_the_certificates_changed(tester: Browser) -> None:
    test_in_a_browser(tester)
    later = timezone.now() + timedelta(minutes=5)
    with time_machine.travel(later, tick=False):
        refresh_connection(tester.connection.id, actor=ADMIN, document=metadata(key_pair(), key_pair("next")))


@pytest.mark.parametrize("tests", [nothing, refused_message, before_the_certificates_changed])
def test_it_stays_off_without_a_test_that_succeeded(tester: Browser, tests: Callable[[Browser], None]) -> None:
    tests(tester)

    with pytest.raises(NotTested):
        switch_on(tester.connection.id, actor=ADMIN)

    assert Connection.objects.get().test_only
    assert not AuditEntry.objects.filter(event="connection.switched_on").exists()


def test_a_test_by_somebody_who_is_not_provisioned_is_enough(tester: Browser) -> None:
    attempt = test_in_a_browser(tester, name_id="it.admin@contoso.com")

    assert not attempt.accepted
    assert tested_at(tester.connection) == attempt.at
    assert not switch_on(tester.connection.id, actor=ADMIN).test_only
    assert AuditEntry.objects.filter(event="connection.switched_on").count() == 1


def test_switching_on_twice_is_recorded_once(tester: Browser) -> None:
    test_in_a_browser(tester)

    switch_on(tester.connection.id, actor=ADMIN)
    switch_on(tester.connection.id, actor=ADMIN)

    assert AuditEntry.objects.filter(event="connection.switched_on").count() == 1


def test_people_come_in_once_it_is_on(tester: Browser, visitor: Browser) -> None:
    map_group(None, "collaborator")
    make_user("ada.obi@contoso.com")
    test_in_a_browser(tester)
    switch_on(tester.connection.id, actor=ADMIN)
    link()

    visitor.connection = Connection.objects.get()
    visitor.post(signed_response(visitor.facts(visitor.begin(), response_id="_r2", assertion_id="_a2")))

    assert visitor.is_signed_in


# ── The page ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_page_offers_the_button_after_a_test_only(tester: Browser) -> None:
    assert "Switch sign-in on" not in text_of(tester.client.get(PAGE))
    test_in_a_browser(tester)
    assert "Switch sign-in on" in text_of(tester.client.get(PAGE))

    answer = tester.client.post(f"{PAGE}{tester.connection.id}/switch-on/", follow=True)

    assert "is switched on" in text_of(answer)
    assert not Connection.objects.get().test_only


def test_the_page_refuses_without_a_test(tester: Browser) -> None:
    answer = tester.client.post(f"{PAGE}{tester.connection.id}/switch-on/", follow=True)

    assert "Make one first" in text_of(answer)
    assert Connection.objects.get().test_only


def test_working_is_said_after_a_proof_only(connection: Connection, admin_client: Client) -> None:
    assert "Not tried yet" in text_of(admin_client.get(PAGE))
    assert last_proofs()[connection.pk].at is None

    test_in_a_browser(Browser(connection, admin_client), name_id="somebody@contoso.com")

    text = text_of(admin_client.get(PAGE))
    assert "Working" in text
    assert "Not tried yet" not in text
    assert last_proofs()[connection.pk].was_test


def said_everywhere(browser: Client) -> dict[str, bool]:
    """Whether the connection is said to work: on each page, by the API and by the command."""
    step = next(step for step in setup_steps(site_facts()) if step.key == "first_sign_in")
    by_api = browser.get("/api/v1/setup").json()["steps"]
    home = dict(browser.get("/").context["steps"])
    doctor = " ".join(check.detail for check in check_certificates())
    page = text_of(browser.get(PAGE))
    assert ("Not tried yet" in page) is not ("Working" in page)
    assert ("Not tried yet" in doctor) is not ("Working" in doctor)
    return {
        "authentication": "Working" in page,
        "configuration": step.done,
        "configuration, in words": step.detail in text_of(browser.get("/settings/configuration/"))
        and "has succeeded" in step.detail,
        "home": home[step.title],
        "api": next(each["done"] for each in by_api if each["key"] == step.key),
        "doctor": "Working" in doctor,
    }


def test_no_place_says_that_it_works_before_a_sign_in_or_a_test(
    connection: Connection, browser: Browser, ada: Any, admin_client: Client
) -> None:
    assert not any(said_everywhere(admin_client).values()), "linked people are no proof"
    test_in_a_browser(Browser(connection, admin_client), audiences=(("https://elsewhere.example/",),))
    assert not any(said_everywhere(admin_client).values()), "a refused message is none"

    test_in_a_browser(Browser(connection, admin_client), name_id="somebody@contoso.com")
    assert all(said_everywhere(admin_client).values()), "a test is one"
    SignInAttempt.objects.all().delete()
    assert not any(said_everywhere(admin_client).values())

    browser.sign_on(assertion_id="_a0000000000000002", response_id="_r0000000000000002")
    SignInAttempt.objects.all().delete()
    assert all(said_everywhere(admin_client).values()), "a session is one, when its attempt is forgotten"


def test_a_refused_message_proves_nothing(connection: Connection, admin_client: Client) -> None:
    test_in_a_browser(Browser(connection, admin_client), audiences=(("https://elsewhere.example/",),))

    assert last_proofs()[connection.pk].at is None


def test_a_session_proves_it_when_attempts_are_forgotten(browser: Browser, ada: Any) -> None:
    browser.sign_on()
    SignInAttempt.objects.all().delete()

    assert last_proofs()[browser.connection.pk].at == SignIn.objects.get().since


@pytest.mark.parametrize(
    ("end", "field"),
    [
        ("metadata", "Identifier (Entity ID)"),
        ("sso", "Sign on URL"),
        ("acs", "Reply URL (Assertion Consumer Service URL)"),
        ("logout", "Logout Url"),
    ],
)
def test_each_address_shows_its_end_and_the_field_in_entra(
    connection: Connection, admin_client: Client, end: str, field: str
) -> None:
    text = text_of(admin_client.get(PAGE))

    assert f"…/<strong>{end}</strong>" in text
    assert f'<strong class="address-target">Microsoft Entra: {field}</strong>' in text
