"""Encryption as a disguise: whoever has our public certificate can hide in a message what must not be believed.

SAML core 2.3.4 and 6: encryption proves nothing about the sender, only a signature does (core 6.2, profiles 4.1.4.5).
"""

import base64
from copy import deepcopy
from typing import Any

from lxml import etree

from saml.connections.key_pairs import finish_key_change, publish_next_key_pair
from tests.builders import ADMIN
from tests.saml.attacks.table import VICTIM, assertion_of, attack, evil_copy, signature_of, signed_by_idp, signed_part
from tests.saml.encrypting import RSA_1_5, XENC, XENC11, encrypted, our_certificate, seal
from tests.saml.forge import DS, NS, compose, sign, signed_response
from tests.saml.keys import key_pair


def sealed(browser: Any, *content: etree._Element | bytes, **how: Any) -> etree._Element:
    plain = b"".join(each if isinstance(each, bytes) else etree.tostring(each) for each in content)
    return seal(plain, our_certificate(browser.connection), **how)


def holding(browser: Any, *content: etree._Element | bytes, **how: Any) -> etree._Element:
    """A response that answers this browser, with ``content`` encrypted in place of its assertion."""
    response = compose(browser.facts(browser.begin()))
    response.replace(assertion_of(response), sealed(browser, *content, **how))
    return response


def genuine(browser: Any) -> etree._Element:
    return assertion_of(signed_by_idp(browser))


def for_us(browser: Any, response: etree._Element, **how: Any) -> etree._Element:
    return encrypted(response, our_certificate(browser.connection), **how)


@attack
def encrypted_and_empty(browser):
    """SAML core 2.3.4."""
    response = compose(browser.facts(browser.begin()))
    response.replace(assertion_of(response), etree.Element(f"{{{NS['saml']}}}EncryptedAssertion"))
    return browser.post(response)


@attack
def encrypted_and_unsigned(browser):
    return browser.post(for_us(browser, compose(browser.facts(browser.begin(), name_id=VICTIM))))


@attack
def encrypted_and_unsigned_in_a_signed_response(browser):
    """Mallory's own account at the identity provider is no help: the Response has to be signed by its key.

    SAML core 5.3, metadata 2.4.4: WantAssertionsSigned.
    """
    unsigned = for_us(browser, compose(browser.facts(browser.begin(), name_id=VICTIM)))
    return browser.post(sign(unsigned))


@attack
def encrypted_and_signed_by_somebody_else(browser):
    forged = signed_response(browser.facts(browser.begin(), name_id=VICTIM), key_pair("mallory"))
    return browser.post(for_us(browser, forged))


@attack
def encrypted_after_an_edit(browser):
    response = signed_by_idp(browser)
    response.find(".//saml:NameID", NS).text = VICTIM
    return browser.post(for_us(browser, response))


@attack
def encrypted_in_a_response_that_was_edited(browser):
    """The Response is signed over the ciphertext; another ciphertext takes its place (SAML core 6.2)."""
    response = sign(for_us(browser, signed_by_idp(browser)))
    other = for_us(browser, signed_response(browser.facts(response.get("InResponseTo"), response_id="_r2")))
    response.replace(response[-1], other[-1])
    return browser.post(response)


@attack
def encrypted_for_another_key(browser):
    return browser.post(encrypted(signed_by_idp(browser), base64.b64decode(key_pair("other").certificate_base64)))


@attack
def encrypted_for_a_retired_key(browser):
    old = our_certificate(browser.connection)
    publish_next_key_pair(browser.connection.id, actor=ADMIN)
    finish_key_change(browser.connection.id, actor=ADMIN)
    return browser.post(encrypted(signed_by_idp(browser), old))


@attack
def encrypted_twice(browser):
    return browser.post(holding(browser, sealed(browser, genuine(browser))))


@attack
def two_encrypted_assertions(browser):
    response = signed_by_idp(browser)
    evil = evil_copy(assertion_of(response))
    assertion_of(response).addprevious(sealed(browser, evil))
    return browser.post(for_us(browser, response))


@attack
def plain_assertion_before_an_encrypted_one(browser):
    response = signed_by_idp(browser)
    evil = evil_copy(assertion_of(response))
    response = for_us(browser, response)
    response[-1].addprevious(evil)
    return browser.post(response)


@attack
def encrypted_beside_a_plain_assertion(browser):
    response = signed_by_idp(browser)
    assertion_of(response).addprevious(sealed(browser, evil_copy(assertion_of(response))))
    return browser.post(response)


@attack
def two_assertions_in_one_ciphertext(browser):
    """SAML core 2.3.4: one Assertion."""
    original = genuine(browser)
    return browser.post(holding(browser, evil_copy(original), original))


@attack
def wrapped_in_the_ciphertext(browser):
    """XSW 4, where only we can see it."""
    response = signed_by_idp(browser)
    original = assertion_of(response)
    evil = evil_copy(original)
    response.replace(original, evil)
    evil.append(original)
    return browser.post(for_us(browser, response))


@attack
def wrapped_in_a_signature_in_the_ciphertext(browser):
    """XSW 8, where only we can see it."""
    response = signed_by_idp(browser)
    original = assertion_of(response)
    evil, part = evil_copy(original), signed_part(response)
    signature = deepcopy(signature_of(part))
    part.remove(signature_of(part))
    etree.SubElement(signature, f"{{{DS}}}Object").append(deepcopy(original))
    evil.insert(1, signature)
    response.replace(original, evil)
    return browser.post(for_us(browser, response))


@attack
def ciphertext_that_breaks_out_of_its_place(browser):
    return browser.post(holding(browser, b"</around><around>", genuine(browser)))


@attack
def doctype_in_the_ciphertext(browser):
    entity = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    return browser.post(holding(browser, entity, genuine(browser)))


@attack
def comment_in_the_ciphertext(browser):
    response = signed_by_idp(browser)
    name_id = response.find(".//saml:NameID", NS)
    comment = etree.Comment("x")
    name_id.text, comment.tail = name_id.text[:3], name_id.text[3:]
    name_id.append(comment)
    return browser.post(for_us(browser, response))


@attack
def encrypted_with_rsa_1_5(browser):
    """XML encryption 1.1, 5.5.1."""
    return browser.post(for_us(browser, signed_by_idp(browser), transport=RSA_1_5))


@attack
def encrypted_with_triple_des(browser):
    """XML encryption 1.1, 5.2."""
    return browser.post(for_us(browser, signed_by_idp(browser), algorithm=f"{XENC}tripledes-cbc", key_bytes=24))


@attack
def encrypted_as_content_only(browser):
    """SAML core 2.3.4: Type is Element."""
    return browser.post(for_us(browser, signed_by_idp(browser), kind=f"{XENC}Content"))


@attack
def encrypted_with_a_label(browser):
    """XML encryption 1.1, 5.5.2."""
    response = for_us(browser, signed_by_idp(browser))
    etree.SubElement(response.findall(f".//{{{XENC}}}EncryptionMethod")[-1], f"{{{XENC}}}OAEPparams").text = "AAAA"
    return browser.post(response)


@attack
def ciphertext_that_is_fetched(browser):
    """XML encryption 3.3.1."""
    response = for_us(browser, signed_by_idp(browser))
    value = response.findall(f".//{{{XENC}}}CipherValue")[-1]
    reference = etree.Element(f"{{{XENC}}}CipherReference", URI="http://127.0.0.1:9/cipher")
    value.getparent().replace(value, reference)
    return browser.post(response)


@attack
def encrypted_key_that_is_fetched(browser):
    """XML encryption 3.5."""
    response = for_us(browser, signed_by_idp(browser))
    key = response.find(f".//{{{XENC}}}EncryptedKey")
    key.getparent().replace(key, etree.Element(f"{{{DS}}}RetrievalMethod", URI="http://127.0.0.1:9/key"))
    return browser.post(response)


@attack
def encrypted_for_many(browser):
    """A hundred keys to try would be a hundred slow operations."""
    response = for_us(browser, signed_by_idp(browser))
    key = response.find(f".//{{{XENC}}}EncryptedKey")
    for _ in range(100):
        key.addprevious(deepcopy(key))
    return browser.post(response)


@attack
def mask_of_another_kind(browser):
    """rsa-oaep-mgf1p has one mask only; what says otherwise is asking to be read in two ways.

    XML encryption 1.1, 5.5.2.
    """
    response = for_us(browser, signed_by_idp(browser))
    method = response.findall(f".//{{{XENC}}}EncryptionMethod")[-1]
    etree.SubElement(method, f"{{{XENC11}}}MGF", Algorithm=f"{XENC11}mgf1sha256")
    return browser.post(response)
