"""Signatures, with the pinned certificates of one connection only; what comes back is what the digest covered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import xmlsec as _xmlsec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from django.utils import timezone
from lxml import etree

from saml.certificates import SigningCertificate
from saml.errors import MessageRefused, UnreadableXml
from saml.refusals.reasons import Reason
from saml.validation.allow_list import RESPONSE_LIMIT
from saml.validation.assertion import without_signature
from saml.validation.signature_policy import Signing
from saml.xml.datetimes import shown_moment
from saml.xml.parser import DS, SAML, canonical, parse, tag

xmlsec: Any = _xmlsec  # Its stub files leave out half of what the module has.
_SKEW = timedelta(minutes=2)
_RSA = {
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256": xmlsec.Transform.RSA_SHA256,
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384": xmlsec.Transform.RSA_SHA384,
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512": xmlsec.Transform.RSA_SHA512,
}
_ECDSA = {
    f"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha{each.digest_size * 8}": each
    for each in (hashes.SHA256(), hashes.SHA384(), hashes.SHA512())
}


@dataclass(frozen=True, slots=True)
class SignedContent:
    """``assertion``: a tree made from signed bytes only, without comments and without signatures.

    ``response``: made from the same signed bytes when they are those of the Response, else as it was received.
    """

    response: etree._Element
    assertion: etree._Element
    certificate: SigningCertificate


def verify(
    root: etree._Element,
    certificates: Sequence[SigningCertificate],
    signing: Signing = Signing.ASSERTION,
    *,
    signed_by: SigningCertificate | None = None,
) -> SignedContent:
    """Verify every signature of a response that has passed the allow-list; return what was signed.

    KeyInfo is ignored: whoever forges a message also chooses what stands there. ``signed_by``: with
    ``Signing.VERIFIED``, the certificate that the Response was signed with when it was received.
    Raises: MessageRefused when any signature, the Response's too, fits none of ``certificates``, or what ``signing``
    asks for is missing.
    """
    xmlsec.tree.add_ids(root, ["ID"])
    assertion = root.find(tag(SAML, "Assertion"))
    fitting = {
        signature.getparent(): _fitting(signature, certificates) for signature in root.iter(tag(DS, "Signature"))
    }
    if assertion is None:
        raise _refused(Reason.NO_ASSERTION)
    if assertion in fitting:
        return SignedContent(root, _signed(assertion), fitting[assertion])
    if signing is Signing.RESPONSE and root in fitting:
        response = _signed(root)
        return SignedContent(response, _assertion_in(response), fitting[root])
    if signing is Signing.VERIFIED and signed_by is not None:
        return SignedContent(root, _signed(assertion), signed_by)
    raise _refused(Reason.ASSERTION_NOT_SIGNED)


def _signed(element: etree._Element) -> etree._Element:
    """What the digest of a signature in ``element`` covers: its canonical bytes, as a tree of their own."""
    try:
        return without_signature(parse(canonical(element), limit=RESPONSE_LIMIT * 2))
    except UnreadableXml as error:
        raise _refused(error.reason, **error.parameters) from error


def _assertion_in(response: etree._Element) -> etree._Element:
    assertions = response.findall(tag(SAML, "Assertion"))
    if len(assertions) != 1:
        raise _refused(Reason.SIGNATURE_COVERS_NO_ASSERTION)
    return assertions[0]


def _refused(reason: Reason, **parameters: Any) -> MessageRefused:
    return MessageRefused("is_signed_by_the_connection", reason, **parameters)


def _fitting(signature: etree._Element, certificates: Sequence[SigningCertificate]) -> SigningCertificate:
    for certificate in certificates:
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory(certificate.pem, xmlsec.KeyFormat.CERT_PEM, None)
        context.set_enabled_key_data([xmlsec.KeyData.X509])
        try:
            context.verify(signature)
        except xmlsec.Error:
            continue
        return certificate
    raise _refused(Reason.NO_FITTING_CERTIFICATE)


def require_fitting(
    root: etree._Element, signature: etree._Element, certificates: Sequence[SigningCertificate]
) -> SigningCertificate:
    """Verify one signature of ``root`` and return what it fits. Raises: MessageRefused when it fits no certificate."""
    xmlsec.tree.add_ids(root, ["ID"])
    fitting = _fitting(signature, certificates)
    _require_begun(fitting)
    return fitting


def verify_query(signed: bytes, value: bytes, algorithm: str, certificates: Sequence[SigningCertificate]) -> bool:
    """Does a redirect-binding signature (SAML bindings 3.4.4.1) fit one of the certificates?

    Raises: MessageRefused when that certificate is not valid yet.
    """
    if algorithm in _ECDSA:
        fits = partial(_ecdsa_fits, signed, value, _ECDSA[algorithm])
    elif algorithm in _RSA:
        fits = partial(_rsa_fits, signed, value, _RSA[algorithm])
    else:
        return False
    certificate = next(filter(fits, certificates), None)
    if certificate is not None:
        _require_begun(certificate)
    return certificate is not None


def _require_begun(certificate: SigningCertificate) -> None:
    """Refuse a certificate that is not valid yet; of an expired one only responses are refused, by ``CHECKS``."""
    if certificate.not_before > timezone.now() + _SKEW:
        begins = shown_moment(certificate.not_before)
        raise MessageRefused("has_current_certificate", Reason.CERTIFICATE_NOT_YET_VALID, begins=begins)


def _rsa_fits(signed: bytes, value: bytes, transform: Any, certificate: SigningCertificate) -> bool:
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(certificate.pem, xmlsec.KeyFormat.CERT_PEM, None)
    try:
        context.verify_binary(signed, transform, value)
    except xmlsec.Error:
        return False
    return True


def _ecdsa_fits(signed: bytes, value: bytes, digest: hashes.HashAlgorithm, certificate: SigningCertificate) -> bool:
    """The value is r and s side by side (RFC 4051 2.3.6, as in XML signatures); some write them in DER (RFC 3279)."""
    key = x509.load_der_x509_certificate(certificate.der).public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return False
    forms = [value]
    length = (key.key_size + 7) // 8
    if len(value) == 2 * length:
        r, s = (int.from_bytes(part, "big") for part in (value[:length], value[length:]))
        forms.insert(0, encode_dss_signature(r, s))
    for form in forms:
        try:
            key.verify(form, signed, ec.ECDSA(digest))
        except InvalidSignature:
            continue
        return True
    return False
