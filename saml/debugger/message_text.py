"""The text of a SAML message for people: indented, long values shortened and, unless asked for, personal ones masked.

A message is shortened before it is stored: without its signature value nobody can replay it.
"""

import re
from copy import deepcopy

from lxml import etree

from saml.errors import UnreadableXml
from saml.validation.allow_list import RESPONSE_LIMIT
from saml.xml.parser import DS, SAML, SAMLP, XENC, parse, tag

LONGEST_KEPT = 64 * 1024  # bytes; a response with 150 groups is below 40 KB
_SHOWN = 12  # characters of a long value
_LONG = {
    tag(DS, "SignatureValue"),
    tag(DS, "X509Certificate"),
    tag(DS, "Modulus"),
    tag(XENC, "CipherValue"),
}
# Elements whose text is about the message and not about a person; everything else is masked.
_IMPERSONAL = _LONG | {
    tag(SAML, "Issuer"),
    tag(SAML, "Audience"),
    tag(SAML, "AuthnContextClassRef"),
    tag(SAML, "AuthenticatingAuthority"),
    tag(DS, "DigestValue"),
    tag(DS, "Exponent"),
    tag(DS, "KeyName"),
}
_MESSAGE = tag(SAMLP, "StatusMessage")
_PLAIN_CLAIMS = ("tenantid", "identityprovider", "authnmethodsreferences")
_PART = r"[^\s'\"<>()\[\],;:]"
# Begins where a word begins: tried again at each of its letters, a word of 250 KB without an @ would take minutes.
_ADDRESS = re.compile(rf"(?<!{_PART}){_PART}+@{_PART}+")


def mask(value: str) -> str:
    """The first letter of each half of an address, so that an administrator recognises it and nobody else does."""
    name, at, domain = value.partition("@")
    return f"{name[:1]}•••{at}{domain[:1]}{'•••' if domain else ''}"


def mask_addresses(sentence: str) -> str:
    """Text of an identity provider or a library, with each e-mail address in it masked."""
    return _ADDRESS.sub(lambda found: mask(found[0]), sentence)


def is_impersonal_claim(name: str) -> bool:
    """Claims about the tenant and the way of signing in, which are shown as they are."""
    return name.endswith(_PLAIN_CLAIMS)


def shortened(document: bytes) -> str:
    """The message without the values that only a machine reads; "" when it is no XML or too large to be kept."""
    try:
        root = parse(document, limit=RESPONSE_LIMIT)
    except UnreadableXml:
        return ""
    for element in root.iter(*_LONG):
        if element.text and len(element.text.strip()) > 2 * _SHOWN:
            value = "".join(element.text.split())
            element.text = f"{value[:_SHOWN]}… ({len(value)} characters)"
    kept: str = etree.tostring(root, encoding="unicode")
    return kept if len(kept.encode()) <= LONGEST_KEPT else ""


def message_text(kept: str, *, masked: bool) -> str:
    """The indented text of what ``shortened`` kept."""
    root = deepcopy(etree.fromstring(kept))
    if masked:
        _mask(root)
    etree.indent(root, space="  ")
    text: str = etree.tostring(root, encoding="unicode")
    return text


def _mask(root: etree._Element) -> None:
    for element in root.iter():
        if not isinstance(element.tag, str):
            element.text = ""  # A comment or a processing instruction: only in messages that were refused.
        elif element.text and element.text.strip():
            element.text = _masked(element)
        if element.tail and element.tail.strip():
            element.tail = mask(element.tail.strip())
        if element.tag == tag(SAML, "SubjectLocality"):
            for name in element.attrib:
                element.set(name, mask(element.get(name)))


def _masked(element: etree._Element) -> str:
    value: str = element.text
    if element.tag in _IMPERSONAL or _is_impersonal_value(element):
        return value
    return mask_addresses(value) if element.tag == _MESSAGE else mask(value.strip())


def _is_impersonal_value(element: etree._Element) -> bool:
    parent = element.getparent()
    return element.tag == tag(SAML, "AttributeValue") and is_impersonal_claim(parent.get("Name") or "")
