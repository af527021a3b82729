"""The values that a SAML message states, verified or not, for the administrator who looks for what is wrong.

Nothing is decided by them. Personal values are masked unless asked for, every value is cut to a length, and
whatever cannot be read is left out.
"""

from typing import Any

from lxml import etree

from saml.debugger.message_text import is_impersonal_claim, mask, mask_addresses
from saml.errors import UnreadableXml
from saml.validation.allow_list import RESPONSE_LIMIT
from saml.validation.encryption_shape import ENCRYPTED_ASSERTION
from saml.xml.parser import DS, SAML, SAMLP, XENC, parse, tag, text

_LONGEST = 300  # characters of a value
_MOST = 40  # attributes


def message_summary(document: bytes, *, masked: bool = True) -> dict[str, Any]:
    """The parts of a response that sign-in problems are about; for what is no XML its size and what it looks like."""
    try:
        root = parse(document, limit=RESPONSE_LIMIT)
    except UnreadableXml:
        return {"size": len(document), "looks_like": looks_like(document)} if document else {}
    message = root.findtext(f"{tag(SAMLP, 'Status')}/{tag(SAMLP, 'StatusMessage')}")
    found = {
        "message": etree.QName(root).localname,
        "destination": root.get("Destination"),
        "in_response_to": root.get("InResponseTo"),
        "issued": root.get("IssueInstant"),
        "issuer": root.findtext(tag(SAML, "Issuer")),
        "status": " ".join(each.get("Value", "") for each in root.iter(tag(SAMLP, "StatusCode"))),
        "status_message": mask_addresses(message) if message and masked else message,
        "response_signed": root.find(tag(DS, "Signature")) is not None,
    }
    assertion = root.find(tag(SAML, "Assertion"))
    if assertion is not None:
        found |= _assertion(assertion, masked=masked)
    encrypted = root.find(ENCRYPTED_ASSERTION)
    if encrypted is not None:
        found |= _encrypted(encrypted)
    return {name: _cut(value) for name, value in found.items() if value is not None and value != ""}


def looks_like(document: bytes) -> str:
    """A guess at bytes that are no XML that we read; most often something else was sent by mistake."""
    start = document[:200].lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "a web page (HTML)"
    if start.startswith((b"{", b"[")):
        return "JSON"
    if start.startswith(b"<"):
        return "XML that is not accepted"
    return "a compressed or binary message" if any(byte < 9 for byte in start) else "text"


def stated_in_response_to(document: bytes) -> str | None:
    """The InResponseTo that a message claims, whatever else is wrong with it; None when it names or is nothing."""
    try:
        claimed: str | None = parse(document, limit=RESPONSE_LIMIT).get("InResponseTo")
    except UnreadableXml:
        return None
    return claimed


def _encrypted(encrypted: etree._Element) -> dict[str, Any]:
    """What can be read without the key: how it is encrypted, and for which key if that is named."""
    methods = [each.get("Algorithm") for each in encrypted.iter(tag(XENC, "EncryptionMethod"))]
    return {
        "assertion_encrypted": True,
        "encryption_algorithm": methods[0] if methods else None,
        "key_encryption": methods[1] if len(methods) > 1 else None,
        "encrypted_for": next((text(each) for each in encrypted.iter(tag(DS, "KeyName"))), None),
    }


def _assertion(assertion: etree._Element, *, masked: bool) -> dict[str, Any]:
    conditions = assertion.find(tag(SAML, "Conditions"))
    name_id = assertion.find(f"{tag(SAML, 'Subject')}/{tag(SAML, 'NameID')}")
    confirmation = next(assertion.iter(tag(SAML, "SubjectConfirmationData")), None)
    method = next(assertion.iter(tag(DS, "SignatureMethod")), None)
    return {
        "assertion_issuer": assertion.findtext(tag(SAML, "Issuer")),
        "assertion_signed": assertion.find(tag(DS, "Signature")) is not None,
        "signature_algorithm": None if method is None else method.get("Algorithm"),
        "name_id": None if name_id is None else _personal(text(name_id).strip(), masked=masked),
        "name_id_format": None if name_id is None else name_id.get("Format"),
        "audience": ", ".join(text(each) for each in assertion.iter(tag(SAML, "Audience"))),
        "recipient": None if confirmation is None else confirmation.get("Recipient"),
        "not_before": None if conditions is None else conditions.get("NotBefore"),
        "not_on_or_after": None if conditions is None else conditions.get("NotOnOrAfter"),
        "attributes": _attributes(assertion, masked=masked),
    }


def _attributes(assertion: etree._Element, *, masked: bool) -> dict[str, str]:
    found: dict[str, str] = {}
    for attribute in list(assertion.iter(tag(SAML, "Attribute")))[:_MOST]:
        name = (attribute.get("Name") or "")[:_LONGEST]
        values = [text(value).strip() for value in attribute.findall(tag(SAML, "AttributeValue"))]
        shown = [_personal(value, masked=masked and not is_impersonal_claim(name)) for value in values]
        found[name] = _cut(", ".join(([found[name]] if name in found else []) + shown))
    return found


def _personal(value: str, *, masked: bool) -> str:
    return mask(value) if masked else value


def _cut(value: Any) -> Any:
    return value[:_LONGEST] if isinstance(value, str) else value
