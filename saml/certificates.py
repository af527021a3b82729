"""X.509 certificates of identity providers: read, named by fingerprint, dated."""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from saml.errors import MetadataRefused

_MINIMUM_RSA_BITS = 2048


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


def read_certificate(encoded: str) -> SigningCertificate:
    """Read the base64 text of a ``ds:X509Certificate``. Raises: MetadataRefused for anything that is not usable."""
    try:
        der = base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise MetadataRefused("a signing certificate in it is not base64.") from error
    return from_der(der)


def from_der(der: bytes) -> SigningCertificate:
    """Raises: MetadataRefused for what is no certificate, or has a key too weak to trust."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        key = certificate.public_key()
        subject = certificate.subject.rfc4514_string()
    except ValueError as error:
        raise MetadataRefused("a signing certificate in it cannot be read.") from error
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < _MINIMUM_RSA_BITS:
            raise MetadataRefused(f"a signing certificate in it has an RSA key of only {key.key_size} bits.")
    elif not isinstance(key, ec.EllipticCurvePublicKey):
        raise MetadataRefused("a signing certificate in it has a key that is neither RSA nor ECDSA.")
    return SigningCertificate(
        sha256=hashlib.sha256(der).hexdigest(),
        der=der,
        subject=subject[:300],
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
    )
