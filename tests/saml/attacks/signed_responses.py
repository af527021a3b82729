"""Attacks on a connection that takes a signed Response around an unsigned assertion (SAML core 5.3 and 5.4.2)."""

from copy import deepcopy
from typing import Any

from lxml import etree

from tests.saml.attacks.table import VICTIM, assertion_of, attack, evil_copy, signature_of
from tests.saml.conftest import choose
from tests.saml.encrypting import encrypted, our_certificate
from tests.saml.forge import DS, NS, compose, sign
from tests.saml.keys import key_pair


def covered(browser: Any, **facts: Any) -> etree._Element:
    """A Response that the identity provider signed, around an assertion that it did not sign."""
    choose(browser.connection, accept_signed_response=True)
    return sign(compose(browser.facts(browser.begin(), **facts)))


@attack
def covered_assertion_edited(browser):
    response = covered(browser)
    response.find(".//saml:NameID", NS).text = VICTIM
    return browser.post(response)


@attack
def covered_assertion_replaced_by_one_of_somebody_else(browser):
    response = covered(browser)
    evil = sign(evil_copy(assertion_of(response)), key_pair("mallory"))
    response.replace(assertion_of(response), evil)
    return browser.post(response)


@attack
def covered_response_with_the_signature_moved_into_the_assertion(browser):
    response = covered(browser)
    evil, signature = evil_copy(assertion_of(response)), signature_of(response)
    response.replace(assertion_of(response), evil)
    evil.insert(1, signature)
    return browser.post(response)


@attack
def covered_response_inside_the_signature_of_an_evil_one(browser):
    original = covered(browser)
    evil, inner = evil_copy(original, "_evilroot"), deepcopy(original)
    signature = signature_of(original)
    inner.remove(signature_of(inner))
    etree.SubElement(signature, f"{{{DS}}}Object").append(inner)
    evil.insert(1, signature)
    return browser.post(evil)


@attack
def covered_response_in_extensions_of_an_evil_one_with_its_id(browser):
    original = covered(browser)
    evil, inner = evil_copy(original, original.get("ID")), deepcopy(original)
    inner.remove(signature_of(inner))
    extensions = etree.Element(f"{{{NS['samlp']}}}Extensions")
    extensions.append(inner)
    evil.insert(1, signature_of(original))
    evil.insert(2, extensions)
    return browser.post(evil)


@attack
def covered_response_with_a_second_assertion(browser):
    response = covered(browser)
    assertion_of(response).addprevious(evil_copy(assertion_of(response)))
    return browser.post(response)


@attack
def covered_response_sent_to_another_address(browser):
    """The Destination is in what was signed, so it cannot be corrected on the way."""
    response = covered(browser, destination="https://other.example/acs")
    response.set("Destination", browser.facts(None).acs_url)
    return browser.post(response)


@attack
def covered_response_to_another_request(browser):
    """The answer to a sign-on that Mallory began, made to look like one that this browser began."""
    response = covered(browser, subject_in_response_to=None)
    response.set("InResponseTo", browser.begin())
    return browser.post(response)


@attack
def covered_response_signed_by_somebody_else(browser):
    choose(browser.connection, accept_signed_response=True)
    return browser.post(sign(compose(browser.facts(browser.begin(), name_id=VICTIM)), key_pair("mallory")))


@attack
def nothing_signed_where_the_response_would_do(browser):
    choose(browser.connection, accept_signed_response=True)
    return browser.post(compose(browser.facts(browser.begin(), name_id=VICTIM)))


@attack
def encrypted_and_nothing_signed_where_the_response_would_do(browser):
    choose(browser.connection, accept_signed_response=True)
    evil = compose(browser.facts(browser.begin(), name_id=VICTIM))
    return browser.post(encrypted(evil, our_certificate(browser.connection)))


@attack
def covered_ciphertext_replaced(browser):
    """Whoever has our certificate can encrypt for us; the Response is signed over the other ciphertext."""
    choose(browser.connection, accept_signed_response=True)
    request = browser.begin()
    certificate = our_certificate(browser.connection)
    response = sign(encrypted(compose(browser.facts(request)), certificate))
    other = encrypted(compose(browser.facts(request, name_id=VICTIM)), certificate)
    response.replace(response[-1], other[-1])
    return browser.post(response)


@attack
def covered_ciphertext_without_its_signature(browser):
    choose(browser.connection, accept_signed_response=True)
    response = sign(encrypted(compose(browser.facts(browser.begin())), our_certificate(browser.connection)))
    response.remove(signature_of(response))
    return browser.post(response)
