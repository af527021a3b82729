"""The identity provider simulator by itself, over WSGI."""

import base64
import re
import stat
import zlib
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from lxml import etree
from signxml.verifier import XMLVerifier

from entra_client.directory.company import make_company
from pretend_entra.identity_provider.addresses import ServiceProvider, connect_service_provider
from pretend_entra.identity_provider.application import IdentityProvider
from pretend_entra.identity_provider.messages import SAML, SAMLP, read_message, redirect_address
from pretend_entra.identity_provider.server import identity_provider

COMPANY = make_company(people=20, groups=5, seed=1)
SITE = ServiceProvider(
    entity_id="https://site.example/saml/1/metadata",
    acs_url="https://site.example/saml/1/acs",
    logout_url="https://site.example/saml/1/logout",
)
PERSON = COMPANY.people[3]


@pytest.fixture
def idp(tmp_path: Path) -> IdentityProvider:
    connect_service_provider(tmp_path, SITE)
    return identity_provider(COMPANY, tmp_path, 8090)


@pytest.fixture
def browser(idp: IdentityProvider) -> httpx.Client:
    return httpx.Client(transport=httpx.WSGITransport(app=idp), base_url=idp.addresses.origin)


def sign_on_request(*, acs_url: str = SITE.acs_url, issuer: str = SITE.entity_id) -> str:
    return (
        f'<samlp:AuthnRequest xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="_request" Version="2.0" '
        f'AssertionConsumerServiceURL="{acs_url}"><saml:Issuer>{issuer}</saml:Issuer></samlp:AuthnRequest>'
    )


def begin(browser: httpx.Client, idp: IdentityProvider, message: str, relay_state: str = "r") -> httpx.Response:
    return browser.get(redirect_address(idp.addresses.saml_url, "SAMLRequest", message, relay_state))


def hidden(page: httpx.Response) -> dict[str, str]:
    pairs = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text)
    return {name: unescape(value) for name, value in pairs}


def pick(browser: httpx.Client, idp: IdentityProvider, page: httpx.Response, object_id: str) -> httpx.Response:
    return browser.post(f"{idp.addresses.base_path}/sign-in", data=hidden(page) | {"person": object_id})


def test_the_metadata_begins_with_a_byte_order_mark_and_has_the_other_role_first(browser, idp):
    answer = browser.get(idp.addresses.metadata_url)
    assert answer.content.startswith(b"\xef\xbb\xbf<?xml")
    root = etree.fromstring(answer.content)
    assert root.get("entityID") == idp.addresses.entity_id
    assert [etree.QName(child).localname for child in root] == ["RoleDescriptor", "IDPSSODescriptor"]


def test_the_key_stays_the_same_and_only_its_owner_may_read_it(idp):
    again = identity_provider(COMPANY, idp.folder, 8090)
    assert again.key == idp.key
    assert stat.S_IMODE((idp.folder / "signing-key.pem").stat().st_mode) == 0o600


def test_the_signed_assertion_says_who_for_whom_and_in_answer_to_what(browser, idp):
    page = begin(browser, idp, sign_on_request())
    answer = pick(browser, idp, page, PERSON.object_id)
    fields = hidden(answer)
    assert fields["RelayState"] == "r"
    document = base64.b64decode(fields["SAMLResponse"])
    verified = XMLVerifier().verify(document, x509_cert=idp.key.certificate_pem.decode(), id_attribute="ID")
    assertion = verified.signed_xml
    assert assertion.findtext(f".//{{{SAML}}}NameID") == PERSON.user_name
    assert assertion.findtext(f".//{{{SAML}}}Audience") == SITE.entity_id
    confirmation = assertion.find(f".//{{{SAML}}}SubjectConfirmationData")
    assert (confirmation.get("Recipient"), confirmation.get("InResponseTo")) == (SITE.acs_url, "_request")
    claims = {
        one.get("Name").rsplit("/", 1)[1]: one.findtext(f"{{{SAML}}}AttributeValue")
        for one in assertion.iter(f"{{{SAML}}}Attribute")
    }
    assert claims["objectidentifier"] == PERSON.object_id
    assert claims["tenantid"] == COMPANY.tenant_id
    response = etree.fromstring(document)
    assert (response.get("Destination"), response.get("InResponseTo")) == (SITE.acs_url, "_request")


def test_the_posting_page_needs_no_inline_script_and_may_only_post_to_the_site(browser, idp):
    answer = pick(browser, idp, begin(browser, idp, sign_on_request()), PERSON.object_id)
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "form-action 'self' https://site.example" in policy
    assert "<button>Continue</button>" in answer.text
    assert re.findall(r"<script[^>]*>", answer.text) == ['<script src="static/post.js" defer>']
    assert browser.get(f"{idp.addresses.base_path}/static/post.js").status_code == 200


def test_an_answer_without_a_request_names_none_and_then_nothing_is_asked(browser, idp):
    launched = pick(browser, idp, browser.get(idp.addresses.launch_url), PERSON.object_id)
    assert b"InResponseTo" not in base64.b64decode(hidden(launched)["SAMLResponse"])
    again = begin(browser, idp, sign_on_request())
    assert PERSON.user_name.encode() in base64.b64decode(hidden(again)["SAMLResponse"])
    assert "Pick a person" in begin(browser, idp, sign_on_request()).text


def test_the_search_finds_people_by_name_title_and_group(browser, idp):
    everybody = browser.get(idp.addresses.launch_url)
    assert everybody.text.count('name="person"') == 25
    found = browser.get(f"{idp.addresses.base_path}/pick", params={"q": PERSON.user_name.upper()})
    assert found.text.count('name="person"') == 1
    nobody = browser.get(f"{idp.addresses.base_path}/pick", params={"q": '"><script>'})
    assert "Nobody matches" in nobody.text
    assert "<script" not in nobody.text


def test_a_search_keeps_the_request_that_it_began_with(browser, idp):
    page = begin(browser, idp, sign_on_request())
    found = browser.get(f"{idp.addresses.base_path}/pick", params=hidden(page) | {"q": "a"})
    assert hidden(found) == hidden(page)


def test_who_is_not_assigned_is_refused_as_entra_does(browser, idp):
    answer = pick(browser, idp, begin(browser, idp, sign_on_request()), idp.unassigned[0].object_id)
    assert answer.status_code == 403
    assert "AADSTS50105" in answer.text


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (sign_on_request(acs_url="https://evil.example/acs"), "AADSTS50011"),
        (sign_on_request(issuer="https://evil.example"), "AADSTS700016"),
    ],
)
def test_a_request_of_another_site_is_refused(browser, idp, message: str, code: str):
    answer = begin(browser, idp, message)
    assert answer.status_code == 403
    assert code in answer.text


def encoded(content: bytes) -> str:
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return base64.b64encode(deflater.compress(content) + deflater.flush()).decode()


@pytest.mark.parametrize(
    "value",
    [
        "",
        "%%%",
        base64.b64encode(b"no deflate").decode(),
        encoded(b"<a"),
        encoded(b" " * 1_000_000),
        encoded(b"<!DOCTYPE a><a/>"),
    ],
    ids=["nothing", "no base64", "not deflated", "no XML", "a bomb", "a document type"],
)
def test_a_message_that_is_none_gets_a_plain_page(browser, idp, value: str):
    answer = browser.get(f"{idp.addresses.base_path}/saml2?{urlencode({'SAMLRequest': value})}")
    assert answer.status_code == 400
    assert "That was not understood" in answer.text


def test_a_logout_of_the_site_is_answered_and_forgets_the_sign_in(browser, idp):
    pick(browser, idp, begin(browser, idp, sign_on_request()), PERSON.object_id)
    logout = (
        f'<samlp:LogoutRequest xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="_out"><saml:Issuer>{SITE.entity_id}'
        f"</saml:Issuer><saml:NameID>{PERSON.user_name}</saml:NameID></samlp:LogoutRequest>"
    )
    answer = begin(browser, idp, logout, "back")
    assert answer.status_code == 302
    target = urlsplit(answer.headers["location"])
    assert f"{target.scheme}://{target.netloc}{target.path}" == SITE.logout_url
    query = parse_qs(target.query)
    assert query["RelayState"] == ["back"]
    assert read_message(query["SAMLResponse"][0]).kind == "LogoutResponse"
    assert not idp.sessions


def test_a_logout_that_begins_here_names_the_session(browser, idp):
    pick(browser, idp, begin(browser, idp, sign_on_request()), PERSON.object_id)
    (index,) = idp.sessions
    assert PERSON.user_name.replace("'", "&#x27;") in browser.get(f"{idp.addresses.base_path}/sessions").text
    answer = browser.post(f"{idp.addresses.base_path}/sign-out", data={"session": index})
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert read_message(query["SAMLRequest"][0]).name_id == PERSON.user_name


def test_before_a_site_is_connected_nobody_can_sign_in(tmp_path: Path):
    idp = identity_provider(COMPANY, tmp_path, 8090)
    browser = httpx.Client(transport=httpx.WSGITransport(app=idp), base_url=idp.addresses.origin)
    assert "No site is connected yet" in begin(browser, idp, sign_on_request()).text


def test_an_unknown_address_is_a_page_with_404(browser):
    assert browser.get("/nothing").status_code == 404
