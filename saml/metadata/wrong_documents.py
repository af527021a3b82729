"""Refusals of documents that were given in place of an identity provider's metadata, each saying what to give."""

import json
import re
from typing import Any

from cryptography import x509
from django.conf import settings
from lxml import etree

from saml.errors import MetadataRefused
from saml.refusals.metadata_reasons import MetadataReason
from saml.xml.parser import MD, SAML, SAMLP, tag

_LOOKED_AT = 4096  # bytes
_HTML = re.compile(rb"<!doctype\s+html|<html[\s>]|<head[\s>]", re.IGNORECASE)
_LOGIN = re.compile(rb"type\s*=\s*[\"']?password|sign[ -]?in|log[ -]?in|passwor[dt]", re.IGNORECASE)
_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----")
_ADDRESS = re.compile(rb"\s*https?://\S+\s*\Z", re.IGNORECASE)
_MAGIC = {
    b"PK\x03\x04": MetadataReason.ZIP_ARCHIVE,
    b"%PDF": MetadataReason.PDF_DOCUMENT,
    b"\x1f\x8b": MetadataReason.COMPRESSED_FILE,
}
_WS_FEDERATION = "http://docs.oasis-open.org/wsfed/federation/"
_XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


def unreadable(document: bytes) -> MetadataRefused | None:
    """The refusal of bytes that are no XML of ours; None when nothing is known of them but that."""
    head = document[:_LOOKED_AT]
    if not document.strip(b"\xef\xbb\xbf \t\r\n"):
        return MetadataRefused(MetadataReason.EMPTY)
    for magic, reason in _MAGIC.items():
        if head.startswith(magic):
            return MetadataRefused(reason)
    if _HTML.search(head):
        return _web_page(document)
    if _PEM.search(head) or _is_der(document):
        found = _PEM.search(head)
        kind = found[1].decode().lower() if found else "certificate"
        return MetadataRefused(MetadataReason.PEM_OR_DER, kind=kind)
    if _ADDRESS.match(head):
        return MetadataRefused(MetadataReason.AN_ADDRESS)
    return _json(document)


def _web_page(document: bytes) -> MetadataRefused:
    return MetadataRefused(MetadataReason.SIGN_IN_PAGE if _LOGIN.search(document) else MetadataReason.WEB_PAGE)


def _is_der(document: bytes) -> bool:
    if not document.startswith(b"\x30\x82"):
        return False
    try:
        x509.load_der_x509_certificate(document)
    except ValueError:
        return False
    return True


def _json(document: bytes) -> MetadataRefused | None:
    if not document.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
        return None
    try:
        content: Any = json.loads(document)
    except (ValueError, RecursionError):
        return MetadataRefused(MetadataReason.LIKE_JSON)
    names = content if isinstance(content, dict) else {}
    if "authorization_endpoint" in names or "jwks_uri" in names:
        return MetadataRefused(MetadataReason.OPENID_DISCOVERY)
    if "keys" in names:
        return MetadataRefused(MetadataReason.KEY_SET)
    return MetadataRefused(MetadataReason.JSON)


def wrong_root(root: etree._Element) -> MetadataRefused:
    """The refusal of XML that is no metadata."""
    name = etree.QName(root)
    if name.localname.lower() == "html":
        return _web_page(etree.tostring(root))
    if name.localname in {"EntityDescriptor", "EntitiesDescriptor"}:
        if not name.namespace:
            return MetadataRefused(MetadataReason.NO_NAMESPACE, name=name.localname)
        return MetadataRefused(MetadataReason.OTHER_NAMESPACE, name=name.localname, namespace=name.namespace[:100])
    if name.namespace in {SAMLP, SAML}:
        return MetadataRefused(MetadataReason.SAML_MESSAGE, name=name.localname)
    if name.localname == "Error":  # how cloud stores answer
        said = " ".join("".join(root.itertext()).split())
        return MetadataRefused(MetadataReason.SERVER_ERROR, detail=said[:150])
    return MetadataRefused(MetadataReason.OTHER_ROOT, name=name.localname[:50])


def wrong_role(entity: etree._Element) -> MetadataRefused:
    """The refusal of an EntityDescriptor that describes no SAML 2.0 identity provider."""
    if entity.find(tag(MD, "IDPSSODescriptor")) is not None:
        return MetadataRefused(MetadataReason.OTHER_PROTOCOLS)
    if entity.find(tag(MD, "SPSSODescriptor")) is not None:
        if (entity.get("entityID") or "").startswith(f"{settings.PUBLIC_URL}/"):
            return MetadataRefused(MetadataReason.OUR_OWN_METADATA)
        return MetadataRefused(MetadataReason.SERVICE_PROVIDER)
    roles = entity.findall(tag(MD, "RoleDescriptor"))
    if any(_speaks_ws_federation(each) for each in roles):
        return MetadataRefused(MetadataReason.WS_FEDERATION_ONLY)
    return MetadataRefused(MetadataReason.NO_IDENTITY_PROVIDER)


def _speaks_ws_federation(role: etree._Element) -> bool:
    kind = (role.get(_XSI_TYPE) or "").rpartition(":")[2]
    protocols = role.get("protocolSupportEnumeration") or ""
    return kind in {"SecurityTokenServiceType", "ApplicationServiceType"} or _WS_FEDERATION in protocols
