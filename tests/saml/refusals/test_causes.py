"""The true reason of an answer that is not taken: a sentence of its own for the person and the administrator."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from gatekeeper.directory.models import SignIn
from saml.connections.lifecycle import create_connection
from saml.debugger.presentation import attempt_reason, presentation_of
from saml.messages import replay_protection
from saml.messages.replay_protection import PENDING_FOR, forget_expired
from saml.messages.request_ids import new_request_id, sent_request
from saml.models import PendingRequest, SignInAttempt
from saml.refusals.causes import Cause
from tests.builders import ADMIN
from tests.saml.conftest import Browser, refusal_text, refusals
from tests.saml.forge import metadata, signed_response
from tests.web.pages import text_of

pytestmark = pytest.mark.django_db


def answered(browser, request_id, client=None):
    sender = Browser(browser.connection, client) if client else browser
    return sender.post(signed_response(browser.facts(request_id)))


def invented(browser):
    return answered(browser, f"id{'0' * 61}")


def without_the_cookie(browser):
    return answered(browser, browser.begin(), Client())


def from_another_browser(browser):
    other = Browser(browser.connection, Client())
    other.begin()
    return answered(browser, browser.begin(), other.client)


def too_late(browser):
    request_id = browser.begin()
    with time_machine.travel(PendingRequest.objects.get(pk=request_id).expires + timedelta(seconds=1)):
        return answered(browser, request_id)


def too_late_and_forgotten(browser):
    request_id = browser.begin()
    expires = PendingRequest.objects.get(pk=request_id).expires
    with time_machine.travel(expires + timedelta(hours=1)):
        forget_expired(expires + timedelta(hours=1))
        return answered(browser, request_id)


def twice(browser):
    request_id = browser.begin()
    answered(browser, request_id)
    return browser.post(signed_response(browser.facts(request_id, assertion_id="_2", response_id="_r2")))


def at_another_connection(browser):
    other = create_connection("Other", document=metadata(entity_id="https://sts.windows.net/other/"), actor=ADMIN)
    return answered(browser, Browser(other, browser.client).begin())


SITUATIONS = {
    Cause.NEVER_ASKED: (invented,),
    Cause.NO_COOKIE: (without_the_cookie,),
    Cause.OTHER_BROWSER: (from_another_browser,),
    Cause.TOO_OLD: (too_late, too_late_and_forgotten),
    Cause.ANSWERED: (twice,),
    Cause.OTHER_CONNECTION: (at_another_connection,),
}


@pytest.mark.parametrize(
    ("cause", "situation"), [(cause, each) for cause, situations in SITUATIONS.items() for each in situations]
)
def test_each_reason_has_a_cause_of_its_own(browser, ada, cause, situation):
    answer = situation(browser)

    attempt = SignInAttempt.objects.latest("pk")
    assert answer.status_code == 403
    assert (attempt.failed_check, attempt.cause, attempt.accepted) == ("answers_this_browser", cause, False)
    assert refusal_text(refusals()[-1]) == attempt_reason(attempt)


def test_no_two_reasons_share_a_sentence(browser, ada, admin_client):
    said = {}
    for cause, (situation, *_) in SITUATIONS.items():
        page = text_of(situation(browser)).split("<h1>")[1].split("</p>")[0]
        attempt = SignInAttempt.objects.latest("pk")
        said[cause] = (attempt_reason(attempt), presentation_of(attempt).advice)
        assert presentation_of(attempt).advice in text_of(admin_client.get(f"/sign-in-attempts/{attempt.pk}/"))
        assert " or " not in page.replace("or another window", "").replace("or in another tab", ""), page
        browser.leave()

    assert len({reason for reason, _ in said.values()}) == len({advice for _, advice in said.values()}) == len(said)


def test_ids_of_requests_say_what_and_when_and_cannot_be_made_up():
    with time_machine.travel("2026-11-24T12:50:00+00:00", tick=False):
        request_id = new_request_id("test")

    own = sent_request(request_id)
    assert (own.purpose, own.begun.isoformat()) == ("test", "2026-11-24T12:50:00+00:00")
    assert len({new_request_id("sign_on") for _ in range(50)}) == 50
    assert len(request_id) <= PendingRequest._meta.get_field("request_id").max_length
    for made_up in (request_id.replace("id1", "id0"), request_id[:-1], request_id + "0", "id", "", request_id.upper()):
        assert sent_request(made_up) is None


def test_a_key_that_changed_makes_no_request_invalid_that_is_pending(browser, ada, settings):
    request_id = browser.begin()
    settings.SECRET_KEY = "another-secret-key-of-some-length-0123456789"

    assert replay_protection.find_pending_request(
        browser.connection, request_id, browser=browser.client.cookies["gatekeeper_saml"].value, purposes=("sign_on",)
    )


@pytest.mark.parametrize("size", [1024 * 1024, 3 * 1024 * 1024 // 2])
def test_too_large_a_message_says_so_and_advises_fewer_groups(browser, ada, size, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = None

    answer = browser.post(b"<x>" + b"0" * size + b"</x>")

    attempt = SignInAttempt.objects.get()
    assert attempt.cause == Cause.TOO_LARGE
    assert "groups" in presentation_of(attempt).advice
    assert "too large" in text_of(answer)


def test_a_name_that_is_no_address_differs_from_an_address_that_nobody_has(browser, ada):
    browser.sign_on(name_id="CONTOSO-4711", attributes=(("mail", "ada.obi@contoso.com"),))
    opaque = SignInAttempt.objects.latest("pk")
    browser.sign_on(name_id="nobody@contoso.com", assertion_id="_2", response_id="_r2")
    unknown = SignInAttempt.objects.latest("pk")

    assert (opaque.failed_check, opaque.cause) == ("unknown_person", Cause.NO_ADDRESS)
    assert "this message carries mail" in presentation_of(opaque).advice
    assert (unknown.failed_check, unknown.cause) == ("unknown_person", "")


def test_what_became_an_ordinary_sign_in_is_listed_as_that(browser, ada, admin_client):
    browser.post(signed_response(browser.facts(None)))

    attempt = SignInAttempt.objects.get()
    listed = text_of(admin_client.get("/sign-in-attempts/"))
    page = text_of(admin_client.get(f"/sign-in-attempts/{attempt.pk}/"))
    assert "Begun here instead" in listed
    assert ">MessageRefused</span>" not in listed + page
    assert "An ordinary one was begun here in its place." in page
    assert "One check failed" not in page
    assert "0 passed" not in page
    assert presentation_of(attempt).failing_step is None
    assert refusals() == []
    assert "Begun here instead</span>" not in text_of(admin_client.get("/sign-in-attempts/?result=refused"))
    assert "Begun here instead</span>" in text_of(admin_client.get("/sign-in-attempts/?result=begun"))


def test_a_sign_in_while_a_session_is_open_ends_the_one_that_it_replaces(browser, ada):
    browser.sign_on()
    request_id = browser.begin("/profile/")  # with the session's cookie, which stays behind at the post

    elsewhere = Client()
    elsewhere.cookies["gatekeeper_saml"] = browser.client.cookies["gatekeeper_saml"].value
    answer = Browser(browser.connection, elsewhere).post(
        signed_response(browser.facts(request_id, assertion_id="_2", response_id="_r2"))
    )

    assert answer.headers["Location"] == "/profile/"
    assert SignIn.objects.count() == 2
    assert SignIn.objects.live().count() == 1
    assert browser.client.get("/profile/").status_code == 302


def test_the_test_of_a_connection_ends_no_session(browser, admin_client, ada):
    tester = Browser(browser.connection, admin_client)
    tester.post(signed_response(tester.facts(tester.begin(test="1"))))

    assert SignIn.objects.live().count() == 1


@pytest.mark.parametrize("situation", [too_late, too_late_and_forgotten, twice, without_the_cookie])
def test_an_answer_to_a_test_leads_to_its_attempt_whatever_became_of_it(browser, admin_client, ada, situation):
    tester = Browser(browser.connection, admin_client)
    begin = tester.begin
    tester.begin = lambda: begin(test="1")

    answer = situation(tester)

    attempt = SignInAttempt.objects.latest("pk")
    address = f"/sign-in-attempts/{attempt.pk}/"
    assert attempt.is_test
    assert f'content="0; url={address}"' in text_of(answer)
    assert not SignIn.objects.filter(user=ada).exists()
    assert refusals() == []
    assert timedelta(minutes=15) == PENDING_FOR
