"""Signature wrapping (XSW 1–8): the signed original is hidden, Eve's copy is put where it will be read.

SAML core 5.4.2: the one Reference names the ID of the element around the signature. Only that element is signed.
"""

from copy import deepcopy

from lxml import etree

from tests.saml.attacks.table import assertion_of, attack, evil_copy, signature_of, signed_by_idp, signed_part
from tests.saml.forge import DS, NS


@attack
def xsw1_original_response_inside_the_signature(browser):
    original = signed_by_idp(browser, response_too=True)
    evil = evil_copy(original, "_evilroot")
    signature = deepcopy(signature_of(original))
    inner = deepcopy(original)
    inner.remove(signature_of(inner))
    signature.append(inner)
    evil.insert(1, signature)
    return browser.post(evil)


@attack
def xsw2_original_response_before_the_signature(browser):
    original = signed_by_idp(browser, response_too=True)
    evil = evil_copy(original, "_evilroot")
    inner = deepcopy(original)
    inner.remove(signature_of(inner))
    evil.insert(1, deepcopy(signature_of(original)))
    evil.insert(1, inner)
    return browser.post(evil)


@attack
def xsw3_evil_assertion_before_the_original(browser):
    response = signed_by_idp(browser)
    original = assertion_of(response)
    original.addprevious(evil_copy(original))
    return browser.post(response)


@attack
def xsw4_original_nested_in_the_evil_assertion(browser):
    response = signed_by_idp(browser)
    original = assertion_of(response)
    evil = evil_copy(original)
    response.replace(original, evil)
    evil.append(original)
    return browser.post(response)


@attack
def xsw5_evil_assertion_with_the_signature_and_the_original_at_the_end(browser):
    response = signed_by_idp(browser)
    original = assertion_of(response)
    evil, part = evil_copy(original), signed_part(response)
    evil.insert(1, deepcopy(signature_of(part)))
    part.remove(signature_of(part))
    original.addprevious(evil)
    return browser.post(response)


@attack
def xsw6_original_inside_the_evil_signature(browser):
    response = signed_by_idp(browser)
    original = assertion_of(response)
    evil, part = evil_copy(original), signed_part(response)
    signature = deepcopy(signature_of(part))
    part.remove(signature_of(part))
    signature.append(deepcopy(original))
    evil.insert(1, signature)
    response.replace(original, evil)
    return browser.post(response)


@attack
def xsw7_evil_assertion_in_extensions(browser):
    response = signed_by_idp(browser)
    extensions = etree.Element(f"{{{NS['samlp']}}}Extensions")
    extensions.append(evil_copy(assertion_of(response), assertion_of(response).get("ID")))
    response.insert(1, extensions)
    return browser.post(response)


@attack
def xsw8_original_in_an_object_of_the_signature(browser):
    response = signed_by_idp(browser)
    original = assertion_of(response)
    evil, part = evil_copy(original), signed_part(response)
    signature = deepcopy(signature_of(part))
    part.remove(signature_of(part))
    etree.SubElement(signature, f"{{{DS}}}Object").append(deepcopy(original))
    evil.insert(1, signature)
    response.replace(original, evil)
    return browser.post(response)
