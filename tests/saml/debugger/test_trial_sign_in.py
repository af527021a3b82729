"""Test sign-in: an administrator tries a connection; every check is shown, nothing is opened, kept or changed."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.models import SignIn, SignInIdentity
from saml.debugger.message_summary import mask
from saml.debugger.presentation import presentation_of
from saml.models import PendingRequest, SignInAttempt
from tests.builders import make_user
from tests.saml.conftest import Browser
from tests.saml.forge import OBJECT_ID, signed_response
from tests.web.pages import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def tester(connection, admin_client) -> Browser:
    """The administrator's browser, which has a session of its own."""
    return Browser(connection, admin_client)


def post_across_sites(tester: Browser, response, **fields):
    """Only the binding cookie travels with a post from another site (over https it is SameSite=None)."""
    elsewhere = Client()
    elsewhere.cookies["gatekeeper_saml"] = tester.client.cookies["gatekeeper_saml"].value
    answer = Browser(tester.connection, elsewhere).post(response, **fields)
    for name, cookie in answer.cookies.items():
        tester.client.cookies[name] = cookie.value
    return answer


def run(tester: Browser, **facts):
    """The whole test, to the page on which the administrator lands."""
    request_id = tester.begin(test="1")
    answer = post_across_sites(tester, signed_response(tester.facts(request_id, **facts)))
    assert answer.status_code == 302, answer.content
    return tester.client.get(answer.headers["Location"])


def test_a_good_test_passes_every_check_and_leaves_no_trace(tester, ada):
    before = AuditEntry.objects.count()

    page = run(tester, attributes=((OBJECT_ID, "1"), ("displayname", "Ada")))

    attempt = SignInAttempt.objects.get()
    assert page.request["PATH_INFO"] == f"/sign-in-attempts/{attempt.pk}/"
    assert "The message is good and the person may sign in. No session was opened." in text_of(page)
    assert (attempt.accepted, attempt.is_test, attempt.user) == (True, True, ada)
    assert {step.state for step in presentation_of(attempt).steps} == {"passed"}
    link = ada.identities.get()
    assert (link.object_id, link.persistent_id, link.stated) == ("", "", {})
    assert not SignIn.objects.filter(user=ada).exists()
    assert AuditEntry.objects.count() == before


def test_the_administrators_own_session_comes_out_of_it_as_it_was(tester, ada):
    session_key = tester.client.session.session_key

    run(tester)

    assert tester.client.session.session_key == session_key
    assert tester.client.get("/settings/configuration/").status_code == 200
    assert SignIn.objects.live().count() == 1


def test_a_test_works_before_anybody_is_provisioned(tester):
    page = text_of(run(tester))

    assert "The message is good, but nobody with this sign-in name is provisioned." in page
    assert "Provision the person" in page
    assert not SignInIdentity.objects.exists()


def test_a_test_says_that_the_person_awaits_the_sync_and_does_not_link_them(tester, ada):
    make_user("new.person@contoso.com")

    page = text_of(run(tester, name_id="new.person@contoso.com"))

    assert "the person is provisioned and awaits the SAML user sync" in page
    assert not SignInIdentity.objects.filter(user__user_name="new.person@contoso.com").exists()


@pytest.mark.parametrize(
    ("facts", "check"),
    [
        ({"audiences": ()}, "is_meant_for_us"),
        ({"status": "urn:oasis:names:tc:SAML:2.0:status:Responder"}, "says_success"),
        ({"name_id": ""}, "names_a_person"),
    ],
)
def test_a_message_that_is_refused_leads_to_its_attempt_too(tester, facts, check):
    page = run(tester, **facts)

    attempt = SignInAttempt.objects.get()
    assert (attempt.failed_check, attempt.is_test) == (check, True)
    assert page.request["PATH_INFO"] == f"/sign-in-attempts/{attempt.pk}/"
    assert not AuditEntry.objects.filter(event="sign_in.refused").exists()


@pytest.mark.parametrize("value", [b"<x", b"%%%"])
def test_a_message_that_cannot_be_read_is_the_tests_result_too(tester, value):
    tester.begin(test="1")

    answer = post_across_sites(tester, value)

    assert answer.headers["Location"] == f"/sign-in-attempts/{SignInAttempt.objects.get().pk}/"


@pytest.mark.parametrize("accepts", [True, False])
def test_an_answer_that_names_no_request_never_turns_a_test_into_a_session(tester, ada, accepts):
    if accepts:
        tester.accept_idp_initiated()
    tester.connection.refresh_from_db()
    tester.begin(test="1")

    answer = post_across_sites(tester, signed_response(tester.facts(None)))

    attempt = SignInAttempt.objects.get()
    assert answer.headers["Location"] == f"/sign-in-attempts/{attempt.pk}/"
    assert (attempt.is_test, attempt.accepted, attempt.failed_check) == (
        True,
        accepts,
        "" if accepts else "unsolicited",
    )
    assert not SignIn.objects.filter(user=ada).exists()
    assert not PendingRequest.objects.exists()


def test_the_answer_to_a_test_cannot_be_handed_in_again(tester, ada):
    response = signed_response(tester.facts(tester.begin(test="1")))
    post_across_sites(tester, response)

    assert post_across_sites(tester, response).status_code == 403
    assert not SignIn.objects.filter(user=ada).exists()


def test_a_test_that_was_given_up_is_not_in_the_way_later(tester, ada):
    tester.begin(test="1")
    with time_machine.travel(PendingRequest.objects.get().expires + timedelta(seconds=1)):
        request_id = tester.begin("/profile/")
        answer = post_across_sites(tester, signed_response(tester.facts(request_id)))

    assert answer.headers["Location"] == "/profile/"


def test_a_sign_on_beside_a_pending_test_is_a_sign_on(tester, ada):
    tester.begin(test="1")

    answer = post_across_sites(tester, signed_response(tester.facts(tester.begin("/profile/"))))

    assert answer.headers["Location"] == "/profile/"
    assert SignIn.objects.filter(user=ada).exists()


def test_only_who_may_configure_can_begin_a_test(browser, ada):
    address = f"/saml/{browser.connection.id}/sso"
    answer = browser.client.get(address, {"test": "1"})
    browser.sign_on()

    assert answer.headers["Location"] == "/sign-in/?next=/sign-in-attempts/"
    assert browser.client.get(address, {"test": "1"}).status_code == 403
    assert not PendingRequest.objects.exists()


def test_the_button_is_on_the_connection_and_on_the_list_of_attempts(tester):
    link = f'href="/saml/{tester.connection.id}/sso?test=1"'

    for page in ("/settings/configuration/authentication/", "/sign-in-attempts/"):
        text = text_of(tester.client.get(page))
        assert link in text
        assert "Test sign-in" in text


def test_the_result_names_the_person_masked(tester):
    page = text_of(run(tester))

    assert "ada.obi@contoso.com" not in page
    assert mask("ada.obi@contoso.com") in page
