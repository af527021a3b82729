"""Bearer assertions are used one time (SAML profiles 4.1.4.5), whichever message carries them, whoever posts first."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection as database
from django.db import connections
from django.test import Client

from gatekeeper.directory.models import SignIn
from saml.addresses import addresses_of
from saml.models import UsedMessage
from tests.saml.conftest import Browser, refusals
from tests.saml.forge import encode, signed_response


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


@pytest.mark.skipif(database.vendor == "sqlite", reason="SQLite has one writer at a time; its tests share memory")
@pytest.mark.django_db(transaction=True)
def test_of_two_posts_of_one_response_at_one_moment_one_signs_in(connection, ada):
    """SAML profiles 4.1.4.5: the unique keys decide the race, so that the loser is refused and opens no session."""
    browser = Browser(connection, Client())
    message = encode(signed_response(browser.facts(browser.begin())))

    def post(_: int) -> int:
        client = Client()
        client.cookies.update(browser.client.cookies)
        try:
            return client.post(addresses_of(connection.id).acs, {"SAMLResponse": message}).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(post, range(4)))

    assert answers == [302, 403, 403, 403]
    assert SignIn.objects.count() == 1
    assert set(checks()) <= {"answers_this_browser", "is_used_once"}
