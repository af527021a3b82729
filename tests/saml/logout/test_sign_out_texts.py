"""What a page says after a sign-out is true: here, and at the identity provider."""

from base64 import b64encode
from datetime import UTC, datetime

import pytest
from django.test import Client
from lxml import etree

from gatekeeper.directory.models import SignIn
from saml.addresses import addresses_of
from saml.connections.lifecycle import create_connection
from saml.models import SignInAttempt
from tests.builders import ADMIN, link, make_user, map_group
from tests.saml.conftest import Browser, refusals, sent_message
from tests.saml.forge import ENTITY_ID, NS, metadata, sign, stamp
from tests.saml.keys import key_pair
from tests.saml.logout.test_logout import deflate, logout_request
from tests.web.pages import text_of

pytestmark = pytest.mark.django_db
STATUS = "urn:oasis:names:tc:SAML:2.0:status:"


def logout_response(connection, request_id, *codes, issuer=ENTITY_ID, destination=""):
    nested = ""
    for code in reversed(codes):
        nested = f'<samlp:StatusCode Value="{STATUS}{code}">{nested}</samlp:StatusCode>'
    where = destination or addresses_of(connection.id).logout
    return (
        f'<samlp:LogoutResponse xmlns:samlp="{NS["samlp"]}" xmlns:saml="{NS["saml"]}" ID="_lr1" Version="2.0"'
        f' IssueInstant="{stamp(datetime.now(UTC))}" InResponseTo="{request_id}" Destination="{where}">'
        f"<saml:Issuer>{issuer}</saml:Issuer><samlp:Status>{nested}</samlp:Status></samlp:LogoutResponse>"
    )


@pytest.fixture
def signed_in(browser, ada):
    browser.sign_on()
    return browser


def sign_out(browser) -> str:
    """Sign out here; the ID of the LogoutRequest that the identity provider would see."""
    page = browser.client.post("/sign-out/").content.decode()
    onward = page.split("url=")[1].split('"')[0].replace("&amp;", "&")
    return sent_message(onward, "SAMLRequest").get("ID")


def receive(browser, document, client=None):
    return (client or browser.client).get(f"/saml/{browser.connection.id}/logout", {"SAMLResponse": deflate(document)})


@pytest.mark.parametrize(
    ("codes", "heading", "words"),
    [
        (("Success",), "You are signed out", "and so has the one at Entra"),
        (("Success", "PartialLogout"), "You are signed out here", "could not sign you out everywhere"),
        (("Responder", "PartialLogout"), "You are signed out here", "could not sign you out everywhere"),
        (("Responder",), "You are signed out here", "Entra did not end its own"),
        (("Requester", "UnknownPrincipal"), "You are signed out here", "Entra did not end its own"),
        (("Responder", "Success"), "You are signed out here", "Entra did not end its own"),
        (("VersionMismatch",), "You are signed out here", "Entra did not end its own"),
        ((), "You are signed out here", "Entra did not end its own"),
    ],
)
def test_the_status_of_the_answer_is_what_the_page_says(signed_in, codes, heading, words):
    """SAML core 3.2.2.2 (status codes) and 3.7.3.2 (PartialLogout)."""
    page = text_of(receive(signed_in, logout_response(signed_in.connection, sign_out(signed_in), *codes)))

    assert f"<h1>{heading}</h1>" in page
    assert words in page
    assert not SignIn.objects.live().exists()


def test_an_answer_after_the_cookie_is_gone_says_what_is_true_here(signed_in):
    document = logout_response(signed_in.connection, sign_out(signed_in), "Success")

    page = text_of(receive(signed_in, document, Client()))

    assert "<h1>You are signed out here</h1>" in page
    assert "You have no session here" in page
    assert "You were not signed out" not in page
    assert not SignInAttempt.objects.filter(accepted=False).exists()
    assert refusals() == []


def test_an_answer_too_many_does_not_tell_somebody_who_is_in_that_they_are_out(signed_in):
    page = text_of(receive(signed_in, logout_response(signed_in.connection, "_nothing", "Success")))

    assert "<h1>You are still signed in</h1>" in page
    assert signed_in.is_signed_in


def test_by_a_post_of_another_site_it_is_unknown_and_not_claimed(signed_in):
    document = logout_response(signed_in.connection, "_nothing", "Success")
    answer = Client().post(
        f"/saml/{signed_in.connection.id}/logout", {"SAMLResponse": b64encode(document.encode()).decode()}
    )

    page = text_of(answer)
    assert "You are signed out" not in page
    assert "Whether you are signed in here shows on the start page." in page


@pytest.mark.parametrize(
    ("facts", "check"),
    [
        ({"issuer": "https://other/"}, "logout:comes_from_the_connection"),
        ({"destination": "https://other/"}, "logout:is_sent_to_us"),
    ],
)
def test_an_answer_of_somebody_else_is_refused(signed_in, facts, check):
    """SAML core 3.2.2, profiles 4.4.4.2."""
    document = logout_response(signed_in.connection, sign_out(signed_in), "Success", **facts)

    answer = receive(signed_in, document)

    assert answer.status_code == 400
    assert [entry.after["check"] for entry in refusals()] == [check]
    assert "You have no session in this browser." in text_of(answer)


def test_a_signature_of_the_answer_that_does_not_fit_is_refused(signed_in):
    """SAML core 5.4."""
    document = logout_response(signed_in.connection, sign_out(signed_in), "Success")
    forged = etree.tostring(sign(etree.fromstring(document), key_pair("mallory")))

    assert receive(signed_in, forged).status_code == 400


def test_without_a_sign_out_address_the_page_says_that_only_the_session_here_ended(db):
    connection = create_connection("Google", document=metadata(slo_url=None), actor=ADMIN)
    map_group(None, "collaborator")
    make_user("ada.obi@contoso.com")
    link()
    browser = Browser(connection, Client())
    browser.sign_on()

    page = text_of(browser.client.post("/sign-out/"))

    assert "Google could not be informed, so your session there may still be open." in page
    assert not SignIn.objects.live().exists()


@pytest.mark.parametrize(
    ("index", "words"),
    [("_s0000000000000001", "has ended, as Google asked"), ("_other", "a session that is not open here")],
)
def test_their_request_without_an_address_for_our_answer(db, index, words):
    connection = create_connection("Google", document=metadata(slo_url=None), actor=ADMIN)
    map_group(None, "collaborator")
    make_user("ada.obi@contoso.com")
    link()
    Browser(connection, Client()).sign_on()

    query = {"SAMLRequest": deflate(logout_request(connection, index=index))}
    assert words in text_of(Client().get(f"/saml/{connection.id}/logout", query))


def test_a_request_that_is_refused_says_whether_somebody_is_signed_in(signed_in):
    query = {"SAMLRequest": deflate(logout_request(signed_in.connection, issuer="https://other/"))}
    address = f"/saml/{signed_in.connection.id}/logout"

    inside, outside = text_of(signed_in.client.get(address, query)), text_of(Client().get(address, query))

    assert "If you are signed in, sign out here." in inside
    assert "You have no session in this browser." in outside


def test_a_session_that_ends_ends_in_every_window_and_process(signed_in):
    second = Client()
    second.cookies = signed_in.client.cookies
    assert second.get("/profile/").status_code == 200

    sign_out(signed_in)

    assert second.get("/profile/").status_code == 302
