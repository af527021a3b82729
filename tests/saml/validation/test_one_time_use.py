"""Bearer assertions are used one time (SAML profiles 4.1.4.5), whichever message carries them, whoever posts first."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection as database
from django.db import connections
from django.test import Client

from gatekeeper.directory.models import SignIn
from saml.addresses import addresses_of
from saml.models import UsedMessage
from tests.saml.conftest import Browser, refusals
from tests.saml.forge import encode, signed_response

races = pytest.mark.skipif(
    database.vendor == "sqlite", reason="SQLite has one writer at a time; its tests share memory"
)


def checks() -> list[str]:
    return [entry.after["check"] for entry in refusals()]


@pytest.mark.django_db
def test_an_assertion_is_refused_in_another_response(browser, ada):
    """SAML profiles 4.1.4.5: the assertion's own ID is remembered, so a new wrapper around it does not help."""
    browser.sign_on(assertion_id="_a1", response_id="_r1")
    browser.sign_on(assertion_id="_a1", response_id="_r2")

    assert checks() == ["is_used_once"]
    assert SignIn.objects.count() == 1


@pytest.mark.django_db
def test_a_response_is_refused_around_another_assertion(browser, ada):
    """The Response's ID is remembered as well as the assertion's (SAML core 1.3.4: no ID is ever assigned twice)."""
    browser.sign_on(assertion_id="_a1", response_id="_r1")
    browser.sign_on(assertion_id="_a2", response_id="_r1")

    assert checks() == ["is_used_once"]
    assert SignIn.objects.count() == 1


@pytest.mark.django_db
def test_a_refused_replay_marks_nothing_as_used(browser, ada):
    """All IDs of a message are marked or none, so that a replayed half does not use up the other one."""
    browser.sign_on(assertion_id="_a1", response_id="_r1")
    browser.sign_on(assertion_id="_a2", response_id="_r1")

    assert UsedMessage.objects.count() == 2
    assert browser.sign_on(assertion_id="_a2", response_id="_r2").status_code == 302


def post_at_once(browser: Browser, responses: list[Any]) -> list[int]:
    """Hand all of these in at one moment, each from a tab of one browser; returns the statuses, lowest first."""
    messages = [encode(response) for response in responses]
    together = Barrier(len(messages))

    def post(message: str) -> int:
        client = Client()
        client.cookies.update(browser.client.cookies)
        together.wait(timeout=30)
        try:
            return client.post(addresses_of(browser.connection.id).acs, {"SAMLResponse": message}).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(messages)) as pool:
        return sorted(pool.map(post, messages))


@races
@pytest.mark.django_db(transaction=True)
def test_of_two_posts_of_one_response_at_one_moment_one_signs_in(browser, ada):
    """SAML profiles 4.1.4.5: the unique keys decide the race, so that the loser is refused and opens no session."""
    response = signed_response(browser.facts(browser.begin()))

    assert post_at_once(browser, [response] * 4) == [302, 403, 403, 403]
    assert SignIn.objects.count() == 1
    assert set(checks()) <= {"answers_this_browser", "is_used_once"}


@races
@pytest.mark.django_db(transaction=True)
def test_of_two_posts_of_one_unsolicited_response_at_one_moment_one_signs_in(browser, ada):
    """SAML profiles 4.1.4.5 without a request (4.1.5): nothing but the unique key of the used message decides."""
    browser.accept_idp_initiated()
    response = signed_response(browser.facts(None))

    assert post_at_once(browser, [response] * 4) == [302, 403, 403, 403]
    assert SignIn.objects.count() == 1
    assert set(checks()) == {"is_used_once"}


@races
@pytest.mark.django_db(transaction=True)
def test_of_two_responses_to_one_request_at_one_moment_one_signs_in(browser, ada):
    """A request is answered one time: with no ID in common, nothing but the deletion of the request decides."""
    begun = browser.begin()
    responses = [
        signed_response(browser.facts(begun, response_id=f"_r{each}", assertion_id=f"_a{each}")) for each in range(4)
    ]

    assert post_at_once(browser, responses) == [302, 403, 403, 403]
    assert SignIn.objects.count() == 1
    assert set(checks()) == {"answers_this_browser"}
