"""Key pairs of our own: RSA, because Entra knows no other for SAML, with a certificate that nobody else vouches for.

Identity providers pin the certificate; the dates in it are all that they may look at besides the key.
"""

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

KEY_BITS = 3072  # NIST SP 800-57: 2048 bits are enough until 2030 only, and the certificate outlives that.
VALID_FOR = timedelta(days=3650)  # Every renewal needs somebody at the identity provider; so there are few.
_BACKDATED = timedelta(days=1)  # For an identity provider whose clock is behind ours.
_LONGEST_COMMON_NAME = 64  # characters, X.520


def new_private_key() -> RSAPrivateKey:
    """A new key; takes a tenth of a second or a few."""
    return generate_private_key(public_exponent=65537, key_size=KEY_BITS)


def certificate_for(key: RSAPrivateKey, name: str, *, now: datetime) -> bytes:
    """A self-signed certificate (DER) for signing and for being encrypted to, valid from yesterday for ten years."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:_LONGEST_COMMON_NAME])])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - _BACKDATED).not_valid_after(now + VALID_FOR)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(), critical=True)
    return builder.sign(key, SHA256()).public_bytes(Encoding.DER)


def _usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_encipherment=True,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
