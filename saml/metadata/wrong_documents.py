"""Sentences for documents that were given in place of an identity provider's metadata, each saying what to give."""

import json
import re
from typing import Any

from cryptography import x509
from django.conf import settings
from lxml import etree

from saml.xml.parser import MD, SAML, SAMLP, tag

_WANTED = "give the SAML 2.0 metadata of the identity provider (XML)."
_LOOKED_AT = 4096  # bytes
_HTML = re.compile(rb"<!doctype\s+html|<html[\s>]|<head[\s>]", re.IGNORECASE)
_LOGIN = re.compile(rb"type\s*=\s*[\"']?password|sign[ -]?in|log[ -]?in|passwor[dt]", re.IGNORECASE)
_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----")
_ADDRESS = re.compile(rb"\s*https?://\S+\s*\Z", re.IGNORECASE)
_MAGIC = {
    b"PK\x03\x04": "a ZIP archive: unpack it, and",
    b"%PDF": "a PDF document:",
    b"\x1f\x8b": "compressed: unpack it, and",
}
_WS_FEDERATION = "http://docs.oasis-open.org/wsfed/federation/"
_XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


def describe_unreadable(document: bytes) -> str:
    """A sentence about bytes that are no XML of ours; "" when nothing is known of them but that."""
    head = document[:_LOOKED_AT]
    if not document.strip(b"\xef\xbb\xbf \t\r\n"):
        return f"it is empty, so there is no well-formed XML in it; {_WANTED}"
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            return f"it is {kind} {_WANTED}"
    if _HTML.search(head):
        return _web_page(document)
    if _PEM.search(head) or _is_der(document):
        found = _PEM.search(head)
        kind = found[1].decode().lower() if found else "certificate"
        return f"it is a {kind}, not metadata: {_WANTED}"
    if _ADDRESS.match(head):
        return "it is an address, not a document: enter it as the address of the metadata."
    return _json(document)


def _web_page(document: bytes) -> str:
    page = "a sign-in page" if _LOGIN.search(document) else "a web page"
    return (
        f"it is {page} (HTML), not metadata (no EntityDescriptor): the address has to answer with the XML itself, "
        "without anybody being signed in."
    )


def _is_der(document: bytes) -> bool:
    if not document.startswith(b"\x30\x82"):
        return False
    try:
        x509.load_der_x509_certificate(document)
    except ValueError:
        return False
    return True


def _json(document: bytes) -> str:
    if not document.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
        return ""
    try:
        content: Any = json.loads(document)
    except (ValueError, RecursionError):
        return f"it looks like JSON; {_WANTED}"
    names = content if isinstance(content, dict) else {}
    if "authorization_endpoint" in names or "jwks_uri" in names:
        return f"it is an OpenID Connect discovery document (JSON), and this site speaks SAML: {_WANTED}"
    if "keys" in names:
        return f"it is a set of keys for OpenID Connect (JSON Web Key Set), and this site speaks SAML: {_WANTED}"
    return f"it is JSON; {_WANTED}"


def describe_wrong_root(root: etree._Element) -> str:
    """A sentence about XML that is no metadata."""
    name = etree.QName(root)
    if name.localname.lower() == "html":
        return _web_page(etree.tostring(root))
    if name.localname in {"EntityDescriptor", "EntitiesDescriptor"}:
        return f"its {name.localname} is in the namespace {(name.namespace or 'none')[:100]}, not in SAML 2.0's ({MD})."
    if name.namespace in {SAMLP, SAML}:
        return f"it is a SAML message ({name.localname}), not metadata (no EntityDescriptor): {_WANTED}"
    if name.localname == "Error":  # how cloud stores answer
        said = " ".join("".join(root.itertext()).split())
        return f"the server answered with an error instead of metadata: {said[:150]}"
    return f"it is XML with the root {name.localname[:50]}, not metadata (no EntityDescriptor): {_WANTED}"


def describe_wrong_role(entity: etree._Element) -> str:
    """A sentence about an EntityDescriptor that describes no SAML 2.0 identity provider."""
    ending = "(no IDPSSODescriptor for SAML 2.0)"
    if entity.find(tag(MD, "IDPSSODescriptor")) is not None:
        return (
            f"it describes an identity provider for other protocols than SAML 2.0 {ending}: switch on SAML 2.0 there."
        )
    if entity.find(tag(MD, "SPSSODescriptor")) is not None:
        if (entity.get("entityID") or "").startswith(f"{settings.PUBLIC_URL}/"):
            return (
                f"it is this site's own metadata {ending}: that goes into the identity provider, and theirs comes here."
            )
        return f"it describes a service provider, not an identity provider {ending}: {_WANTED}"
    roles = entity.findall(tag(MD, "RoleDescriptor"))
    if any(_speaks_ws_federation(each) for each in roles):
        return f"it describes WS-Federation only {ending}: {_WANTED}"
    return f"it does not describe an identity provider {ending}: {_WANTED}"


def _speaks_ws_federation(role: etree._Element) -> bool:
    kind = (role.get(_XSI_TYPE) or "").rpartition(":")[2]
    protocols = role.get("protocolSupportEnumeration") or ""
    return kind in {"SecurityTokenServiceType", "ApplicationServiceType"} or _WS_FEDERATION in protocols
