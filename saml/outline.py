"""What a SAML message says about itself, verified or not, for the administrator who has to find out what is wrong.

Never used to decide anything. Personal values are masked, everything is cut to a length, and whatever cannot be read
is left out.
"""

from typing import Any

from lxml import etree

from saml.allow_list import ENCRYPTED_ASSERTION, RESPONSE_LIMIT
from saml.errors import UnreadableXml
from saml.xml import DS, SAML, SAMLP, parse, tag, text

_LONGEST = 300  # characters of a value
_MOST = 40  # attributes
_PLAIN_ATTRIBUTES = ("tenantid", "identityprovider", "authnmethodsreferences")


def outline(document: bytes) -> dict[str, Any]:
    """The parts of a response that sign-in problems are about; {} when it is no XML."""
    try:
        root = parse(document, limit=RESPONSE_LIMIT)
    except UnreadableXml:
        return {}
    assertion = root.find(tag(SAML, "Assertion"))
    found = {
        "destination": root.get("Destination"),
        "in_response_to": root.get("InResponseTo"),
        "issued": root.get("IssueInstant"),
        "issuer": root.findtext(tag(SAML, "Issuer")),
        "status": " ".join(each.get("Value", "") for each in root.iter(tag(SAMLP, "StatusCode"))),
        "status_message": root.findtext(f"{tag(SAMLP, 'Status')}/{tag(SAMLP, 'StatusMessage')}"),
        "assertion_encrypted": root.find(ENCRYPTED_ASSERTION) is not None or None,
        "response_signed": root.find(tag(DS, "Signature")) is not None,
    }
    if assertion is not None:
        found |= _assertion(assertion)
    return {name: _cut(value) for name, value in found.items() if value is not None and value != ""}


def mask(value: str) -> str:
    """The first letter of each half of an address, so that an administrator recognises it and a passer-by does not."""
    name, at, domain = value.partition("@")
    return f"{name[:1]}•••{at}{domain[:1]}{'•••' if domain else ''}"


def _assertion(assertion: etree._Element) -> dict[str, Any]:
    conditions = assertion.find(tag(SAML, "Conditions"))
    name_id = assertion.find(f"{tag(SAML, 'Subject')}/{tag(SAML, 'NameID')}")
    confirmation = next(assertion.iter(tag(SAML, "SubjectConfirmationData")), None)
    method = next(assertion.iter(tag(DS, "SignatureMethod")), None)
    return {
        "assertion_issuer": assertion.findtext(tag(SAML, "Issuer")),
        "assertion_signed": assertion.find(tag(DS, "Signature")) is not None,
        "signature_algorithm": None if method is None else method.get("Algorithm"),
        "name_id": None if name_id is None else mask(text(name_id)),
        "name_id_format": None if name_id is None else name_id.get("Format"),
        "audience": ", ".join(text(each) for each in assertion.iter(tag(SAML, "Audience"))),
        "recipient": None if confirmation is None else confirmation.get("Recipient"),
        "not_before": None if conditions is None else conditions.get("NotBefore"),
        "not_on_or_after": None if conditions is None else conditions.get("NotOnOrAfter"),
        "attributes": _attributes(assertion),
    }


def _attributes(assertion: etree._Element) -> dict[str, str]:
    found = {}
    for attribute in list(assertion.iter(tag(SAML, "Attribute")))[:_MOST]:
        name = (attribute.get("Name") or "")[:_LONGEST]
        values = [text(value).strip() for value in attribute.findall(tag(SAML, "AttributeValue"))]
        is_plain = name.endswith(_PLAIN_ATTRIBUTES)
        found[name] = _cut(", ".join(value if is_plain else mask(value) for value in values))
    return found


def _cut(value: Any) -> Any:
    return value[:_LONGEST] if isinstance(value, str) else value
