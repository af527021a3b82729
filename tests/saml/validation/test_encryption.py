"""Encrypted assertions (SAML core 2.3.4 and 6): opened with our keys, judged like any other, refused in one voice."""

import base64
import re

import pytest
from lxml import etree

from saml.connections.key_pairs import finish_key_change, publish_next_key_pair
from saml.debugger.presentation import presentation_of
from saml.models import SignInAttempt
from tests.builders import ADMIN
from tests.saml.conftest import refusal_text, refusals
from tests.saml.encrypting import (
    AES256_CBC,
    AES256_GCM,
    OAEP_11,
    XENC,
    encrypt_with_libxmlsec,
    encrypted,
    our_certificate,
    seal,
)
from tests.saml.forge import DS, NS, compose, sign, signed_response
from tests.saml.keys import key_pair

pytestmark = pytest.mark.django_db


def genuine(browser, **facts):
    return signed_response(browser.facts(browser.begin(), **facts))


@pytest.mark.parametrize("content", ["AES128", "AES192", "AES256", "AES128_GCM", "AES192_GCM", "AES256_GCM"])
def test_an_assertion_that_libxmlsec_encrypted_signs_its_person_on(browser, ada, content):
    """XML encryption 1.1, 5.2: AES-CBC and AES-GCM."""
    response = encrypt_with_libxmlsec(genuine(browser), our_certificate(browser.connection), content=content)
    assert response.find("saml:Assertion", NS) is None

    browser.post(response)

    assert browser.is_signed_in
    assert SignInAttempt.objects.get().statement["audience"].endswith("/metadata")


@pytest.mark.parametrize("digest", [None, "sha1", "sha256", "sha384", "sha512"])
@pytest.mark.parametrize("mask", [None, "sha1", "sha256", "sha512"])
def test_rsa_oaep_is_taken_with_each_digest_and_mask(browser, ada, digest, mask):
    """XML encryption 1.1, 5.5.2."""
    how = {"transport": OAEP_11, "digest": digest, "mask": mask}
    browser.post(encrypted(genuine(browser), our_certificate(browser.connection), **how))

    assert browser.is_signed_in


def test_rsa_oaep_mgf1p_may_name_another_digest(browser, ada):
    """XML encryption 1.1, 5.5.2."""
    browser.post(encrypted(genuine(browser), our_certificate(browser.connection), digest="sha256"))

    assert browser.is_signed_in


def test_the_hint_of_entra_and_adfs_which_key_is_meant_may_be_there(browser, ada):
    wsse = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
    hint = (
        f'<KeyInfo xmlns="{DS}"><o:SecurityTokenReference xmlns:o="{wsse}"><X509Data><X509IssuerSerial>'
        "<X509IssuerName>CN=gk</X509IssuerName><X509SerialNumber>1</X509SerialNumber></X509IssuerSerial></X509Data>"
        "</o:SecurityTokenReference></KeyInfo>"
    )
    browser.post(encrypted(genuine(browser), our_certificate(browser.connection), algorithm=AES256_CBC, extra=hint))

    assert browser.is_signed_in


def test_prefixes_may_be_declared_outside_of_what_was_encrypted(browser, ada):
    """XML encryption 4.3.3."""
    response = genuine(browser)
    assertion = response.find("saml:Assertion", NS)
    bare = etree.tostring(assertion).replace(f' xmlns:saml="{NS["saml"]}"'.encode(), b"", 1)
    bare = bare.replace(f' xmlns:samlp="{NS["samlp"]}"'.encode(), b"", 1)
    assert b"xmlns:saml=" not in bare.split(b">")[0]
    response.replace(assertion, seal(bare, our_certificate(browser.connection)))

    browser.post(response)

    assert browser.is_signed_in


def test_a_signature_of_the_response_is_over_what_was_received(browser, ada):
    """SAML core 6.2."""
    browser.post(sign(encrypted(genuine(browser), our_certificate(browser.connection))))

    assert browser.is_signed_in


def test_both_keys_open_while_a_change_is_under_way_and_the_old_one_not_after_it(browser, ada, connection):
    old = our_certificate(connection)
    new = bytes(publish_next_key_pair(connection.id, actor=ADMIN).der)

    def comes_in(certificate, number):
        facts = {"assertion_id": f"_a{number}", "response_id": f"_r{number}"}
        return browser.post(encrypted(genuine(browser, **facts), certificate)).status_code == 302

    assert [comes_in(old, 1), comes_in(new, 2)] == [True, True]
    finish_key_change(connection.id, actor=ADMIN)
    assert [comes_in(old, 3), comes_in(new, 4)] == [False, True]
    assert "not ours (any more)" in refusal_text(refusals()[0])
    assert "Token encryption" in presentation_of(SignInAttempt.objects.get(accepted=False)).advice


FAILURES = {
    "another certificate": lambda b: encrypted(genuine(b), pair_der("other")),
    "key of another length": lambda b: encrypted(genuine(b), ours(b), key_bytes=16),
    "another digest than stated": lambda b: swapped(b, "sha256", "sha512"),
    "changed GCM": lambda b: tampered(b, AES256_GCM),
    "changed CBC": lambda b: tampered(b, AES256_CBC),
    "no padding": lambda b: encrypted(genuine(b), ours(b), algorithm=AES256_CBC, padding_byte=0),
    "too much padding": lambda b: encrypted(genuine(b), ours(b), algorithm=AES256_CBC, padding_byte=17),
    "not XML": lambda b: with_content(b, b"\x00\xff no XML"),
    "empty": lambda b: with_content(b, b""),
    "a document type": lambda b: with_content(b, b"<!DOCTYPE x><x/>"),
    "too deep": lambda b: with_content(b, b"<a>" * 400 + b"</a>" * 400),
    "another element": lambda b: with_content(b, b"<x/>"),
    "two assertions": lambda b: with_content(b, 2 * etree.tostring(genuine(b).find("saml:Assertion", NS))),
    "not signed": lambda b: encrypted(compose(b.facts(b.begin())), ours(b)),
    "signed by somebody else": lambda b: encrypted(signed_response(b.facts(b.begin()), key_pair("m")), ours(b)),
    "for somebody else": lambda b: encrypted(genuine(b, audiences=(("https://other.example",),)), ours(b)),
}


def ours(browser):
    return our_certificate(browser.connection)


def pair_der(name):
    return base64.b64decode(key_pair(name).certificate_base64)


def with_content(browser, content):
    response = compose(browser.facts(browser.begin()))
    response.replace(response.find("saml:Assertion", NS), seal(content, ours(browser)))
    return response


def swapped(browser, real, stated):
    response = encrypted(genuine(browser), ours(browser), transport=OAEP_11, digest=real)
    method = response.find(f".//{{{DS}}}DigestMethod")
    method.set("Algorithm", f"{XENC}{stated}")
    return response


def tampered(browser, algorithm):
    response = encrypted(genuine(browser), ours(browser), algorithm=algorithm)
    value = response.findall(f".//{{{XENC}}}CipherValue")[-1]
    value.text = value.text[:100] + ("A" if value.text[100] != "A" else "B") + value.text[101:]
    return response


def test_whatever_fails_after_decryption_has_one_and_the_same_answer(browser, ada):
    """XML encryption 1.1, 6 (security considerations): a difference would tell what was decrypted."""
    answers = {}
    for name, build in FAILURES.items():
        answer = browser.post(build(browser))
        page = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "", answer.content.decode())
        answers[name] = (answer.status_code, page)

    assert len(set(answers.values())) == 1, {name: status for name, (status, _) in answers.items()}
    assert next(iter(answers.values()))[0] == 403
    assert len(refusals()) == len(FAILURES)


def test_the_administrator_reads_what_failed(browser, ada):
    for name in ("another certificate", "changed GCM", "not XML", "not signed"):
        browser.post(FAILURES[name](browser))

    checks = [(entry.after["check"], refusal_text(entry)[:40]) for entry in refusals()]
    assert len(set(checks)) == 4
    assert {check for check, _ in checks} == {"is_encrypted_for_us", "has_signed_assertion"}
