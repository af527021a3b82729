"""What a good metadata document says: entityID, addresses for sign-on and logout, and every signing certificate.

WS-Federation descriptors, which Entra puts in front with certificates of their own, are not looked at.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import structlog
from django.utils.translation import gettext as _
from lxml import etree

from saml.certificates import SigningCertificate
from saml.errors import MetadataRefused
from saml.metadata.document import read_document
from saml.metadata.endpoints import Binding, logout_endpoint, sign_on_endpoint
from saml.metadata.entities import entity_id_of, find_entity, identity_provider_descriptor
from saml.metadata.keys import signing_keys
from saml.metadata.signature import verify_metadata_signature
from saml.metadata.validity import validity
from saml.refusals.metadata_reasons import MetadataReason
from saml.refusals.metadata_texts import Finding
from saml.xml.parser import DS, tag

_MOST_LEFT_OUT = 8  # findings

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class MetadataFacts:
    """What a good document says.

    ``slo_response_url``: where answers to logout requests go, "" when that is ``slo_url``. ``left_out``: a finding
    for each part that is there and was not taken. ``valid_until`` and ``cache``: as stated, None when not stated.
    ``signer`` is the SHA-256 of the certificate that signed it, "" when nobody did; then ``unsigned_because`` says why.
    """

    entity_id: str
    sso_url: str
    slo_url: str
    certificates: tuple[SigningCertificate, ...]
    sha256: str
    sso_binding: Binding = Binding.REDIRECT
    slo_binding: Binding = Binding.REDIRECT
    slo_response_url: str = ""
    wants_signed_requests: bool = False
    left_out: tuple[Finding, ...] = ()
    valid_until: datetime | None = None
    cache: timedelta | None = None
    signer: str = ""
    unsigned_because: Finding | None = None


def read_metadata(document: bytes, *, allow_http: bool = False, pin: str = "", wanted: str = "") -> MetadataFacts:
    """Read the EntityDescriptor of one identity provider, byte-order mark or not.

    ``allow_http``: take http addresses too, for an identity provider on this very machine. ``pin``: the SHA-256 of the
    certificate that has to have signed it; everything is then read from the signed bytes. ``wanted``: the entityID
    that is meant where the document describes several.
    Raises: MetadataRefused when the document could not be used to sign anybody in, or does not fit the pin;
    SeveralIdentityProviders.
    """
    try:
        return _read(document, allow_http, pin, wanted)
    except MetadataRefused:
        raise
    except Exception as error:
        # A document from outside, libraries in C and Rust, and nobody who knows all of what they raise.
        reference = uuid4().hex[:12]
        log.exception("saml_metadata_unforeseen", reference=reference)
        raise MetadataRefused(MetadataReason.UNFORESEEN, reference=reference) from error


def _read(document: bytes, allow_http: bool, pin: str, wanted: str) -> MetadataFacts:
    found = find_entity(read_document(document), wanted)
    entity, signer, unsigned_because = _signed(found, pin, wanted)
    descriptor = identity_provider_descriptor(entity)
    holds = validity([descriptor, entity, *entity.iterancestors(), *found.iterancestors()])
    keys = signing_keys(descriptor)
    sign_on = sign_on_endpoint(descriptor, allow_http=allow_http)
    logout, no_logout = logout_endpoint(descriptor, allow_http=allow_http)
    return MetadataFacts(
        entity_id=entity_id_of(entity),
        sso_url=sign_on.url,
        sso_binding=sign_on.binding,
        slo_url=logout.url if logout else "",
        slo_binding=logout.binding if logout else Binding.REDIRECT,
        slo_response_url=logout.response_url if logout else "",
        certificates=tuple(keys.certificates.values()),
        left_out=_shortened([*keys.left_out, *filter(None, [no_logout]), *holds.unreadable]),
        sha256=hashlib.sha256(document).hexdigest(),
        wants_signed_requests=descriptor.get("WantAuthnRequestsSigned", "").strip().lower() in {"true", "1"},
        valid_until=holds.until,
        cache=holds.cache,
        signer=signer,
        unsigned_because=unsigned_because,
    )


def _shortened(findings: list[Finding]) -> tuple[Finding, ...]:
    """The findings without repetitions, and not more of them than anybody reads."""
    different: list[Finding] = []
    for each in findings:
        if each not in different:
            different.append(each)
    more = len(different) - _MOST_LEFT_OUT
    rest = [Finding(MetadataReason.MORE_LEFT_OUT, {"count": more})] if more > 0 else []
    return (*different[:_MOST_LEFT_OUT], *rest)


def _signed(entity: etree._Element, pin: str, wanted: str) -> tuple[etree._Element, str, Finding | None]:
    """The same entity from what was signed, who signed it, and why nobody did. Without a pin that is only looked at.

    The signature is the whole document's; an aggregate that has none may hold entities that have one of their own.
    """
    root = entity.getroottree().getroot()
    signed_as_a_whole = entity is root or root.find(tag(DS, "Signature")) is not None
    try:
        signed, signer = verify_metadata_signature(root if signed_as_a_whole else _alone(entity), pin)
    except MetadataRefused as refusal:
        if pin:
            raise
        return entity, "", refusal.finding
    return find_entity(signed, wanted), signer.sha256, None


def _alone(entity: etree._Element) -> etree._Element:
    """The entity as a document of its own."""
    return etree.fromstring(etree.tostring(entity, with_tail=False))


def warn_about_address(url: str) -> str | None:
    """Entra's address without ``appid`` lists the tenant's keys, not the application's: signatures then fail."""
    parts = urlsplit(url)
    if "/federationmetadata/" in parts.path.lower() and not parse_qs(parts.query).get("appid"):
        return _("The address has no appid, so it may list other certificates than this application's; copy it again.")
    return None
