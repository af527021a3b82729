"""Signatures, with the pinned certificates of one connection only; what comes back is what the digest covered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import xmlsec as _xmlsec
from lxml import etree

from saml.allow_list import RESPONSE_LIMIT
from saml.assertion import without_signature
from saml.certificates import SigningCertificate
from saml.errors import Refused, UnreadableXml
from saml.xml import DS, SAML, canonical, parse, tag

xmlsec: Any = _xmlsec  # Its stub files leave out half of what the module has.


@dataclass(frozen=True, slots=True)
class Verified:
    """``assertion``: a tree of its own, made from the signed bytes, without comments and without the signature."""

    assertion: etree._Element
    certificate: SigningCertificate


def verify(root: etree._Element, certificates: Sequence[SigningCertificate]) -> Verified:
    """Verify every signature of a response that has passed the allow-list; return the signed assertion.

    KeyInfo is ignored: whoever forges a message also chooses what stands there.
    Raises: Refused when any signature, the Response's too, fits none of ``certificates``.
    """
    xmlsec.tree.add_ids(root, ["ID"])
    assertion = root.find(tag(SAML, "Assertion"))
    certificate = None
    for signature in root.iter(tag(DS, "Signature")):
        fitting = _fitting(signature, certificates)
        if signature.getparent() is assertion:
            certificate = fitting
    if assertion is None or certificate is None:
        raise Refused("is_signed_by_the_connection", "the assertion is not signed.")
    try:
        signed = parse(canonical(assertion), limit=RESPONSE_LIMIT * 2)
    except UnreadableXml as error:
        raise Refused("is_signed_by_the_connection", str(error)) from error
    return Verified(without_signature(signed), certificate)


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
    raise Refused(
        "is_signed_by_the_connection",
        "the signature fits no certificate of the connection; refresh its metadata if the certificate was renewed.",
    )


def require_fitting(
    root: etree._Element, signature: etree._Element, certificates: Sequence[SigningCertificate]
) -> None:
    """Verify one signature of a message other than a response. Raises: Refused when it fits no certificate."""
    xmlsec.tree.add_ids(root, ["ID"])
    _fitting(signature, certificates)


def verify_query(signed: bytes, value: bytes, algorithm: str, certificates: Sequence[SigningCertificate]) -> bool:
    """Does a redirect-binding signature (SAML bindings 3.4.4.1) fit one of the certificates?"""
    transforms = {
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256": xmlsec.Transform.RSA_SHA256,
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384": xmlsec.Transform.RSA_SHA384,
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512": xmlsec.Transform.RSA_SHA512,
    }
    if algorithm not in transforms:
        return False
    for certificate in certificates:
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory(certificate.pem, xmlsec.KeyFormat.CERT_PEM, None)
        try:
            context.verify_binary(signed, transforms[algorithm], value)
        except xmlsec.Error:
            continue
        return True
    return False
