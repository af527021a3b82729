"""The signing key of the identity provider, made at its first start and kept beside its other data."""

import datetime as dt
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

YEARS = 3  # as long as Entra's certificates live


@dataclass(frozen=True)
class SigningKey:
    """A private key and its self-signed certificate, both as PEM."""

    private_pem: bytes
    certificate_pem: bytes

    @property
    def certificate_base64(self) -> str:
        """The certificate as XML carries it: base64 without the frame."""
        lines = self.certificate_pem.decode().strip().splitlines()
        return "".join(lines[1:-1])


def load_or_make(folder: Path) -> SigningKey:
    """Return the key of ``folder``; made there, readable by its owner only, when there is none."""
    private, certificate = folder / "signing-key.pem", folder / "signing-certificate.pem"
    if not (private.exists() and certificate.exists()):
        folder.mkdir(parents=True, exist_ok=True)
        made = make_key()
        with os.fdopen(os.open(private, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(made.private_pem)
        certificate.write_bytes(made.certificate_pem)
    return SigningKey(private.read_bytes(), certificate.read_bytes())


def make_key() -> SigningKey:
    """Make an RSA key of 2048 bits with a certificate under the name that Entra uses."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Pretend Entra SSO Certificate")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(days=365 * YEARS))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return SigningKey(private, certificate.public_bytes(serialization.Encoding.PEM))
