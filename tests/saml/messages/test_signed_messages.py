"""What we send is signed when the connection says so; pysaml2, as identity provider, checks it."""

import base64
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.test import Client
from django.utils import timezone
from saml2.request import IncorrectlySigned
from saml2.sigver import verify_redirect_signature

from gatekeeper.directory.models import SignIn
from saml.connections.certificate_health import connection_warnings
from saml.connections.key_pairs import finish_key_change, key_pairs, publish_next_key_pair
from saml.connections.lifecycle import create_connection, refresh_connection
from saml.models import KeyPair
from tests.builders import ADMIN, link, make_user, map_group
from tests.saml.conftest import Browser, choose
from tests.saml.forge import metadata
from tests.saml.idp import Idp
from tests.saml.keys import key_pair
from tests.saml.logout.test_logout import logout_request, send

pytestmark = pytest.mark.django_db
WANTS = (b"<IDPSSODescriptor", b'<IDPSSODescriptor WantAuthnRequestsSigned="true"')


@pytest.fixture
def idp():
    """Not served over HTTP: its documents are handed over."""
    idp = Idp("https://idp.example", key_pair())
    idp.wants_signed = True
    return idp


@pytest.fixture
def browser(db, idp):
    """Ada's, at a connection to the identity provider, which knows our metadata."""
    connection = create_connection("pysaml2", document=idp.metadata(), actor=ADMIN)
    map_group(None, "collaborator")
    make_user("ada.obi@contoso.com")
    link()
    learn(idp, connection)
    return Browser(connection, Client())


def learn(idp, connection):
    idp.trust_document(Client().get(f"/saml/{connection.id}/metadata").content.decode())


def sent(browser, **query):
    """The parameters with which the browser goes to the identity provider."""
    location = browser.client.get(f"/saml/{browser.connection.id}/sso", query).headers["Location"]
    return dict(parse_qsl(urlsplit(location).query))


def comes_in(browser, idp, query):
    _, value = idp.answer_sign_on(query, "ada.obi@contoso.com")
    browser.client.post(f"/saml/{browser.connection.id}/acs", {"SAMLResponse": value})
    return browser.is_signed_in


def test_an_identity_provider_that_wants_signatures_gets_them_from_the_start(browser, idp):
    """SAML metadata 2.4.3: WantAuthnRequestsSigned."""
    assert browser.connection.sign_requests
    assert comes_in(browser, idp, sent(browser))


def test_the_identity_provider_refuses_a_request_that_is_not_signed_or_was_changed(browser, idp):
    """SAML bindings 3.4.4.1."""
    signed = sent(browser)
    changed = {**signed, "SAMLRequest": sent(browser)["SAMLRequest"]}
    choose(browser.connection, sign_requests=False)

    for query in (changed, sent(browser)):
        with pytest.raises(IncorrectlySigned):
            idp.answer_sign_on(query, "ada.obi@contoso.com")


def test_an_assertion_that_pysaml2_encrypted_for_our_metadata_signs_its_person_on(browser, idp):
    """SAML core 2.3.4, metadata 2.4.1.1."""
    idp.encrypts = True

    assert comes_in(browser, idp, sent(browser))


def test_while_keys_change_we_sign_with_the_old_one_and_then_with_the_new_one(browser, idp):
    """SAML metadata 2.4.1.1: several keys of one use."""
    connection = browser.connection
    old = Idp("https://idp.example", key_pair())
    old.wants_signed = True
    learn(old, connection)
    publish_next_key_pair(connection.id, actor=ADMIN)
    old.answer_sign_on(sent(browser), "ada.obi@contoso.com")  # It has not heard of the next certificate.

    finish_key_change(connection.id, actor=ADMIN)
    with pytest.raises(IncorrectlySigned):
        old.answer_sign_on(sent(browser), "ada.obi@contoso.com")
    idp._sp_metadata.clear()
    learn(idp, connection)
    assert comes_in(browser, idp, sent(browser))


def test_the_signature_is_over_the_parameters_as_encoded_in_their_order(browser, idp):
    """SAML bindings 3.4.4.1."""
    choose(browser.connection, sign_requests=True)
    answer = send(browser.connection, logout_request(browser.connection, issuer=idp.metadata_url), RelayState="a b/ü")
    query = urlsplit(answer.headers["Location"]).query

    assert [part.partition("=")[0] for part in query.split("&")] == [
        "SAMLResponse",
        "RelayState",
        "SigAlg",
        "Signature",
    ]
    signed, _, value = query.partition("&Signature=")
    pem = x509.load_der_x509_certificate(bytes(key_pairs(browser.connection)[0].der)).public_bytes(Encoding.PEM)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(pem, xmlsec.KeyFormat.CERT_PEM, None)
    context.verify_binary(signed.encode(), xmlsec.Transform.RSA_SHA256, base64.b64decode(unquote(value)))


def test_a_logout_response_satisfies_pysaml2(browser, idp):
    """SAML bindings 3.4.4.1, core 3.7.2."""
    answer = send(browser.connection, logout_request(browser.connection, issuer=idp.metadata_url), RelayState="a b/ü")
    message = dict(parse_qsl(urlsplit(answer.headers["Location"]).query))
    certificate = base64.b64encode(bytes(key_pairs(browser.connection)[0].der)).decode()

    assert verify_redirect_signature(message, idp._saml().sec.sec_backend, certificate)
    assert not verify_redirect_signature({**message, "RelayState": "other"}, idp._saml().sec.sec_backend, certificate)


def test_a_logout_request_is_signed_and_accepted(browser, idp):
    """SAML bindings 3.4.4.1, core 3.7.1."""
    assert comes_in(browser, idp, sent(browser))
    page = browser.client.post(f"/saml/{browser.connection.id}/logout").content.decode()
    onward = page.split("url=")[1].split('"')[0].replace("&amp;", "&")

    idp.answer_sign_out(dict(parse_qsl(urlsplit(onward).query)))

    assert idp.logouts == ["ada.obi@contoso.com"]


def test_nothing_is_signed_unless_asked_for(connection):
    location = Client().get(f"/saml/{connection.id}/sso").headers["Location"]

    assert "SigAlg" not in location
    assert not connection.sign_requests


def test_a_wish_for_signatures_that_comes_later_is_a_warning_that_names_the_switch(connection):
    refresh_connection(connection.id, document=metadata().replace(*WANTS), actor=ADMIN)
    connection.refresh_from_db()

    assert not connection.sign_requests
    assert any("'Sign our requests'" in each for each in connection_warnings(connection, timezone.now()))
    choose(connection, sign_requests=True)
    connection.refresh_from_db()
    assert not any("'Sign our requests'" in each for each in connection_warnings(connection, timezone.now()))


def test_without_its_key_the_site_says_so_and_signs_people_out_all_the_same(browser, idp):
    assert comes_in(browser, idp, sent(browser))
    KeyPair.objects.update(sealed_key=b"of another site")

    refused = Client().get(f"/saml/{browser.connection.id}/sso")
    assert refused.status_code == 503
    assert "Ask your administrator" in refused.content.decode()
    out = browser.client.post(f"/saml/{browser.connection.id}/logout")
    assert out.status_code == 200
    assert "signed out" in out.content.decode().lower()
    assert not SignIn.objects.live().exists()
