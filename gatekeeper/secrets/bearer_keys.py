"""Bearer keys of every endpoint: their form, and what is stored of them.

A key is shown once, when it is made. What is stored is its digest, so nobody can read it again, not even here.
"""

import hashlib
import secrets
import zlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self, TypeVar
from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils import timezone

from gatekeeper.runtime.database_limits import unless_read_only

SECRET_BYTES = 32  # 256 bits: nobody guesses it, so a fast digest without salt is right
CHECKSUM_DIGITS = 8  # CRC-32 in hex: it distinguishes a key with a lost character from a revoked one
HINT_DIGITS = 7  # of the secret, which stay readable to tell keys apart; 228 bits remain
USE_IS_RECORDED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class KeyKind:
    """Keys of one kind begin with one prefix, by which people and secret scanners recognise them."""

    prefix: str

    @property
    def length(self) -> int:
        return len(self.prefix) + 2 * SECRET_BYTES + CHECKSUM_DIGITS

    def new(self) -> str:
        """A new key's text: prefix, 256 random bits in hex, checksum."""
        secret = secrets.token_hex(SECRET_BYTES)
        return f"{self.prefix}{secret}{_checksum(secret)}"

    def is_well_formed(self, text: str) -> bool:
        """Whether the text can be a key of this kind: prefix, length and checksum are right."""
        if len(text) != self.length or not text.startswith(self.prefix) or not text.isascii():
            return False
        secret, checksum = text[len(self.prefix) : -CHECKSUM_DIGITS], text[-CHECKSUM_DIGITS:]
        return _checksum(secret) == checksum

    def hint(self, text: str) -> str:
        """The first characters of a key."""
        return text[: len(self.prefix) + HINT_DIGITS]


def digest(text: str) -> str:
    """What is stored of a key."""
    return hashlib.sha256(text.encode()).hexdigest()


def bearer_credentials(header: str) -> str | None:
    """What follows "Bearer" (in any case) in an Authorization header; None for another scheme. RFC 6750 §2.1."""
    scheme, _, credentials = header.strip().partition(" ")
    return credentials.strip() if scheme.lower() == "bearer" else None


def _checksum(secret: str) -> str:
    return f"{zlib.crc32(secret.encode()):0{CHECKSUM_DIGITS}x}"


K_co = TypeVar("K_co", bound="BearerKey", covariant=True)


class BearerKeyQuerySet(models.QuerySet[K_co]):
    """Shared by every kind of stored key."""

    def active(self) -> Self:
        """Those that are neither revoked nor expired."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()), revoked_at=None)

    def matching(self, text: str) -> Self:
        """The key of that text, by the digest's unique index. Nothing is cached: a revoked key is refused everywhere.

        The database compares digests, so timing reveals nothing about a key of 256 random bits.
        """
        return self.filter(digest=digest(text))


def record_use(used: Any) -> None:
    """Store that a row with ``last_used_at`` was used; one write a minute at most, whatever the number of processes."""
    now = timezone.now()
    before = now - USE_IS_RECORDED_EVERY
    if used.last_used_at is None or used.last_used_at <= before:
        rows = type(used)._default_manager.filter(Q(last_used_at=None) | Q(last_used_at__lte=before), pk=used.pk)
        with unless_read_only():
            rows.update(last_used_at=now)


class HashedSecret(models.Model):
    """What is stored of a secret that was shown once. Each kind adds ``expires_at``, which may be empty for some."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(max_length=16, help_text="The first characters, to tell keys apart.")
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True, blank=True, help_text="Exact to a minute.")
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        ordering = ("-created_at",)


class BearerKey(HashedSecret):
    """A key with a name, by which people tell it apart."""

    name = models.CharField(max_length=100)

    class Meta(HashedSecret.Meta):
        abstract = True

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"
