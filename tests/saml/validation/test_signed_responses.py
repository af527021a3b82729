"""A connection may take a signed Response around an unsigned assertion; and what real identity providers write."""

from datetime import timedelta

import pytest
from lxml import etree

from gatekeeper.audit.models import AuditEntry
from saml.debugger.presentation import attempt_reason
from saml.models import Connection, SignInAttempt
from saml.sign_on import expectation_of
from saml.validation.signature import verify
from saml.validation.signature_policy import Signing
from tests.saml.conftest import choose, refusals
from tests.saml.encrypting import encrypted, our_certificate
from tests.saml.forge import NS, OBJECT_ID, compose, sign, signed_response

pytestmark = pytest.mark.django_db


def covered(browser, **facts):
    return sign(compose(browser.facts(browser.begin(), **facts)))


def test_it_is_off_by_default_and_the_refusal_says_which_setting_there_is(browser, ada):
    browser.post(covered(browser))

    assert not browser.is_signed_in
    assert refusals()[0].after["check"] == "has_signed_assertion"


def test_with_the_setting_a_signed_response_signs_its_person_on(browser, ada, connection):
    """SAML core 5.3: an assertion inherits the signature of the Response around it."""
    choose(connection, accept_signed_response=True)

    browser.post(covered(browser, attributes=((OBJECT_ID, "1"),)))

    assert browser.is_signed_in
    assert AuditEntry.objects.filter(event="connection.changed").first().after["accept_signed_response"] is True


def test_with_the_setting_a_signed_assertion_is_taken_as_before(browser, ada, connection):
    """SAML core 5.1."""
    choose(connection, accept_signed_response=True)

    browser.post(signed_response(browser.facts(browser.begin())))

    assert browser.is_signed_in


def test_a_signed_response_covers_what_is_encrypted_in_it(browser, ada, connection):
    """SAML core 5.3 and 6.2."""
    choose(connection, accept_signed_response=True)
    response = encrypted(compose(browser.facts(browser.begin())), our_certificate(connection))

    browser.post(sign(response))

    assert browser.is_signed_in


def test_without_the_setting_it_does_not(browser, ada, connection):
    browser.post(sign(encrypted(compose(browser.facts(browser.begin())), our_certificate(connection))))

    assert not browser.is_signed_in


def test_nothing_is_read_but_what_the_signature_covers(browser, connection):
    """What comes back are other trees, made of the signed bytes: without comments, without what stood around them.

    SAML core 5.3 and 5.4.2.
    """
    choose(connection, accept_signed_response=True)
    response = covered(browser)
    expected = expectation_of(Connection.objects.get(pk=connection.pk))

    verified = verify(response, expected.certificates, Signing.RESPONSE)

    assert verified.response is not response
    assert verified.assertion.getparent() is verified.response
    assert not list(verified.response.iter("{*}Signature"))


def test_the_setting_is_on_the_page_and_in_the_command(admin_client, connection):
    page = admin_client.get("/settings/configuration/authentication/").content.decode()
    assert "Accept a signed Response around an unsigned assertion" in page
    assert "Sign our requests" in page


@pytest.mark.parametrize(
    "facts",
    [
        {"audiences": (("\n          SELF\n      ",),)},
        {"audiences": ((" SELF", "https://other.example"),)},
        {"session_ends": -timedelta(seconds=60)},
        {"confirmed_for": -timedelta(seconds=60)},
        {"ends": -timedelta(seconds=60)},
    ],
)
def test_white_space_and_our_skew_are_accepted_where_the_library_alone_would_not(browser, ada, facts):
    """SAML core 2.5.1.4 (Audience), 2.5.1.2, 2.4.1.2 and 2.7.2 (times)."""
    browser.sign_on(**facts)

    assert browser.is_signed_in, refusals()[0].after


def with_assertion(browser, change):
    """A genuine response whose assertion was changed before it was signed."""
    response = compose(browser.facts(browser.begin()))
    assertion = response.find("saml:Assertion", NS)
    change(assertion)
    response.replace(assertion, sign(assertion))
    return browser.post(response)


def add_empty_attribute_statement(assertion):
    etree.SubElement(assertion, f"{{{NS['saml']}}}AttributeStatement")


def indent_everything(assertion):
    etree.indent(assertion, space="    ")
    for element in assertion.iter("{*}Issuer", "{*}NameID", "{*}Audience", "{*}AuthnContextClassRef"):
        element.text = f"\n        {element.text}\n    "


@pytest.mark.parametrize("change", [add_empty_attribute_statement, indent_everything])
def test_what_the_schema_alone_would_not_allow_is_accepted(browser, ada, change):
    """SAML core 2.7.3 (AttributeStatement), 2.2.2, 2.2.5, 2.5.1.4 and 2.7.2.2 (their text)."""
    with_assertion(browser, change)

    assert browser.is_signed_in, refusals()[0].after


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda each: each.set("Version", "1.1"), ("Assertion", "1.1")),
        (lambda each: each.set("IssueInstant", "yesterday"), ("IssueInstant", "yesterday")),
        (lambda each: each.attrib.pop("IssueInstant"), ("Assertion", "IssueInstant")),
        (lambda each: each.set("Colour", "red"), ("Assertion", "Colour")),
        (lambda each: each.find("saml:AuthnStatement", NS).clear(), ("AuthnStatement", "AuthnInstant")),
        (lambda each: etree.SubElement(each, f"{{{NS['saml']}}}Colour"), ("Assertion", "Colour")),
        (lambda each: each.find(".//saml:Audience", NS).set("Colour", "red"), ("Audience", "Colour")),
    ],
)
def test_a_refusal_by_the_schema_names_the_place_and_the_value(browser, ada, change, words):
    """SAML core 2.3.3 (Assertion), 2.5.1.4 (Audience) and 2.7.2 (AuthnStatement)."""
    with_assertion(browser, change)

    reason = attempt_reason(SignInAttempt.objects.get())
    assert not browser.is_signed_in
    assert all(word in reason for word in words), reason
    assert "does not match" not in reason.lower()
    assert "not match" not in reason.lower()


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"audiences": (("https://other.example",),)}, ("Audience", "https://other.example")),
        ({"destination": "https://other.example/acs"}, ("Destination", "https://other.example/acs")),
        ({"recipient": "https://other.example/acs"}, ("Recipient", "https://other.example/acs")),
        ({"issuer": "https://other.example"}, ("Assertion/Issuer", "https://other.example")),
        ({"response_issuer": "https://other.example"}, ("Response/Issuer", "https://other.example")),
        ({"subject_in_response_to": "idother"}, ("SubjectConfirmationData", "idother")),
        ({"subject_in_response_to": None}, ("SubjectConfirmationData", "missing")),
        ({"name_id_xml": "<saml:NameID>a</saml:NameID><saml:NameID>b</saml:NameID>"}, ("Subject", "2")),
        ({"with_conditions": False}, ("Assertion", "Conditions")),
    ],
)
def test_a_refusal_names_the_place_and_the_value_that_failed(browser, ada, facts, words):
    """SAML core 2.3.3, 2.4.1, 2.5.1.4 and 3.2.2, profiles 4.1.4.2 and 4.1.4.3."""
    browser.sign_on(**facts)

    reason = attempt_reason(SignInAttempt.objects.get())
    assert all(word in reason for word in words), reason
