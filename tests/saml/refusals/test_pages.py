"""What people read who are not let in: words that they can act on, a reference number, and nothing more."""

from datetime import timedelta

import pytest
import time_machine

from gatekeeper.directory.people.users import delete_user, edit_user
from saml.models import PendingRequest, SignInAttempt
from tests.builders import ENTRA, link, make_group, make_user, remove_members
from tests.saml.forge import TENANT_ID, signed_response

pytestmark = pytest.mark.django_db


def words_of(answer):
    page = " ".join(answer.content.decode().split())
    assert f"<code>{SignInAttempt.objects.latest('pk').request_id}</code>" in page
    return page.replace("&#x27;", "'")


def test_a_page_that_is_sent_twice_does_not_say_that_nobody_is_signed_in(browser, ada):
    response = signed_response(browser.facts(browser.begin()))
    browser.post(response)

    page = words_of(browser.post(response))

    assert "You are not signed in" not in page
    assert "If you are signed in already, just go on; otherwise sign in again." in page
    assert '<a class="button" href="/">' in page


def test_who_took_too_long_reads_so_and_begins_again(browser, ada):
    request_id = browser.begin()
    with time_machine.travel(PendingRequest.objects.get().expires + timedelta(seconds=1)):
        page = words_of(browser.post(signed_response(browser.facts(request_id))))

    assert "took too long" in page
    assert f'href="/saml/{browser.connection.id}/sso"' in page


def test_going_round_in_circles_is_the_administrators_to_mend(browser, ada):
    for number in (1, 2):
        answer = browser.post(signed_response(browser.facts(None, response_id=f"_r{number}")))

    assert "signing in again will not help. Give your administrator the reference number." in words_of(answer)


def test_an_account_of_another_organisation_is_named_as_such(browser, ada):
    answer = browser.sign_on(attributes=((TENANT_ID, "11111111-2222-3333-4444-555555555555"),))

    assert "an account of another organisation" in words_of(answer)


def test_the_code_of_entra_is_all_that_is_passed_on_of_its_words(browser, ada):
    status = "urn:oasis:names:tc:SAML:2.0:status:Responder"
    answer = browser.sign_on(status=status, status_message="AADSTS50105: ada.obi@contoso.com has no role")

    page = words_of(answer)
    assert "(AADSTS50105)" in page
    assert "has no role" not in page


def _inactive(record):
    return type(record)(user_name=record.user_name, work_email=record.work_email, active=False)


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (lambda ada: edit_user(ada.id, _inactive, actor=ENTRA), "is deactivated"),
        (lambda ada: delete_user(ada.id, actor=ENTRA), "Nobody with this sign-in name is known here"),
        (lambda ada: remove_members(make_group("GK", [ada]), ada), "in no group that gives access"),
        (lambda ada: (make_user("twin", work_email=ada.work_email), link()), "Two accounts have your work e-mail"),
    ],
)
def test_who_is_known_and_may_not_sign_in_reads_why(browser, ada, before, words):
    before(ada)

    assert words in words_of(browser.sign_on())


def test_a_sign_out_that_is_refused_says_so_under_a_heading_of_its_own(browser):
    answer = browser.client.get(f"/saml/{browser.connection.id}/logout", {"SAMLRequest": "AAAA"})

    page = words_of(answer)
    assert "<h1>You were not signed out</h1>" in page
    assert "You are not signed in" not in page
