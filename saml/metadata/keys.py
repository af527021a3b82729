"""Which certificates of a metadata document may sign, and which are left out, each with its reason."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from saml.certificates import SigningCertificate, certificates_in, from_der, has_issued, load, subject_of
from saml.errors import MetadataRefused
from saml.xml.parser import DS, MD, tag, text

_MOST_CERTIFICATES = 20
_CERTIFICATES = f"{tag(DS, 'KeyInfo')}/{tag(DS, 'X509Data')}/{tag(DS, 'X509Certificate')}"


@dataclass(slots=True)
class SigningKeys:
    """``left_out``: a sentence for each certificate that is there and is not trusted."""

    certificates: dict[str, SigningCertificate] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


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
            found.left_out.append(f"A key was left out: its use is {use[:30]!r}, neither signing nor encryption.")
    if not found.certificates:
        because = " ".join(found.left_out[:3])
        raise MetadataRefused(
            f"it has no signing certificate that can be used, so nobody could be signed in with it. {because}".strip()
        )
    if len(found.certificates) > _MOST_CERTIFICATES:
        raise MetadataRefused(f"it has more than {_MOST_CERTIFICATES} signing certificates.")
    return found


def _add(key: etree._Element, found: SigningKeys) -> None:
    """The certificates of one KeyDescriptor: each is the key's own, or of the chain above it."""
    encoded = [text(each) for each in key.iterfind(_CERTIFICATES)]
    if not encoded:
        found.left_out.append("A signing key was left out: it comes without a certificate (X509Certificate).")
    loaded = list(_loaded(encoded, found))
    for certificate in loaded:
        below = next((each for each in loaded if has_issued(certificate, each)), None)
        if below is not None:
            reason = f"it only issued the certificate {subject_of(below)} beside it, which is the one that signs."
            found.left_out.append(_sentence(certificate, reason))
            continue
        try:
            taken = from_der(certificate.public_bytes(Encoding.DER))
        except MetadataRefused as refusal:
            found.left_out.append(_sentence(certificate, refusal.reason))
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
            found.left_out.append(f"A certificate was left out: {refusal.reason}")


def _sentence(certificate: x509.Certificate, reason: str) -> str:
    sha256 = hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()
    subject = subject_of(certificate) or "no subject"
    return f"The certificate {subject} (SHA-256 {sha256[:8]}…) was left out: {reason}"
