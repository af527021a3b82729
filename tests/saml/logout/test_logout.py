"""Signing out (SAML profiles 4.4), from the identity provider's side and from ours."""

import base64
import zlib
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
import xmlsec
from django.test import Client
from lxml import etree

from gatekeeper.directory.models import SignIn
from saml.addresses import addresses_of
from tests.saml.conftest import refusal_text, refusals, sent_message
from tests.saml.forge import ENTITY_ID, NS, sign, stamp
from tests.saml.keys import key_pair

pytestmark = pytest.mark.django_db
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"


def logout_request(
    connection,
    name_id="ada.obi@contoso.com",
    index="_s0000000000000001",
    issuer=ENTITY_ID,
    destination="OURS",
    issued=timedelta(0),
    message_id="_l1",
):
    ours = addresses_of(connection.id).logout
    where = f' Destination="{ours if destination == "OURS" else destination}"' if destination else ""
    session = f"<samlp:SessionIndex>{index}</samlp:SessionIndex>" if index else ""
    return (
        f'<samlp:LogoutRequest xmlns:samlp="{NS["samlp"]}" xmlns:saml="{NS["saml"]}" ID="{message_id}" Version="2.0"'
        f' IssueInstant="{stamp(datetime.now(UTC) + issued)}"{where}><saml:Issuer>{issuer}</saml:Issuer>'
        f"<saml:NameID>{name_id}</saml:NameID>{session}</samlp:LogoutRequest>"
    )


def deflate(document):
    deflater = zlib.compressobj(wbits=-15)
    data = document if isinstance(document, bytes) else document.encode()
    return base64.b64encode(deflater.compress(data) + deflater.flush()).decode()


def send(connection, document, **query):
    """From a frame of the identity provider: without our cookies."""
    return Client().get(f"/saml/{connection.id}/logout", {"SAMLRequest": deflate(document), **query})


@pytest.fixture
def signed_in(browser, ada):
    browser.sign_on()
    return browser


def test_an_unsigned_request_ends_the_session_that_it_names_without_our_cookie(signed_in):
    """SAML core 3.7.1, 3.7.2 and 3.2.2 (InResponseTo, Destination)."""
    answer = send(signed_in.connection, logout_request(signed_in.connection))

    response = sent_message(answer.headers["Location"], "SAMLResponse")
    assert answer.headers["Location"].startswith(signed_in.connection.slo_url)
    assert (response.get("InResponseTo"), response.get("Destination")) == ("_l1", signed_in.connection.slo_url)
    assert not SignIn.objects.live().exists()
    assert not signed_in.is_signed_in


def test_it_may_leave_the_destination_out_as_some_do(signed_in):
    """SAML core 3.2.1: Destination is optional."""
    send(signed_in.connection, logout_request(signed_in.connection, destination=None))

    assert not SignIn.objects.live().exists()


@pytest.mark.parametrize(
    ("facts", "check"),
    [
        ({"issuer": "https://other/"}, "logout:comes_from_the_connection"),
        ({"destination": "https://other/"}, "logout:is_sent_to_us"),
        ({"issued": -timedelta(minutes=10)}, "logout:is_within_its_time"),
        ({"issued": timedelta(minutes=10)}, "logout:is_within_its_time"),
        ({"index": ""}, "logout:names_a_session"),
        ({"name_id": ""}, "logout:names_a_person"),
    ],
)
def test_a_request_that_is_not_in_order_ends_nothing(signed_in, facts, check):
    """SAML core 3.2.1 and 3.7.1."""
    answer = send(signed_in.connection, logout_request(signed_in.connection, **facts))

    assert answer.status_code == 400
    assert SignIn.objects.live().exists()
    assert [entry.after["check"] for entry in refusals()] == [check]


@pytest.mark.parametrize("facts", [{"index": "_other"}, {"name_id": "eve@contoso.com"}])
def test_a_request_for_another_session_or_person_ends_nothing(signed_in, facts):
    """SAML core 3.7.3.1."""
    answer = send(signed_in.connection, logout_request(signed_in.connection, **facts))

    assert answer.status_code == 302
    assert SignIn.objects.live().exists()


def test_a_request_is_taken_once(signed_in):
    """SAML core 1.3.4: no ID is assigned to two messages."""
    document = logout_request(signed_in.connection)
    send(signed_in.connection, document)
    signed_in.sign_on(assertion_id="_2", response_id="_r2")

    answer = send(signed_in.connection, document)

    assert answer.status_code == 400
    assert SignIn.objects.live().exists()


def test_relay_state_is_handed_back_and_never_followed(signed_in):
    """SAML bindings 3.4.3."""
    answer = send(signed_in.connection, logout_request(signed_in.connection), RelayState="https://evil.example/")

    assert answer.headers["Location"].startswith(signed_in.connection.slo_url)


def test_a_bomb_is_not_inflated(signed_in):
    """SAML bindings 3.4.4.1."""
    bomb = deflate(b"<x>" + b"0" * 50_000_000)

    answer = Client().get(f"/saml/{signed_in.connection.id}/logout", {"SAMLRequest": bomb})

    assert answer.status_code == 400
    assert "64 KB" in refusal_text(refusals()[0])


@pytest.mark.parametrize("value", ["", "%%%", "AAAA", base64.b64encode(b"<x/>").decode()])
def test_junk_is_refused(connection, value):
    """SAML bindings 3.4.4.1."""
    assert Client().get(f"/saml/{connection.id}/logout", {"SAMLRequest": value}).status_code == 400
    assert Client().get(f"/saml/{connection.id}/logout", {"SAMLResponse": value}).status_code == 400


def signed_query(connection, document, keys):
    encoded = f"SAMLRequest={quote(deflate(document), safe='')}&SigAlg={quote(RSA_SHA256, safe='')}"
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(keys.key_pem, xmlsec.KeyFormat.PEM, None)
    value = base64.b64encode(context.sign_binary(encoded.encode(), xmlsec.Transform.RSA_SHA256)).decode()
    return f"/saml/{connection.id}/logout?{encoded}&Signature={quote(value, safe='')}"


def test_a_signed_request_may_end_all_sessions_of_a_person(signed_in):
    """SAML core 3.7.3.1: without SessionIndex, all sessions of the principal."""
    address = signed_query(signed_in.connection, logout_request(signed_in.connection, index=""), key_pair())

    assert Client().get(address).status_code == 302
    assert not SignIn.objects.live().exists()


def test_a_signature_that_does_not_fit_is_worse_than_none(signed_in):
    """SAML bindings 3.4.4.1."""
    address = signed_query(signed_in.connection, logout_request(signed_in.connection), key_pair("mallory"))

    assert Client().get(address).status_code == 400
    assert SignIn.objects.live().exists()


def test_a_parameter_that_is_there_twice_is_refused(signed_in):
    """SAML bindings 3.4.4.1."""
    address = signed_query(signed_in.connection, logout_request(signed_in.connection), key_pair())
    other = quote(deflate(logout_request(signed_in.connection, name_id="eve@contoso.com")), safe="")

    assert Client().get(f"{address}&SAMLRequest={other}").status_code == 400


def test_a_request_may_come_by_post_with_the_signature_inside(signed_in):
    """SAML bindings 3.5.4, core 5.4."""
    tree = sign(etree.fromstring(logout_request(signed_in.connection, index="")))
    value = base64.b64encode(etree.tostring(tree)).decode()

    answer = Client().post(f"/saml/{signed_in.connection.id}/logout", {"SAMLRequest": value})

    assert answer.status_code == 302
    assert not SignIn.objects.live().exists()


def test_our_own_sign_out_needs_a_token_against_forgery(signed_in):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = signed_in.client.cookies

    assert strict.post(f"/saml/{signed_in.connection.id}/logout").status_code == 403
    assert SignIn.objects.live().exists()


def test_our_own_sign_out_ends_the_session_and_leads_on_to_the_identity_provider(signed_in):
    """SAML profiles 4.4.4.1: NameID and SessionIndex as they were received."""
    page = signed_in.client.post(f"/saml/{signed_in.connection.id}/logout").content.decode()

    assert not SignIn.objects.live().exists()
    onward = page.split("url=")[1].split('"')[0].replace("&amp;", "&")
    request = sent_message(onward, "SAMLRequest")
    assert request.findtext("saml:NameID", namespaces=NS) == "ada.obi@contoso.com"
    assert request.findtext("samlp:SessionIndex", namespaces=NS) == "_s0000000000000001"
