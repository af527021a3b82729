"""X.509 certificates of identity providers: decoding, fingerprints, validity dates, and keys that are strong enough."""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding

from saml.errors import MetadataRefused
from saml.refusals.metadata_reasons import MetadataReason
from saml.xml.datetimes import within_calendar

_MINIMUM_RSA_BITS = 2048
# NIST's and Brainpool's, from 256 bits on: what RFC 4051 and 9231 sign with, and OpenSSL verifies.
_CURVES = frozenset({"secp256r1", "secp384r1", "secp521r1", "brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1"})
_MARK = re.compile(r"-----(?:BEGIN|END) ([A-Z0-9 ]{1,40})-----")
_LONGEST_TEXT = 200_000  # characters, for a chain in PEM
_LONGEST_SUBJECT = 300


@dataclass(frozen=True, slots=True)
class SigningCertificate:
    """``sha256`` is lower-case hex over the DER form, as Entra's portal and openssl print it without colons."""

    sha256: str
    der: bytes
    subject: str
    not_before: datetime
    not_after: datetime

    @property
    def pem(self) -> str:
        return x509.load_der_x509_certificate(self.der).public_bytes(Encoding.PEM).decode("ascii")


def certificates_in(encoded: str) -> list[bytes]:
    """The DER form of what a ``ds:X509Certificate`` holds: base64 as it should be, or PEM with its armour, any number.

    Raises: MetadataRefused for text that is neither.
    """
    if len(encoded) > _LONGEST_TEXT:
        raise MetadataRefused(MetadataReason.CERTIFICATE_TOO_LONG)
    found = [_decoded(inner) for inner in _inside_armour(encoded) or [encoded]]
    if len(found) == 1 and found[0].startswith(b"-----BEGIN"):  # a PEM file that was encoded once more
        found = [_decoded(inner) for inner in _inside_armour(found[0].decode("ascii", "replace"))]
    if not found:
        raise MetadataRefused(MetadataReason.PEM_INCOMPLETE)
    return found


def _inside_armour(text: str) -> list[str]:
    """What stands between the marks of PEM; nothing when there are none."""
    pieces = _MARK.split(text)  # before, label, inside, label, between, label, inside, …
    for label in pieces[1::4]:
        if label != "CERTIFICATE":
            raise MetadataRefused(MetadataReason.NO_CERTIFICATE_IN_PEM, label=label.lower())
    return pieces[2::4] if len(pieces) > 4 else []


def _decoded(encoded: str) -> bytes:
    text = "".join(encoded.split()).rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise MetadataRefused(MetadataReason.NOT_BASE64) from error


def load(der: bytes) -> x509.Certificate:
    """Raises: MetadataRefused for what is no certificate."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        _ = (certificate.subject, certificate.issuer, certificate.not_valid_after_utc)  # They are read late.
    except (ValueError, TypeError, x509.InvalidVersion, UnsupportedAlgorithm) as error:
        raise MetadataRefused(MetadataReason.NOT_A_CERTIFICATE) from error
    return certificate


def from_der(der: bytes) -> SigningCertificate:
    """Raises: MetadataRefused for what is no certificate, or has a key too weak to trust."""
    certificate = load(der)
    _require_strong(_key_of(certificate))
    return SigningCertificate(
        sha256=hashlib.sha256(der).hexdigest(),
        der=der,
        subject=subject_of(certificate),
        not_before=within_calendar(certificate.not_valid_before_utc),
        not_after=within_calendar(certificate.not_valid_after_utc),
    )


def subject_of(certificate: x509.Certificate) -> str:
    """The subject's name in one line (RFC 4514)."""
    return certificate.subject.rfc4514_string()[:_LONGEST_SUBJECT]


def has_issued(issuer: x509.Certificate, other: x509.Certificate) -> bool:
    """Whether ``issuer`` is the authority that signed ``other``, a certificate of somebody else.

    One that signed itself counts as nobody's: a renewed one may carry the same name and the same key.
    """
    if other.issuer != issuer.subject or other.issuer == other.subject:
        return False
    try:
        other.verify_directly_issued_by(issuer)
    except InvalidSignature:
        return False
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return True  # Signed in a way that is not verified any more (SHA-1, MD5): the names have to do.
    return True


def _key_of(certificate: x509.Certificate) -> CertificatePublicKeyTypes:
    try:
        return certificate.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise MetadataRefused(MetadataReason.UNKNOWN_KEY) from error


def _require_strong(key: CertificatePublicKeyTypes) -> None:
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < _MINIMUM_RSA_BITS:
            raise MetadataRefused(MetadataReason.RSA_KEY_TOO_SHORT, bits=key.key_size, least=_MINIMUM_RSA_BITS)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        if key.curve.name not in _CURVES:
            raise MetadataRefused(MetadataReason.WEAK_CURVE, curve=key.curve.name)
    else:
        kind = type(key).__name__.removesuffix("PublicKey").lstrip("_")
        raise MetadataRefused(MetadataReason.OTHER_KIND_OF_KEY, kind=kind)
