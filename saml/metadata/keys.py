"""Which certificates of a metadata document may sign, and which are left out, each with its reason."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from saml.certificates import SigningCertificate, certificates_in, from_der, has_issued, load, subject_of
from saml.errors import MetadataRefused
from saml.refusals.metadata_reasons import MetadataReason
from saml.refusals.metadata_texts import Finding
from saml.xml.parser import DS, MD, tag, text

_MOST_CERTIFICATES = 20
_CERTIFICATES = f"{tag(DS, 'KeyInfo')}/{tag(DS, 'X509Data')}/{tag(DS, 'X509Certificate')}"


@dataclass(slots=True)
class SigningKeys:
    """``left_out``: a finding for each certificate that is there and is not trusted."""

    certificates: dict[str, SigningCertificate] = field(default_factory=dict)
    left_out: list[Finding] = field(default_factory=list)


def signing_keys(descriptor: etree._Element) -> SigningKeys:
    """The certificates for signing of an IDPSSODescriptor: a KeyDescriptor without ``use`` is for signing as well.

    One that cannot be used is left out beside good ones.
    Raises: MetadataRefused when none is left, with what is wrong with those that are there.
    """
    found = SigningKeys()
    for key in descriptor.findall(tag(MD, "KeyDescriptor")):
        use = (key.get("use") or "signing").strip().lower()
        if use == "signing":
            _add(key, found)
        elif use != "encryption":
            found.left_out.append(Finding(MetadataReason.OTHER_USE_LEFT_OUT, {"use": repr(use[:30])}))
    if not found.certificates:
        if not found.left_out:
            raise MetadataRefused(MetadataReason.NO_SIGNING_CERTIFICATE)
        because = [each.stored() for each in found.left_out[:3]]
        raise MetadataRefused(MetadataReason.NO_USABLE_CERTIFICATE, because=because)
    if len(found.certificates) > _MOST_CERTIFICATES:
        raise MetadataRefused(MetadataReason.TOO_MANY_CERTIFICATES, most=_MOST_CERTIFICATES)
    return found


def _add(key: etree._Element, found: SigningKeys) -> None:
    """The certificates of one KeyDescriptor: each is the key's own, or of the chain above it."""
    encoded = [text(each) for each in key.iterfind(_CERTIFICATES)]
    if not encoded:
        found.left_out.append(Finding(MetadataReason.KEY_WITHOUT_CERTIFICATE))
    loaded = list(_loaded(encoded, found))
    for certificate in loaded:
        below = next((each for each in loaded if has_issued(certificate, each)), None)
        if below is not None:
            issued_only = Finding(MetadataReason.ISSUED_ONLY, {"below": subject_of(below)})
            found.left_out.append(_left_out(certificate, issued_only))
            continue
        try:
            taken = from_der(certificate.public_bytes(Encoding.DER))
        except MetadataRefused as refusal:
            found.left_out.append(_left_out(certificate, refusal.finding))
        else:
            found.certificates.setdefault(taken.sha256, taken)


def _loaded(encoded: list[str], found: SigningKeys) -> Iterator[x509.Certificate]:
    """The certificates without repetitions; a chain may be spread over several elements, or stand in one."""
    seen: set[bytes] = set()
    for each in encoded[: 2 * _MOST_CERTIFICATES]:
        try:
            for der in certificates_in(each)[: 2 * _MOST_CERTIFICATES]:
                if der not in seen and len(seen) < 2 * _MOST_CERTIFICATES:
                    seen.add(der)
                    yield load(der)
        except MetadataRefused as refusal:
            because = {"because": refusal.finding.stored()}
            found.left_out.append(Finding(MetadataReason.UNREAD_CERTIFICATE_LEFT_OUT, because))


def _left_out(certificate: x509.Certificate, because: Finding) -> Finding:
    sha256 = hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()
    parameters = {"subject": subject_of(certificate), "sha256": sha256[:8], "because": because.stored()}
    return Finding(MetadataReason.CERTIFICATE_LEFT_OUT, parameters)
