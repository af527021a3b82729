"""Who signed a metadata document. Entra signs its EntityDescriptor; a connection may be pinned to that certificate.

The shape is checked before any signature work, by the guards that responses pass too: a plain enveloped signature over
the root and nothing else. KeyInfo says which certificate it is said to be; whether that one is trusted is for the pin.
"""

from datetime import timedelta

from django.utils import timezone
from lxml import etree

from saml.certificates import SigningCertificate, certificates_in, from_der, has_issued, load
from saml.errors import MessageRefused, MetadataRefused, UnreadableXml
from saml.refusals.metadata_reasons import MetadataReason
from saml.refusals.metadata_texts import Finding
from saml.validation.assertion import without_signature
from saml.validation.message_shape import MESSAGE_GUARDS, Guard
from saml.validation.signature import require_fitting
from saml.validation.signature_shape import SIGNATURE_GUARDS
from saml.xml.parser import DS, MD, canonical, parse, tag, text

_SKEW = timedelta(minutes=2)
_CANONICAL_LIMIT = 4 * 1024 * 1024  # bytes; the document itself is at most 1 MB, and canonical form spells it out
_SIGNATURE = tag(DS, "Signature")
_ENTITIES = (tag(MD, "EntityDescriptor"), tag(MD, "EntitiesDescriptor"))
_CERTIFICATES = f"{tag(DS, 'KeyInfo')}/{tag(DS, 'X509Data')}/{tag(DS, 'X509Certificate')}"


def verify_metadata_signature(root: etree._Element, pin: str = "") -> tuple[etree._Element, SigningCertificate]:
    """Verify the one signature of a metadata document; return the signed bytes as a tree of their own, and the signer.

    ``pin``: the SHA-256 of the only certificate that is believed; "" believes whichever stands in the signature.
    Raises: MetadataRefused, with what is wrong with the signature.
    """
    signature = _the_signature(root)
    try:
        for guard in _GUARDS:
            guard(root)
        signer = _stated_signer(signature, pin)
        require_fitting(root, signature, [signer])
        signed = parse(canonical(root), limit=_CANONICAL_LIMIT)
    except MessageRefused as refusal:
        raise MetadataRefused(MetadataReason.SIGNATURE_CHECK_FAILED, check=refusal.check) from refusal
    except UnreadableXml as error:
        raise MetadataRefused(
            MetadataReason.SIGNATURE_UNREADABLE, problem=error.reason.value, **error.parameters
        ) from error
    return without_signature(signed), signer


def read_pin(text: str) -> str:
    """A SHA-256 fingerprint as it is kept: lower-case hex; colons and spaces are left out. "" stays "".

    Raises: MetadataRefused.
    """
    pin = "".join(text.split()).replace(":", "").lower()
    if pin and (len(pin) != 64 or set(pin) - set("0123456789abcdef")):
        raise MetadataRefused(MetadataReason.NOT_A_PIN)
    return pin


def _the_signature(root: etree._Element) -> etree._Element:
    """An aggregate's entities may have signatures of their own, which are content of the one that counts."""
    found = list(root.iter("{*}Signature"))
    if not found:
        raise MetadataRefused(MetadataReason.NOT_SIGNED)
    own = [each for each in found if each.getparent() is root]
    inner = [each for each in found if each.getparent().tag in _ENTITIES and each.getparent() is not root]
    if len(own) != 1 or own[0].tag != _SIGNATURE or len(own) + len(inner) < len(found) or not root.get("ID"):
        raise MetadataRefused(MetadataReason.NOT_ONE_SIGNATURE)
    return own[0]


def _stated_signer(signature: etree._Element, pin: str) -> SigningCertificate:
    stated, refused = _stated(signature)
    if not stated and refused:
        raise MetadataRefused(MetadataReason.SIGNER_UNUSABLE, because=refused.stored())
    if not stated:
        raise MetadataRefused(MetadataReason.SIGNER_NOT_STATED)
    pinned = [each for each in stated if each.sha256 == pin]
    if pin and not pinned:
        raise MetadataRefused(MetadataReason.NOT_THE_PINNED_SIGNER, sha256=stated[0].sha256)
    signer = (pinned or stated)[0]
    if signer.not_before > timezone.now() + _SKEW:
        raise MetadataRefused(MetadataReason.SIGNER_NOT_YET_VALID, moment=signer.not_before.isoformat())
    return signer


def _stated(signature: etree._Element) -> tuple[list[SigningCertificate], Finding | None]:
    """The certificates in a KeyInfo, the signer's before its chain's; and what was wrong with the last bad one."""
    stated: list[SigningCertificate] = []
    refused = None
    for each in signature.iterfind(_CERTIFICATES):
        try:
            stated += [from_der(der) for der in certificates_in(text(each))]
        except MetadataRefused as refusal:
            refused = refusal.finding
    loaded = [(each, load(each.der)) for each in stated]
    chain = [each for each, certificate in loaded if any(has_issued(certificate, other) for _, other in loaded)]
    return [each for each in stated if each not in chain] + chain, refused


_GUARDS: tuple[Guard, ...] = (*MESSAGE_GUARDS, *SIGNATURE_GUARDS)
