"""Certificates of every kind that an identity provider, or a mistake, puts into metadata."""

import base64
import json
import textwrap
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tests.kept import kept_key

_KEYS = {
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
    "rsa-1024": lambda: rsa.generate_private_key(65537, 1024),
    "rsa-4096": lambda: rsa.generate_private_key(65537, 4096),
    "p-192": lambda: ec.generate_private_key(ec.SECP192R1()),
    "p-224": lambda: ec.generate_private_key(ec.SECP224R1()),
    "p-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "p-521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "secp256k1": lambda: ec.generate_private_key(ec.SECP256K1()),
    "brainpool-256": lambda: ec.generate_private_key(ec.BrainpoolP256R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "ed448": ed448.Ed448PrivateKey.generate,
    "dsa": lambda: dsa.generate_private_key(2048),
}
# Curves that cryptography knows no more; made with "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:…".
_BY_OPENSSL: dict[str, str] = json.loads((Path(__file__).parent / "old_curves.json").read_text())
STRONG = ("rsa", "rsa-4096", "p-256", "p-384", "p-521", "brainpool-256")
WEAK = tuple(sorted(set(_KEYS) - set(STRONG))) + tuple(_BY_OPENSSL)


@dataclass(frozen=True)
class Made:
    """A certificate with the key that belongs to it (None when openssl kept it)."""

    key: object
    der: bytes

    @property
    def base64(self) -> str:
        return base64.b64encode(self.der).decode()

    @property
    def certificate(self) -> x509.Certificate:
        return x509.load_der_x509_certificate(self.der)


@cache
def made(kind: str = "rsa", name: str = "", *, issuer: "Made | None" = None, ends: datetime | None = None) -> Made:
    """A certificate with a key of that kind, by itself or by ``issuer``."""
    name = name or kind
    if kind in _BY_OPENSSL:
        return Made(None, base64.b64decode(_BY_OPENSSL[kind]))
    key = kept_key(f"{kind} {name} {issuer and issuer.certificate.subject.rfc4514_string()} {bool(ends)}", _KEYS[kind])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signing = issuer.key if issuer else key
    plain = isinstance(signing, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey)
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())  # type: ignore[attr-defined]
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(ends or now + timedelta(days=300))
        .sign(signing, None if plain else hashes.SHA256())  # type: ignore[arg-type]
    )
    return Made(key, certificate.public_bytes(Encoding.DER))


def chain() -> tuple[Made, Made, Made]:
    """A leaf, the authority that issued it, and that authority's root."""
    root = made(name="root")
    middle = made(name="authority", issuer=root)
    return made(name="leaf", issuer=middle), middle, root


def armour(der: bytes, *, width: int = 64, ending: str = "\n") -> str:
    """PEM, as openssl writes it."""
    lines = textwrap.wrap(base64.b64encode(der).decode(), width)
    return ending.join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""])


FORMS = {
    "one line": lambda der: base64.b64encode(der).decode(),
    "lines of 64": lambda der: "\n".join(textwrap.wrap(base64.b64encode(der).decode(), 64)),
    "lines of 76, indented, Windows": lambda der: "\r\n\t  ".join(textwrap.wrap(base64.b64encode(der).decode(), 76)),
    "white space around": lambda der: f"\n    {base64.b64encode(der).decode()}\n\t ",
    "a no-break space": lambda der: f"\xa0{base64.b64encode(der).decode()}\xa0",
    "spaces inside": lambda der: " ".join(textwrap.wrap(base64.b64encode(der).decode(), 40)),
    "without padding": lambda der: base64.b64encode(der).decode().rstrip("="),
    "PEM": armour,
    "PEM, Windows": lambda der: armour(der, ending="\r\n"),
    "PEM in one line": lambda der: armour(der, ending=""),
    "PEM with words before": lambda der: f"Bag Attributes\n  friendlyName: idp\nsubject=CN = idp\n{armour(der)}",
    "PEM that was encoded again": lambda der: base64.b64encode(armour(der).encode()).decode(),
}
