"""Metadata as it is: what each product sends is taken, with what is peculiar to it."""

import pytest

from saml.errors import MetadataRefused
from saml.metadata import SeveralIdentityProviders, read_metadata
from tests.saml.certificates import made
from tests.saml.documents import (
    ENTITY,
    POST,
    PRODUCTS,
    REDIRECT,
    SSO,
    aggregate,
    document,
    entity,
    idp,
    key,
    product,
    service,
)
from tests.saml.forge import fingerprint, metadata
from tests.saml.keys import key_pair

OURS = fingerprint(key_pair())
# entityID, how many certificates, sign-on binding, logout binding ("" without logout), wants signed requests
EXPECTED = {
    "okta": ("http://www.okta.com/exk1fcia6d6EMsf331d8", 1, "redirect", "", False),
    "google": ("https://accounts.google.com/o/saml2?idpid=C01abcdef", 1, "redirect", "", False),
    "keycloak_old": ("https://sso.example.org/auth/realms/staff", 1, "redirect", "redirect", True),
    "keycloak": ("https://sso.example.org/realms/staff", 2, "redirect", "redirect", True),
    "adfs": ("http://adfs.contoso.com/adfs/services/trust", 1, "redirect", "redirect", False),
    "onelogin": (
        "https://app.onelogin.com/saml/metadata/0a1b2c3d-0000-4000-8000-000000000001",
        1,
        "redirect",
        "redirect",
        False,
    ),
    "ping": ("https://sso.example.net/idp", 1, "redirect", "post", False),
    "jumpcloud": ("JumpCloud", 1, "redirect", "", False),
    "auth0": ("urn:dev-abc.eu.auth0.com", 1, "redirect", "redirect", False),
    "authentik": ("authentik", 1, "redirect", "redirect", True),
    "simplesamlphp": ("https://idp.example.edu/simplesaml/saml2/idp/metadata.php", 1, "redirect", "redirect", False),
    "shibboleth": ("https://idp.example.ac.uk/idp/shibboleth", 2, "redirect", "redirect", False),
    "post_only": ("https://login.example.org/post", 1, "post", "post", True),
}


def test_every_document_in_the_folder_is_in_the_table():
    assert sorted(EXPECTED) == PRODUCTS


@pytest.mark.parametrize("name", PRODUCTS)
@pytest.mark.parametrize(
    "form",
    [
        lambda text: text,
        lambda text: b"\xef\xbb\xbf" + text,
        lambda text: text.decode().replace("UTF-8", "UTF-16").encode("utf-16"),
        lambda text: b"\xfe\xff" + text.decode().replace("UTF-8", "utf-16").encode("utf-16-be"),
        lambda text: text.replace(b'encoding="UTF-8"', b'encoding="ISO-8859-1"'),
    ],
    ids=["as it is", "UTF-8 with a BOM", "UTF-16", "UTF-16, big-endian", "ISO-8859-1"],
)
def test_what_each_product_sends_is_taken(name, form):
    """SAML metadata 2.3 and 2.4.3."""
    facts = read_metadata(form(product(name)))

    entity_id, certificates, sign_on, logout, wants_signed = EXPECTED[name]
    assert (facts.entity_id, len(facts.certificates), facts.sso_binding) == (entity_id, certificates, sign_on)
    assert (facts.slo_binding if facts.slo_url else "", facts.wants_signed_requests) == (logout, wants_signed)
    assert OURS in {each.sha256 for each in facts.certificates}
    assert facts.left_out == ()


def test_where_answers_to_logout_requests_go_is_read():
    """SAML metadata 2.2.2: ResponseLocation."""
    assert read_metadata(product("ping")).slo_response_url == "https://sso.example.net/idp/SLO-answer.saml2"
    assert read_metadata(product("simplesamlphp")).slo_response_url.endswith("?answer=1")
    assert read_metadata(product("adfs")).slo_response_url == ""


# ── Aggregates ───────────────────────────────────────────────────────────────────────────────────────────────────

A, B = "https://a.example/idp", "https://b.example/idp"
SP = entity('<md:SPSSODescriptor protocolSupportEnumeration="x"/>', entity_id="https://sp.example/")
NAMED = entity(
    idp(
        '<md:Extensions><mdui:UIInfo xmlns:mdui="urn:oasis:names:tc:SAML:metadata:ui">'
        "<mdui:DisplayName>University of B</mdui:DisplayName></mdui:UIInfo></md:Extensions>",
        key(key_pair().certificate_base64),
        service(),
    ),
    entity_id=B,
)


@pytest.mark.parametrize(
    "content",
    [
        aggregate(entity(entity_id=A)),
        aggregate(aggregate(aggregate(entity(entity_id=A)))),
        aggregate(SP, entity(entity_id=A), SP),
        aggregate(
            aggregate(SP), aggregate(entity(entity_id=A)), attributes='Name="urn:x" validUntil="2999-01-01T00:00:00Z"'
        ),
    ],
    ids=["alone", "nested", "among service providers", "in one of several aggregates"],
)
def test_the_one_identity_provider_of_an_aggregate_is_taken(content):
    """SAML metadata 2.3.1."""
    assert read_metadata(document(content)).entity_id == A


@pytest.mark.parametrize("nested", [False, True])
def test_of_several_identity_providers_one_has_to_be_chosen(nested):
    """SAML metadata 2.3.1."""
    inner = (entity(entity_id=A), NAMED, SP)
    content = document(aggregate(aggregate(*inner)) if nested else aggregate(*inner))

    with pytest.raises(SeveralIdentityProviders, match="2 identity providers: choose one by its entityID") as refused:
        read_metadata(content)

    assert {each.entity_id: each.name for each in refused.value.choices} == {A: "", B: "University of B"}
    assert read_metadata(content, wanted=B).entity_id == B
    with pytest.raises(SeveralIdentityProviders, match="does not describe https://c"):
        read_metadata(content, wanted="https://c.example/")


def test_a_large_aggregate_is_read_up_to_the_limit():
    entities = [entity(entity_id=f"https://{number}.example/idp") for number in range(750)]
    content = document(aggregate(*entities))
    assert 900_000 < len(content) <= 1024 * 1024

    assert read_metadata(content, wanted="https://749.example/idp").entity_id == "https://749.example/idp"
    with pytest.raises(SeveralIdentityProviders, match=r"750 identity providers.* and 745 more"):
        read_metadata(content)
    with pytest.raises(MetadataRefused, match="larger than 1 MB"):
        read_metadata(document(aggregate(*entities, *entities)))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (aggregate(), "without any entity"),
        (aggregate(SP), "service provider"),
        (aggregate(entity(entity_id=A), entity(entity_id=A)), "more than once"),
    ],
)
def test_an_aggregate_without_an_identity_provider_says_what_it_has(content, words):
    """SAML metadata 2.3.1 and 2.4.3."""
    with pytest.raises(MetadataRefused, match=words):
        read_metadata(document(content), wanted=A)


# ── Addresses ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("services", "expected"),
    [
        ([(REDIRECT, SSO)], ("redirect", SSO)),
        ([(POST, SSO)], ("post", SSO)),
        ([(POST, f"{SSO}/post"), (REDIRECT, f"{SSO}/redirect")], ("redirect", f"{SSO}/redirect")),
        ([(REDIRECT, "http://idp.example.org/"), (POST, SSO)], ("post", SSO)),
        ([(REDIRECT, f"  {SSO}\n")], ("redirect", SSO)),
    ],
)
def test_the_redirect_binding_comes_first_and_post_will_do(services, expected):
    """SAML metadata 2.4.3, bindings 3.4 and 3.5."""
    sent = [service(binding=binding, location=location) for binding, location in services]

    facts = read_metadata(document(entity(idp(key(key_pair().certificate_base64), *sent))))

    assert (facts.sso_binding, facts.sso_url) == expected


@pytest.mark.parametrize(
    ("location", "allowed"),
    [
        ("http://127.0.0.1:8080/sso", True),
        ("http://localhost:8080/sso", True),
        ("http://[::1]:8080/sso", True),
        ("http://idp.localhost/sso", True),
        ("http://idp.example.org/sso", False),
        ("http://10.0.0.1/sso", False),
        ("http://127.0.0.1.example.org/sso", False),
    ],
)
def test_plain_http_is_for_this_machine_only(location, allowed):
    content = document(entity(idp(key(key_pair().certificate_base64), service(location=location))))

    if allowed:
        assert read_metadata(content, allow_http=True).sso_url == location
    else:
        with pytest.raises(MetadataRefused, match="not an https address"):
            read_metadata(content, allow_http=True)
    with pytest.raises(MetadataRefused, match="not an https address"):
        read_metadata(content)


def test_a_logout_address_that_cannot_be_used_is_left_out_and_said_so():
    """SAML metadata 2.4.2: SingleLogoutService is optional."""
    sign_out = service("SingleLogoutService", location="http://idp.example.org/slo")

    facts = read_metadata(document(entity(idp(key(key_pair().certificate_base64), sign_out, service()))))

    assert facts.slo_url == ""
    assert "The logout address was left out" in str(facts.left_out[0])


# ── What is something else ───────────────────────────────────────────────────────────────────────────────────────

ROLE = (
    '<md:RoleDescriptor xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:fed="urn:fed" '
    'xsi:type="fed:SecurityTokenServiceType" protocolSupportEnumeration="http://docs.oasis-open.org/wsfed/federation/200706"/>'
)
LOGIN = b'<!DOCTYPE html><html><body><form><input type="password"></form></body></html>'
SOMETHING_ELSE = {
    "nothing": (b"", "it is empty"),
    "white space": (b" \r\n\xef\xbb\xbf", "it is empty"),
    "a sign-in page": (LOGIN, "a sign-in page .HTML."),
    "a page": (b"<html><body>Welcome</body></html>", "a web page .HTML."),
    "a page that is no XML": (b"<HTML><br><p>Maintenance", "a web page .HTML."),
    "OpenID Connect": (b'{"issuer": "https://x", "authorization_endpoint": "https://x/a"}', "OpenID Connect discovery"),
    "a key set": (b'{"keys": []}', "JSON Web Key Set"),
    "JSON": (b"[1, 2]", "it is JSON"),
    "half of a JSON": (b'{"issuer": ', "it looks like JSON"),
    "a certificate, PEM": (key_pair().certificate_pem, "it is a certificate, not metadata"),
    "a private key": (key_pair().key_pem, "it is a private key, not metadata"),
    "a certificate, DER": (made().der, "it is a certificate, not metadata"),
    "an address": (b"https://login.example/metadata.xml\n", "it is an address, not a document"),
    "a ZIP archive": (b"PK\x03\x04....", "a ZIP archive"),
    "compressed": (b"\x1f\x8b\x08....", "compressed"),
    "a PDF": (b"%PDF-1.7 ...", "a PDF document"),
    "any text": (b"hello", "not well-formed XML"),
    "any XML": (b"<rss/>", "XML with the root rss"),
    "a store's error": (b"<Error><Code>AccessDenied</Code></Error>", "error instead of metadata: AccessDenied"),
    "a SAML message": (
        b'<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"/>',
        "a SAML message .Response.",
    ),
    "another namespace": (b"<EntityDescriptor/>", "in the namespace none"),
    "a service provider": (document(SP), "a service provider, not an identity provider"),
    "this site's own": (
        document(
            entity(
                '<md:SPSSODescriptor protocolSupportEnumeration="x"/>', entity_id="http://testserver/saml/1/metadata"
            )
        ),
        "this site's own metadata",
    ),
    "WS-Federation": (document(entity(ROLE)), "WS-Federation only"),
    "SAML 1.1": (
        document(entity(idp(protocols="urn:oasis:names:tc:SAML:1.1:protocol"))),
        "other protocols than SAML 2.0",
    ),
    "an attribute authority": (document(entity("<md:AttributeAuthorityDescriptor/>")), "does not describe an identity"),
    "half of UTF-16": (b"\xff\xfe<\x00?\x00\x00", "begins like UTF-16"),
    "a document type": (b"<!DOCTYPE x>" + metadata(bom=False), "DOCTYPE"),
    "no sign-on": (document(entity(idp(key(key_pair().certificate_base64)))), "no sign-on address"),
    "SOAP only": (
        document(entity(idp(key(key_pair().certificate_base64), service(binding="urn:x:bindings:SOAP")))),
        "only SOAP",
    ),
    "no certificate": (document(entity(idp(service()))), "no signing certificate that can be used"),
    "two of one kind": (document(entity(idp(), idp())), "two SAML 2.0 identity providers"),
    "no entityID": (document(entity(entity_id="")), "no usable entityID"),
}


@pytest.mark.parametrize(("given", "words"), SOMETHING_ELSE.values(), ids=SOMETHING_ELSE)
def test_a_refusal_speaks_of_the_document_at_hand(settings, given, words):
    settings.PUBLIC_URL = "http://testserver"

    with pytest.raises(MetadataRefused, match=words) as refused:
        read_metadata(given)

    assert "\n" not in refused.value.reason
    assert len(refused.value.reason) < 400
    assert "Entra" not in refused.value.reason


def test_what_nobody_foresaw_is_a_refusal_with_a_reference(monkeypatch):
    def breaks(descriptor):
        raise KeyError("surprise")

    monkeypatch.setattr("saml.metadata.facts.signing_keys", breaks)

    with pytest.raises(MetadataRefused, match=r"not foreseen; the log says what, under [0-9a-f]{12}"):
        read_metadata(document(entity()))


def test_the_plain_document_of_these_tests_is_taken():
    assert read_metadata(document(entity())).entity_id == ENTITY
