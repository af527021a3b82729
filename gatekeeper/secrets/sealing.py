"""Sealing: secrets that have to be read again, and so cannot be hashed, are encrypted before they are stored.

The keys are derived from SECRET_KEY, one for each purpose, so that what was sealed for one cannot be passed off as
another. Whoever has the database without SECRET_KEY has nothing. What was sealed under a former SECRET_KEY opens while
that is one of SECRET_KEY_FALLBACKS; ``manage.py reseal`` moves it to the present one.
"""

import base64
from collections.abc import Callable
from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models

from gatekeeper.errors import SealBroken


def seal(secret: bytes, *, purpose: str) -> bytes:
    """Encrypt ``secret`` so that ``unseal`` gives it back, for the same purpose only."""
    return _box(purpose, settings.SECRET_KEY).encrypt(secret)


def unseal(sealed: bytes, *, purpose: str) -> bytes:
    """Raises: SealBroken when it was sealed under an unknown SECRET_KEY or for another purpose, or was altered."""
    boxes = MultiFernet([_box(purpose, key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])
    try:
        return boxes.decrypt(sealed)
    except InvalidToken as error:
        raise SealBroken(purpose) from error


def is_sealed_under_present_key(sealed: bytes, *, purpose: str) -> bool:
    """Whether it opens with SECRET_KEY alone, without SECRET_KEY_FALLBACKS."""
    try:
        _box(purpose, settings.SECRET_KEY).decrypt(sealed)
    except InvalidToken:
        return False
    return True


class SealedField(models.BinaryField[Any, Any]):
    """A column of sealed bytes, which ``manage.py reseal`` finds by its class. Empty or null: nothing is sealed there.

    ``purpose`` is what its values are sealed for, or says so for a row.
    """

    def __init__(self, *args: Any, purpose: str | Callable[[Any], str] = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.purpose = purpose

    def purpose_for(self, row: Any) -> str:
        return self.purpose if isinstance(self.purpose, str) else self.purpose(row)

    def deconstruct(self) -> Any:
        """In migrations it is a plain column of bytes."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.BinaryField", args, kwargs

    def clone(self) -> Any:
        """With its purpose, which ``deconstruct`` leaves out."""
        clone = super().clone()
        clone.purpose = self.purpose
        return clone


def derived_key(purpose: str, secret_key: str) -> bytes:
    """32 bytes for one purpose, from SECRET_KEY or from a former one."""
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"gatekeeper:" + purpose.encode())
    return derive.derive(secret_key.encode())


@cache
def _box(purpose: str, secret_key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(derived_key(purpose, secret_key)))
