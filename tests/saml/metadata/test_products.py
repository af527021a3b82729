"""Which product an identity provider is, and that each is spoken to in its own words and in nobody else's."""

import re
from dataclasses import fields

import pytest
from django.test import Client

from saml.connections.lifecycle import create_connection
from saml.debugger.advice import ADVICE, BY_CAUSE, advice_about, usable_claims
from saml.metadata.products import PATTERNS, PRODUCTS, UNKNOWN, Product, recognised_key
from saml.models import SignInAttempt
from tests.builders import ADMIN
from tests.saml.conftest import Browser
from tests.saml.forge import metadata
from tests.web.pages import text_of

ALL = (*PRODUCTS.values(), UNKNOWN)
# Words that belong to one product. Whoever is not that one must never read them.
OWN_WORDS = {
    "entra": ("Entra", "AADSTS", "Unique User Identifier", "Attributes & Claims", "App Federation", "Reply URL"),
    "okta": ("Okta", "Audience URI", "Application username", "Bookmark App"),
    "google": ("Google", "Primary email", "organisational unit"),
    "keycloak": ("Keycloak", "Client ID", "Force name ID", "role_list"),
    "onelogin": ("OneLogin", "SAML signature element", "URL Validator"),
    "adfs": ("AD FS", "Relying Part", "Adfs"),
    "pingone": ("PingOne", "saml_subject", "Signing key"),
    "pingfederate": ("PingFederate", "SAML_SUBJECT", "Partner's"),
    "jumpcloud": ("JumpCloud", "SAMLSubject"),
    "auth0": ("Auth0", "nameIdentifier", "signResponse"),
    "authentik": ("authentik", "NameID Property Mapping"),
    "simplesamlphp": ("SimpleSAMLphp", "saml20-", "authproc"),
}
GUID = "72f988bf-86f1-41af-91ab-2d7cd011db47"


@pytest.mark.parametrize(
    ("key", "entity_id", "sso_url"),
    [
        ("entra", f"https://sts.windows.net/{GUID}/", f"https://login.microsoftonline.com/{GUID}/saml2"),
        ("entra", f"https://sts.windows.net/{GUID}/", f"https://login.microsoftonline.us/{GUID}/saml2"),
        ("entra", f"https://sts.chinacloudapi.cn/{GUID}/", f"https://login.partner.microsoftonline.cn/{GUID}/saml2"),
        ("okta", "http://www.okta.com/exk1fcia6d6EMsf331d8", "https://dev-1.okta.com/app/a_1/exk1/sso/saml"),
        ("okta", "http://www.okta.com/exk1fcia6d6EMsf331d8", "https://id.contoso.com/app/a_1/exk1/sso/saml"),
        ("okta", "exk1", "https://dev-1.oktapreview.com/app/a_1/exk1/sso/saml"),
        ("google", "https://accounts.google.com/o/saml2?idpid=C0", "https://accounts.google.com/o/saml2/idp?idpid=C0"),
        ("keycloak", "https://id.example.org/realms/staff", "https://id.example.org/realms/staff/protocol/saml"),
        ("keycloak", "https://id.example.org/auth/realms/a", "https://id.example.org/auth/realms/a/protocol/saml"),
        ("keycloak", "our-idp", "http://127.0.0.1:8080/realms/staff/protocol/saml"),
        (
            "onelogin",
            f"https://app.onelogin.com/saml/metadata/{GUID}",
            f"https://a.onelogin.com/trust/saml2/http-redirect/sso/{GUID}",
        ),
        ("adfs", "http://fs.contoso.com/adfs/services/trust", "https://fs.contoso.com/adfs/ls/"),
        ("pingone", f"https://auth.pingone.eu/{GUID}", f"https://auth.pingone.eu/{GUID}/saml20/idp/sso"),
        ("pingone", "our-idp", f"https://login.contoso.com/{GUID}/saml20/idp/sso"),
        ("pingfederate", "contoso", "https://sso.contoso.com/idp/SSO.saml2"),
        ("jumpcloud", "JumpCloud", "https://sso.jumpcloud.com/saml2/gatekeeper"),
        ("jumpcloud", "contoso", "https://sso.eu.jumpcloud.com/saml2/gatekeeper"),
        ("auth0", "urn:contoso.eu.auth0.com", "https://contoso.eu.auth0.com/samlp/kLx0aQ9dPz3Xk2yTn8vB7cR5eW1mF4hJ"),
        ("auth0", "urn:contoso", "https://login.contoso.com/samlp/kLx0aQ9dPz3Xk2yTn8vB7cR5eW1mF4hJ"),
        ("authentik", "authentik", "https://id.example.org/application/saml/gatekeeper/sso/binding/redirect/"),
        (
            "authentik",
            "https://id.example.org/application/saml/g/metadata/",
            "https://id.example.org/application/saml/g/",
        ),
        ("simplesamlphp", "https://id.example.org/simplesaml/saml2/idp/metadata.php", "https://id.example.org/x"),
        ("simplesamlphp", "x", "https://id.example.org/simplesaml/module.php/saml/idp/singleSignOnService"),
        ("", "https://idp.booktable.example/metadata", "https://idp.booktable.example/sso"),
        ("", "http://www.okta.com.evil.example/exk1", "https://notokta.com/app"),
        ("", "https://idp.example.org/idp/shibboleth", "https://idp.example.org/idp/profile/SAML2/Redirect/SSO"),
        ("", "https://auth.example.org/saml/metadata", "https://auth.example.org/saml/singleSignOn"),
        ("", "urn:example:idp", "http://["),
    ],
)
def test_a_product_is_recognised_by_its_metadata_and_by_no_likeness_of_names(key, entity_id, sso_url):
    assert recognised_key(entity_id, sso_url) == key


def test_every_product_can_be_recognised_and_has_a_word_for_everything():
    assert {pattern.key for pattern in PATTERNS} == set(PRODUCTS) == set(OWN_WORDS)
    may_be_empty = {"sso", "logout"}
    for product in ALL:
        for field in fields(Product):
            value = getattr(product, field.name)
            assert value.strip() == value, (product.key, field.name)
            assert value or field.name in may_be_empty, (product.key, field.name)
            assert not value.endswith("."), (product.key, field.name)


SENTENCES = [(check, "") for check in ADVICE] + [("", str(cause)) for cause in BY_CAUSE]


@pytest.mark.parametrize(("check", "cause"), SENTENCES)
@pytest.mark.parametrize("product", ALL, ids=lambda product: product.key)
def test_each_problem_has_words_for_each_product_and_never_anothers(product, check, cause):
    sentence = advice_about(check, cause, product, ["mail"])

    assert sentence.endswith(".")
    assert "{" not in sentence.replace('{"callback"', "")
    own = OWN_WORDS.get(product.key, ())
    for other, words in OWN_WORDS.items():
        if other != product.key:
            found = [word for word in words if re.search(rf"\b{re.escape(word)}", sentence) and word not in own]
            assert found == [], f"{other}'s words in {sentence!r}"


@pytest.mark.parametrize("product", ALL, ids=lambda product: product.key)
def test_what_depends_on_the_product_names_the_place_there(product):
    for check in (
        "is_meant_for_us",
        "is_sent_to_us",
        "has_signed_assertion",
        "has_strong_algorithms",
        "names_a_person",
    ):
        assert product.place in advice_about(check, "", product)


def test_an_unknown_product_gets_neutral_words_and_the_claim_that_the_message_carries():
    words = advice_about("has_a_known_name_format", "transient", UNKNOWN, ["mail"])

    assert "At your identity provider: send the NameID as emailAddress" in words
    assert "or choose a claim" in words
    assert "this message carries mail" in words


@pytest.mark.parametrize(
    ("attributes", "usable"),
    [
        ({"mail": "a•••@c•••", "uid": "a•••"}, ["mail"]),
        ({"mails": "a•••@c•••, b•••@c•••"}, []),
        ({}, []),
        ({"a": "x@y", "b": "x@y", "c": "x@y", "d": "x@y"}, ["a", "b", "c"]),
    ],
)
def test_claims_that_look_like_an_address_are_named_masked_or_not(attributes, usable):
    assert usable_claims({"attributes": attributes}) == usable
    assert usable_claims({}) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("entity_id", "sso_url", "name", "field"),
    [
        (
            "http://www.okta.com/exk1",
            "https://dev-1.okta.com/app/a/exk1/sso/saml",
            "Okta",
            "Okta: Audience URI (SP Entity ID)",
        ),
        ("https://i.example/realms/a", "https://i.example/realms/a/protocol/saml", "Keycloak", "Keycloak: Client ID"),
        ("https://i.example/idp", "https://i.example/sso", "i.example", "Your identity provider: the audience"),
    ],
)
def test_set_up_and_attempts_speak_of_the_product_at_hand(admin_client, entity_id, sso_url, name, field):
    document = metadata(entity_id=entity_id, sso_url=sso_url, slo_url=None)
    made = create_connection(None, document=document, actor=ADMIN)
    browser = Browser(made, Client())

    page = text_of(admin_client.get("/settings/configuration/authentication/"))
    browser.sign_on(issuer=entity_id, response_issuer=entity_id, destination=None)
    attempt = text_of(admin_client.get(f"/sign-in-attempts/{SignInAttempt.objects.latest('pk').pk}/"))

    assert made.name == name
    assert field in page
    assert made.product.acs in attempt
    for words in (page, attempt):
        assert not [word for word in OWN_WORDS["entra"] if word in words]


@pytest.mark.django_db
def test_two_connections_of_one_product_have_two_names(connection):
    assert (
        create_connection(None, document=metadata(entity_id="https://sts.windows.net/x/"), actor=ADMIN).name
        == "Microsoft Entra"
    )
    assert (
        create_connection(None, document=metadata(entity_id="https://sts.windows.net/y/"), actor=ADMIN).name
        == "Microsoft Entra 2"
    )
