"""IdP metadata (SAML metadata 2.0): a document's bytes become the few facts that we keep. Pure; fetching is elsewhere.

Taken are entityID, the addresses for sign-on and logout, and every signing certificate of the one IDPSSODescriptor.
WS-Federation descriptors, which Entra puts in front of it with certificates of their own, are not looked at.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from lxml import etree

from gatekeeper.public_addresses import LONGEST_URL, is_usable_address
from saml.certificates import SigningCertificate, read_certificate
from saml.errors import MetadataRefused, UnreadableXml
from saml.metadata_signature import signed_by
from saml.xml import DS, MD, SAMLP, parse, tag, text

METADATA_LIMIT = 1024 * 1024  # bytes; Entra's are below 100 KB
REDIRECT_BINDING = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
_MOST_CERTIFICATES = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class MetadataFacts:
    """What a good document says.

    ``signer`` is the SHA-256 of the certificate that signed it, "" when nobody did; then ``unsigned_because`` says why.
    """

    entity_id: str
    sso_url: str
    slo_url: str
    certificates: tuple[SigningCertificate, ...]
    sha256: str
    wants_signed_requests: bool = False
    signer: str = ""
    unsigned_because: str = ""


def read_metadata(document: bytes, *, allow_http: bool = False, pin: str = "") -> MetadataFacts:
    """Read an EntityDescriptor, byte-order mark or not.

    ``allow_http``: take http addresses too, for an identity provider on this very machine. ``pin``: the SHA-256 of the
    certificate that has to have signed it; everything is then read from the signed bytes.
    Raises: MetadataRefused when the document could not be used to sign anybody in, or does not fit the pin.
    """
    try:
        root = parse(document, limit=METADATA_LIMIT)
    except UnreadableXml as error:
        raise MetadataRefused(f"{error} Copy the App Federation Metadata Url again.") from error
    if root.tag != tag(MD, "EntityDescriptor"):
        raise MetadataRefused("this is not the metadata of one SAML identity provider (no EntityDescriptor).")
    root, signer, unsigned_because = _signature(root, pin)
    descriptor = _identity_provider(root)
    return MetadataFacts(
        entity_id=_entity_id(root),
        sso_url=_sso_url(descriptor, allow_http),
        slo_url=_slo_url(descriptor, allow_http),
        certificates=_certificates(descriptor),
        sha256=hashlib.sha256(document).hexdigest(),
        wants_signed_requests=descriptor.get("WantAuthnRequestsSigned", "").strip().lower() in {"true", "1"},
        signer=signer,
        unsigned_because=unsigned_because,
    )


def _signature(root: etree._Element, pin: str) -> tuple[etree._Element, str, str]:
    """The tree to read from, who signed it, and why nobody did. Without a pin a signature is only looked at."""
    try:
        signed, signer = signed_by(root, pin)
    except MetadataRefused as refusal:
        if pin:
            raise
        return root, "", refusal.reason
    return signed, signer.sha256, ""


def warn_about_address(url: str) -> str | None:
    """Entra's address without ``appid`` lists the tenant's keys, not the application's: signatures then fail."""
    parts = urlsplit(url)
    if "/federationmetadata/" in parts.path.lower() and not parse_qs(parts.query).get("appid"):
        return "The address has no appid, so it may list other certificates than this application's; copy it again."
    return None


def _entity_id(root: etree._Element) -> str:
    entity_id: str = root.get("entityID") or ""
    if not entity_id or len(entity_id) > LONGEST_URL or entity_id != entity_id.strip():
        raise MetadataRefused("it has no usable entityID.")
    if "{tenantid}" in entity_id.lower():
        raise MetadataRefused(
            "this is the document for all tenants (common); copy the App Federation Metadata Url of your application."
        )
    return entity_id


def _identity_provider(root: etree._Element) -> etree._Element:
    descriptors = [
        each
        for each in root.findall(tag(MD, "IDPSSODescriptor"))
        if SAMLP in (each.get("protocolSupportEnumeration") or "").split()
    ]
    if len(descriptors) != 1:
        raise MetadataRefused("it must describe exactly one SAML 2.0 identity provider (IDPSSODescriptor).")
    return descriptors[0]


def _sso_url(descriptor: etree._Element, allow_http: bool) -> str:
    for location in _locations(descriptor, "SingleSignOnService", "Location"):
        if is_usable_address(location, allow_http=allow_http):
            return location
    raise MetadataRefused("it has no https sign-on address with the HTTP-Redirect binding.")


def _slo_url(descriptor: etree._Element, allow_http: bool) -> str:
    for location in _locations(descriptor, "SingleLogoutService", "Location"):
        if is_usable_address(location, allow_http=allow_http):
            return location
    return ""


def _locations(descriptor: etree._Element, service: str, attribute: str) -> Iterator[str]:
    for each in descriptor.findall(tag(MD, service)):
        if each.get("Binding") == REDIRECT_BINDING and each.get(attribute):
            yield each.get(attribute)


def _certificates(descriptor: etree._Element) -> tuple[SigningCertificate, ...]:
    found: dict[str, SigningCertificate] = {}
    for key in descriptor.findall(tag(MD, "KeyDescriptor")):
        if key.get("use", "signing") != "signing":
            continue
        for encoded in key.iterfind(f"{tag(DS, 'KeyInfo')}/{tag(DS, 'X509Data')}/{tag(DS, 'X509Certificate')}"):
            certificate = read_certificate(text(encoded))
            found.setdefault(certificate.sha256, certificate)
    if not found:
        raise MetadataRefused("it has no signing certificate, so nobody could be signed in with it.")
    if len(found) > _MOST_CERTIFICATES:
        raise MetadataRefused(f"it has more than {_MOST_CERTIFICATES} signing certificates.")
    return tuple(found.values())
