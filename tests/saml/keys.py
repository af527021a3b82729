"""Key pairs and self-signed certificates of pretend identity providers, made once a test run."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import NameOID

from tests.kept import rsa_key

CURVES = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1, "P-521": ec.SECP521R1}


@dataclass(frozen=True)
class KeyPair:
    key_pem: bytes
    certificate_pem: bytes
    is_ecdsa: bool = False

    @property
    def private_key(self) -> PrivateKeyTypes:
        """The key itself, read once."""
        return _loaded(self.key_pem)

    @property
    def certificate_base64(self) -> str:
        return "".join(self.certificate_pem.decode().splitlines()[1:-1])


@cache
def _loaded(key_pem: bytes) -> PrivateKeyTypes:
    return load_pem_private_key(key_pem, None, unsafe_skip_rsa_key_validation=True)


@cache
def key_pair(
    name: str = "idp",
    *,
    days: int = 365,
    bits: int = 2048,
    began_days_ago: int = 400,
    curve: str = "",
    ends: datetime | None = None,
) -> KeyPair:
    """``days``: how long the certificate is still valid; negative when it has expired. ``curve``: ECDSA, not RSA."""
    kept = f"{name} {days} {began_days_ago} {bool(ends)}"
    key = ec.generate_private_key(CURVES[curve]()) if curve else rsa_key(kept, bits)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=began_days_ago))
        .not_valid_after(ends or now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    return KeyPair(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        certificate.public_bytes(Encoding.PEM),
        is_ecdsa=bool(curve),
    )


def tls_pair(host: str) -> KeyPair:
    """A self-signed certificate for a web server."""
    key = rsa_key(f"TLS {host}")
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return KeyPair(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        certificate.public_bytes(Encoding.PEM),
    )
