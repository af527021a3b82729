"""Encryption in the shapes in which identity providers send it (SAML core 6.1), composed without the site's code."""

import base64

import pytest
from lxml import etree

from gatekeeper.directory.models import SignIn
from saml.connections.claims import set_person_claim
from saml.debugger.presentation import attempt_reason, presentation_of
from saml.models import Connection, SignInAttempt
from tests.builders import ADMIN
from tests.once import ONCE
from tests.saml.attacks.names import CLAIM
from tests.saml.conftest import refusal_text, refusals
from tests.saml.encrypting import (
    AES256_CBC,
    AES256_GCM,
    OAEP_11,
    OAEP_MGF1P,
    RSA_1_5,
    XENC,
    XENC11,
    Place,
    encrypted,
    our_certificate,
    seal,
)
from tests.saml.forge import NS, compose, sign, signed_response
from tests.saml.keys import key_pair
from tests.saml.logout.test_logout import logout_request, send

pytestmark = [pytest.mark.django_db, ONCE]
CONTENT = {
    f"{XENC}aes128-cbc": 16,
    f"{XENC}aes192-cbc": 24,
    AES256_CBC: 32,
    f"{XENC11}aes128-gcm": 16,
    f"{XENC11}aes192-gcm": 24,
    AES256_GCM: 32,
}


def certificate_of(name):
    return base64.b64decode(key_pair(name).certificate_base64)


def genuine(browser, **facts):
    return signed_response(browser.facts(browser.begin(), **facts))


@pytest.mark.parametrize("place", Place, ids=lambda place: place.value)
@pytest.mark.parametrize("algorithm", [AES256_CBC, AES256_GCM])
@pytest.mark.parametrize(("transport", "digest"), [(OAEP_MGF1P, None), (OAEP_MGF1P, "sha256"), (OAEP_11, "sha256")])
def test_the_key_is_found_wherever_it_stands(browser, ada, place, algorithm, transport, digest):
    """SAML core 2.2.4 and 2.3.4 (beside the data), XML encryption 3.5 (in its KeyInfo)."""
    how = {"place": place, "algorithm": algorithm, "transport": transport, "digest": digest}
    browser.post(encrypted(genuine(browser), our_certificate(browser.connection), **how))

    assert browser.is_signed_in, refusals()[0].after


@pytest.mark.parametrize("algorithm", CONTENT)
def test_every_size_of_aes_is_taken(browser, ada, algorithm):
    """XML encryption 1.1, 5.2."""
    how = {"algorithm": algorithm, "key_bytes": CONTENT[algorithm], "place": Place.RETRIEVED}
    browser.post(encrypted(genuine(browser), our_certificate(browser.connection), **how))

    assert browser.is_signed_in, refusals()[0].after


@pytest.mark.parametrize("place", Place, ids=lambda place: place.value)
@pytest.mark.parametrize("named", ["us", "by another name", "nobody"])
def test_of_several_recipients_our_key_is_found(browser, ada, place, named):
    """XML encryption 3.5.1: Recipient is only a hint."""
    others = tuple(certificate_of(f"other{number}") for number in range(4))
    ours = browser.facts(None).sp_entity_id if named == "us" else "gatekeeper"
    recipients = () if named == "nobody" else ("https://a", "https://b", "https://c", "https://d", ours)
    how = {"place": place, "others": others, "recipients": recipients}
    browser.post(encrypted(genuine(browser), our_certificate(browser.connection), **how))

    assert browser.is_signed_in, refusals()[0].after


def test_a_hundred_recipients_are_not_tried(browser, ada):
    others = (certificate_of("other"),) * 100
    browser.post(encrypted(genuine(browser), our_certificate(browser.connection), others=others))

    assert "too many" in refusal_text(refusals()[0])


def sealed_in_place(response, path, name, certificate, **how):
    """That element of the assertion, encrypted where it stands; then the assertion is signed."""
    element = response.find(path, NS)
    element.getparent().replace(element, seal(etree.tostring(element), certificate, name=name, **how))
    assertion = response.find("saml:Assertion", NS)
    response.replace(assertion, sign(assertion))
    return response


@pytest.mark.parametrize("place", Place, ids=lambda place: place.value)
def test_an_encrypted_name_is_opened(browser, ada, place):
    """SAML core 2.2.4."""
    ours = our_certificate(browser.connection)
    browser.post(sealed_in_place(compose(browser.facts(browser.begin())), ".//saml:NameID", "EncryptedID", ours))

    assert browser.is_signed_in, refusals()[0].after
    assert SignIn.objects.live().get().name_id == "ada.obi@contoso.com"


def test_an_encrypted_attribute_is_opened(browser, ada, connection):
    """SAML core 2.7.3.2."""
    set_person_claim(connection.id, CLAIM, actor=ADMIN)
    response = compose(browser.facts(browser.begin(), name_id="x", attributes=((CLAIM, "ada.obi@contoso.com"),)))
    browser.post(sealed_in_place(response, ".//saml:Attribute", "EncryptedAttribute", our_certificate(connection)))

    assert browser.is_signed_in, refusals()[0].after


def test_a_name_that_is_encrypted_for_somebody_else_is_refused(browser, ada):
    """SAML core 2.2.4."""
    response = compose(browser.facts(browser.begin()))
    browser.post(sealed_in_place(response, ".//saml:NameID", "EncryptedID", certificate_of("other")))

    assert refusals()[0].after["check"] == "is_encrypted_for_us"
    assert "not ours" in refusal_text(refusals()[0])


def test_something_else_in_place_of_the_name_is_refused(browser, ada):
    """SAML core 2.2.4."""
    response = compose(browser.facts(browser.begin()))
    name = response.find(".//saml:NameID", NS)
    name.getparent().replace(name, seal(b"<x/>", our_certificate(browser.connection), name="EncryptedID"))
    assertion = response.find("saml:Assertion", NS)
    response.replace(assertion, sign(assertion))
    browser.post(response)

    assert refusals()[0].after["check"] == "is_encrypted_for_us"


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"transport": RSA_1_5}, "RSA 1.5"),
        ({"algorithm": f"{XENC}tripledes-cbc", "key_bytes": 24}, "tripledes-cbc"),
        ({"kind": f"{XENC}Content"}, "Content"),
    ],
)
def test_what_is_refused_is_named(browser, ada, how, words):
    """XML encryption 1.1, 5.5.1 (RSA 1.5) and 5.2 (Triple DES), SAML core 2.3.4 (Type is Element)."""
    browser.post(encrypted(genuine(browser), our_certificate(browser.connection), **how))

    attempt = SignInAttempt.objects.get()
    assert attempt.failed_check == "has_plain_encryption"
    assert words in attempt_reason(attempt)
    assert presentation_of(attempt).failing_step.advice


def encrypted_logout(connection, certificate, **facts):
    message = etree.fromstring(logout_request(connection, **facts))
    name = message.find("saml:NameID", NS)
    message.replace(name, seal(etree.tostring(name), certificate, name="EncryptedID", place=Place.RETRIEVED))
    return message


def test_an_encrypted_name_in_a_signed_logout_request_ends_the_session(browser, ada, connection):
    """SAML core 3.7.1 and 2.2.4."""
    browser.sign_on()
    message = sign(encrypted_logout(connection, our_certificate(connection), index=""))

    assert send(connection, etree.tostring(message)).status_code == 302
    assert not SignIn.objects.live().exists()


def test_what_can_be_decrypted_is_not_shown_to_whoever_did_not_sign(browser, ada, connection):
    """AES-CBC can be read by whoever may ask often enough whether what they changed still decrypts."""
    browser.sign_on()
    answers = set()
    for certificate in (our_certificate(connection), certificate_of("other")):
        answer = send(connection, etree.tostring(encrypted_logout(connection, certificate)))
        answers.add((answer.status_code, len(answer.content)))

    assert len(answers) == 1
    assert {refusal_text(entry) for entry in refusals()} == {
        "an encrypted NameID is read in signed logout requests only."
    }
    assert SignIn.objects.live().exists()
    assert Connection.objects.count() == 1
