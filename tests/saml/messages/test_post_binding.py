"""An identity provider that takes messages by the HTTP-POST binding only, and answers that go to another address."""

import base64
import re

import pytest
from django.test import Client
from django.urls import reverse
from lxml import etree
from saml2 import BINDING_HTTP_POST
from saml2.request import IncorrectlySigned
from signxml import XMLVerifier

from saml.connections.key_pairs import key_pairs
from saml.connections.lifecycle import create_connection
from saml.models import Connection
from tests.builders import ADMIN, link, make_user, map_group
from tests.saml.conftest import Browser, choose, sent_message
from tests.saml.documents import product
from tests.saml.forge import encode, signed_response
from tests.saml.idp import Idp
from tests.saml.keys import key_pair
from tests.saml.logout.test_logout import logout_request

NAMES = {"samlp": "urn:oasis:names:tc:SAML:2.0:protocol", "saml": "urn:oasis:names:tc:SAML:2.0:assertion"}
needs_database = pytest.mark.django_db


@pytest.fixture
def connection(db: None) -> Connection:
    return create_connection("Post only", document=product("post_only"), actor=ADMIN)


def posted(answer, parameter: str = "SAMLRequest") -> tuple[str, etree._Element]:
    """Where the page's form goes, and the message in it."""
    text = answer.content.decode()
    action = re.search(r'<form[^>]*\saction="([^"]*)"', text)
    value = re.search(rf'name="{parameter}" value="([^"]*)"', text)
    assert action, text
    assert value, text
    return action[1], etree.fromstring(base64.b64decode(value[1]))


def test_the_request_is_a_form_that_is_posted(connection):
    """SAML bindings 3.5.4 (the form) and 3.5.5.1 (no caching), core 3.4.1."""
    client = Client()
    answer = client.get(f"/saml/{connection.id}/sso")

    action, message = posted(answer)
    assert (answer.status_code, action) == (200, "https://login.example.org/post/sso")
    assert (etree.QName(message).localname, message.get("Destination")) == ("AuthnRequest", action)
    assert "Continue to Post only" in answer.content.decode()
    assert any("saml" in name for name in client.cookies)
    assert "no-cache" in answer.headers["Cache-Control"]


def test_the_page_works_under_the_strict_policy(connection):
    answer = Client().get(f"/saml/{connection.id}/sso")

    policy = answer.headers["Content-Security-Policy"]
    directives = {words.split()[0]: set(words.split()[1:]) for words in policy.split(";")}
    assert directives["form-action"] == {"'self'", "https:"}
    assert directives["script-src"] == {"'self'"}
    text = answer.content.decode()
    assert "<script>" not in text
    assert not re.search(r"\son[a-z]+=", text)
    assert re.search(r'<script type="module" src="/static/gatekeeper/site[^"]*\.js"', text)
    other = Client().get("/sign-in/").headers["Content-Security-Policy"]
    assert "form-action 'self';" in f"{other};"


def test_it_is_signed_for_who_wants_that_and_another_library_verifies_it(connection):
    """SAML metadata 2.4.3 (WantAuthnRequestsSigned), core 5.4."""
    assert connection.sign_requests
    _, message = posted(Client().get(f"/saml/{connection.id}/sso"))

    assert [etree.QName(child).localname for child in message][:2] == ["Issuer", "Signature"]
    certificate = key_pairs(connection)[0].certificate.pem
    verified = XMLVerifier().verify(message, x509_cert=certificate, id_attribute="ID").signed_xml
    assert verified.get("ID") == message.get("ID")
    choose(connection, sign_requests=False)
    _, message = posted(Client().get(f"/saml/{connection.id}/sso"))
    assert [etree.QName(child).localname for child in message] == ["Issuer"]


def test_pysaml2_takes_it_and_not_a_changed_one(db):
    """SAML bindings 3.5.4, core 5.4."""
    idp = Idp("https://idp.example", key_pair())
    idp.wants_signed = idp.post_only = True
    connection = create_connection("pysaml2", document=idp.metadata(), actor=ADMIN)
    idp.trust_document(Client().get(f"/saml/{connection.id}/metadata").content.decode())
    text = Client().get(f"/saml/{connection.id}/sso").content.decode()
    value = re.search(r'name="SAMLRequest" value="([^"]*)"', text)
    assert value

    assert idp.answer_sign_on({"SAMLRequest": value[1]}, "ada.obi@contoso.com")[0].endswith("/acs")
    changed = base64.b64encode(base64.b64decode(value[1]).replace(b"/acs", b"/acx"))
    with pytest.raises(IncorrectlySigned, match="not signed correctly"):
        idp._saml().parse_authn_request(changed.decode(), BINDING_HTTP_POST)


@pytest.fixture
def ada(connection):
    map_group(None, "collaborator")
    user = make_user("ada.obi@contoso.com")
    link()
    return user


def sign_on(connection: Connection) -> Browser:
    browser = Browser(connection, Client())
    _, message = posted(browser.client.get(f"/saml/{connection.id}/sso"))
    facts = browser.facts(message.get("ID"), issuer=connection.idp_entity_id, response_issuer=connection.idp_entity_id)
    assert browser.post(signed_response(facts)).status_code == 302
    return browser


def test_somebody_signs_in_and_out_by_posts(connection, ada):
    """SAML bindings 3.5, profiles 4.1 and 4.4."""
    browser = sign_on(connection)
    assert browser.is_signed_in

    action, message = posted(browser.client.post(f"/saml/{connection.id}/logout"))

    assert (action, etree.QName(message).localname) == ("https://login.example.org/post/slo", "LogoutRequest")
    assert message.find("saml:NameID", NAMES).text == "ada.obi@contoso.com"
    XMLVerifier().verify(message, x509_cert=key_pairs(connection)[0].certificate.pem, id_attribute="ID")
    assert not browser.is_signed_in


@pytest.mark.parametrize(
    ("name", "binding", "where"),
    [
        ("post_only", "post", "https://login.example.org/post/slo/answer"),
        ("ping", "post", "https://sso.example.net/idp/SLO-answer.saml2"),
        ("simplesamlphp", "redirect", "https://idp.example.edu/simplesaml/saml2/idp/SingleLogoutService.php?answer=1"),
        ("adfs", "redirect", "https://adfs.contoso.com/adfs/ls/"),
    ],
)
@needs_database
def test_the_answer_to_a_logout_request_goes_where_the_metadata_says(name, binding, where):
    """SAML metadata 2.2.2: ResponseLocation."""
    connection = create_connection(name, document=product(name), actor=ADMIN)
    request = logout_request(connection, issuer=connection.idp_entity_id)

    answer = Client().post(f"/saml/{connection.id}/logout", {"SAMLRequest": encode(request)})

    if binding == "post":
        action, message = posted(answer, "SAMLResponse")
    else:
        action, message = answer.headers["Location"], sent_message(answer.headers["Location"], "SAMLResponse")
    assert action.startswith(where)
    assert message.get("Destination") == where


@needs_database
def test_who_types_an_address_is_led_on_by_the_same_page(connection):
    choose(connection, domains=("contoso.com",))

    answer = Client().post(reverse("web:home_realm"), {"account": "ada@contoso.com"})

    assert posted(answer)[0] == "https://login.example.org/post/sso"
