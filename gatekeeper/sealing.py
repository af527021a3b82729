"""Secrets that have to be read again, and so cannot be hashed: encrypted before they are stored.

The keys are derived from SECRET_KEY, one for each purpose, so that what was sealed for one cannot be passed off as
another. Whoever has the database without SECRET_KEY has nothing; a new SECRET_KEY makes what was sealed unreadable.
"""

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from gatekeeper.errors import SealBroken


def seal(secret: bytes, *, purpose: str) -> bytes:
    """Encrypt ``secret`` so that ``unseal`` gives it back, for the same purpose only."""
    return _box(purpose).encrypt(secret)


def unseal(sealed: bytes, *, purpose: str) -> bytes:
    """Raises: SealBroken when it was sealed under another SECRET_KEY or for another purpose, or was altered."""
    try:
        return _box(purpose).decrypt(sealed)
    except InvalidToken as error:
        raise SealBroken(purpose) from error


def derived_key(purpose: str, secret_key: str | None = None) -> bytes:
    """32 bytes for one purpose, from SECRET_KEY or from a former one."""
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"gatekeeper:" + purpose.encode())
    return derive.derive((secret_key or settings.SECRET_KEY).encode())


def _box(purpose: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(derived_key(purpose)))
