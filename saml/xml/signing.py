"""An enveloped XML signature of ours (SAML core 5.4): for the POST binding, where the redirect binding signs a query.

Made from the same callable as that one, so the private key stays where it is.
"""

import base64
import hashlib
from collections.abc import Callable

from lxml import etree

from saml.xml.algorithms import ENVELOPED, EXCLUSIVE_C14N
from saml.xml.parser import DS, SAML, XENC, canonical, tag

_RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_SHA256 = f"{XENC}sha256"


def signed_message(message: bytes, *, sign: Callable[[bytes], bytes], certificate: bytes) -> bytes:
    """``message`` with a signature after its Issuer, as the schema wants it. ``certificate``: ours, in DER form.

    The digest is of the message before the signature is in it: that is what enveloped-signature leaves.
    """
    root = etree.fromstring(message)
    signature = _signature(root.get("ID"), hashlib.sha256(canonical(root)).digest(), certificate)
    root.insert(root.index(root.find(tag(SAML, "Issuer"))) + 1, signature)
    info, value = signature.find(tag(DS, "SignedInfo")), signature.find(tag(DS, "SignatureValue"))
    value.text = _base64(sign(canonical(info)))
    document: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return document


def _signature(refers_to: str, digest: bytes, certificate: bytes) -> etree._Element:
    signature = etree.Element(tag(DS, "Signature"), nsmap={"ds": DS})
    info = _below(signature, "SignedInfo")
    _below(info, "CanonicalizationMethod", Algorithm=EXCLUSIVE_C14N)
    _below(info, "SignatureMethod", Algorithm=_RSA_SHA256)
    reference = _below(info, "Reference", URI=f"#{refers_to}")
    transforms = _below(reference, "Transforms")
    for algorithm in (ENVELOPED, EXCLUSIVE_C14N):
        _below(transforms, "Transform", Algorithm=algorithm)
    _below(reference, "DigestMethod", Algorithm=_SHA256)
    _below(reference, "DigestValue").text = _base64(digest)
    _below(signature, "SignatureValue")
    data = _below(_below(signature, "KeyInfo"), "X509Data")
    _below(data, "X509Certificate").text = _base64(certificate)
    return signature


def _below(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, tag(DS, name), attributes)


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
