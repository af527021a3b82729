"""What a SAML response may look like at all, decided on the parsed tree before any signature work.

XML signatures let a message describe how it wants to be verified: transforms run programs (XSLT) before trust exists,
references point anywhere, wrapped copies hide behind signed ones. So everything is refused that a plain signed
response of Entra, Okta or ADFS does not need. ``GUARDS`` is read from top to bottom; each guard is one sentence.
"""

import re

from lxml import etree

from saml.errors import MessageRefused, UnreadableXml
from saml.refusals.reasons import Reason
from saml.validation.encryption_shape import ENCRYPTED_ASSERTION, has_plain_encryption
from saml.validation.message_shape import MESSAGE_GUARDS, Guard, is_identifier
from saml.validation.signature_policy import Signing
from saml.validation.signature_shape import SIGNATURE_GUARDS
from saml.xml.parser import DS, SAML, SAMLP, parse, tag

RESPONSE_LIMIT = 1024 * 1024  # bytes; a response with 150 groups is below 40 KB, one with all of somebody's may be 1 MB
_RESPONSE = tag(SAMLP, "Response")
_ASSERTION = tag(SAML, "Assertion")
_SIGNATURE = tag(DS, "Signature")
_SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
_ENTRA_ERROR = re.compile(r"AADSTS\d{3,8}")


def read_response(document: bytes, signing: Signing = Signing.ASSERTION) -> etree._Element:
    """Parse a SAML response and refuse it unless it has the one shape that we accept.

    ``signing``: what has to be signed at this connection.
    Raises: MessageRefused with the name of the guard (or ``xml``); nothing was verified yet when it returns.
    """
    try:
        root = parse(document, limit=RESPONSE_LIMIT)
    except UnreadableXml as error:
        raise MessageRefused("xml", error.reason, **error.parameters) from error
    for guard in GUARDS:
        if guard is not has_signed_assertion or not _is_covered(root, signing):
            guard(root)
    return root


def _is_covered(root: etree._Element, signing: Signing) -> bool:
    """Whether the assertion needs no signature of its own, because that of the Response counts, or did already."""
    return signing is Signing.VERIFIED or (signing is Signing.RESPONSE and root.find(_SIGNATURE) is not None)


def is_a_response(root: etree._Element) -> None:
    """The root is a SAML 2.0 Response with an ID."""
    if root.tag != _RESPONSE or root.get("Version") != "2.0":
        raise MessageRefused("is_a_response", Reason.NOT_A_RESPONSE)
    if not is_identifier(root.get("ID")):
        raise MessageRefused("is_a_response", Reason.RESPONSE_WITHOUT_ID)


def says_success(root: etree._Element) -> None:
    """The status is Success.

    What the identity provider states instead (Entra: AADSTS…) is shown to administrators only.
    """
    codes = root.findall(f"{tag(SAMLP, 'Status')}/{tag(SAMLP, 'StatusCode')}")
    if len(codes) == 1 and codes[0].get("Value") == _SUCCESS:
        return
    nested = [code.get("Value", "").rpartition(":")[2] for each in codes for code in each.iter(each.tag)]
    message = root.findtext(f"{tag(SAMLP, 'Status')}/{tag(SAMLP, 'StatusMessage')}") or ""
    status = " / ".join(filter(None, nested))[:200] or None
    if not message.strip():
        raise MessageRefused("says_success", Reason.IDP_ANSWERED, status=status)
    raise MessageRefused("says_success", Reason.IDP_ANSWERED_WITH_MESSAGE, status=status, message=message.strip()[:500])


def has_one_assertion(root: etree._Element) -> None:
    """Exactly one Assertion, directly below the Response, and none of any name-alike elsewhere."""
    found = list(root.iter("{*}Assertion", "{*}EncryptedAssertion"))
    if len(found) != 1 or found[0].getparent() is not root:
        raise MessageRefused("has_one_assertion", Reason.NOT_ONE_ASSERTION)
    if found[0].tag == ENCRYPTED_ASSERTION:
        return
    if found[0].tag != _ASSERTION or not is_identifier(found[0].get("ID")):
        raise MessageRefused("has_one_assertion", Reason.ASSERTION_WITHOUT_ID)


def has_signed_assertion(root: etree._Element) -> None:
    """The assertion itself is signed, or the Response around it where the connection takes that."""
    if root.find(ENCRYPTED_ASSERTION) is not None:
        return  # This guard is asked again after decryption.
    assertion = root.find(_ASSERTION)
    if assertion is None or assertion.find(_SIGNATURE) is None:
        if root.find(_SIGNATURE) is not None:
            raise MessageRefused("has_signed_assertion", Reason.ONLY_RESPONSE_SIGNED)
        raise MessageRefused("has_signed_assertion", Reason.ASSERTION_NOT_SIGNED)


def has_signatures_in_place(root: etree._Element) -> None:
    """Signatures stand directly in the Response or the Assertion, at most one in each."""
    assertion = root.find(_ASSERTION)
    holders = [signature.getparent() for signature in root.iter("{*}Signature")]
    if any(holder is not root and holder is not assertion for holder in holders):
        raise MessageRefused("has_signatures_in_place", Reason.SIGNATURE_MISPLACED)
    if len(holders) != len({id(holder) for holder in holders}):
        raise MessageRefused("has_signatures_in_place", Reason.TWO_SIGNATURES)


GUARDS: tuple[Guard, ...] = (
    is_a_response,
    *MESSAGE_GUARDS,
    says_success,
    has_one_assertion,
    has_plain_encryption,
    has_signed_assertion,
    has_signatures_in_place,
    *SIGNATURE_GUARDS,
)


def entra_error(message: str) -> str:
    """The AADSTS code in a status message, or "": the one part of it that may be shown to a person."""
    found = _ENTRA_ERROR.search(message)
    return found[0] if found else ""
