"""The keys of the audit trail. They follow from SECRET_KEY; those of former ones are kept sealed, for reading only.

A key that was sealed for later knows the last position that it may have made a link or an entry for: whoever steals a
SECRET_KEY after it was changed can make nothing with it that stands after the change, and what stands before it is held
by the first link under the new key.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from django.conf import settings

from gatekeeper.audit.chain.mac import key_id_of
from gatekeeper.audit.models import FormerKey, former_key_purpose
from gatekeeper.errors import SealBroken
from gatekeeper.secrets.sealing import derived_key, seal, unseal

_PURPOSE = "audit trail"


@dataclass(frozen=True, slots=True)
class AuditKey:
    """``until``: the last position that it may have made; None while its SECRET_KEY is in the environment."""

    id: str
    secret: bytes
    until: int | None = None

    def may_have_made(self, position: int | None) -> bool:
        """Whether what stands there, or waits to be linked (None), can be of this key."""
        return self.until is None or (position is not None and position <= self.until)


Keyring = dict[str, AuditKey]


def present_key() -> AuditKey:
    """The key that signs now."""
    return _derived(settings.SECRET_KEY)


def key_of(secret_key: str) -> AuditKey:
    """The key that follows from this SECRET_KEY."""
    return _derived(secret_key)


def live_keys(former_secret_keys: Iterable[str] = ()) -> Keyring:
    """The keys of SECRET_KEY, of SECRET_KEY_FALLBACKS, and of ``former_secret_keys``. No query."""
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS, *former_secret_keys)
    return {key.id: key for key in map(_derived, secrets)}


def all_keys(former_secret_keys: Iterable[str] = ()) -> Keyring:
    """Those, and the former ones that were sealed. One query. A seal that cannot be opened opens nothing."""
    sealed = filter(None, map(_opened, FormerKey.objects.all()))
    return {**{key.id: key for key in sealed}, **live_keys(former_secret_keys)}


def keep_former_key(secret_key: str, *, until: int) -> None:
    """Seal what ``secret_key`` made for reading under the present one, once that key is to leave the environment."""
    key = _derived(secret_key)
    document = json.dumps({"key": key.secret.hex(), "until": until}).encode()
    sealed_key = seal(document, purpose=former_key_purpose(key.id))
    FormerKey.objects.update_or_create(key_id=key.id, defaults={"sealed_key": sealed_key})


def kept_former_key(secret_key: str) -> AuditKey | None:
    """What is kept of it; None when nothing is, or its seal cannot be opened."""
    row = FormerKey.objects.filter(pk=_derived(secret_key).id).first()
    return _opened(row) if row else None


def _opened(row: FormerKey) -> AuditKey | None:
    try:
        document = json.loads(unseal(bytes(row.sealed_key), purpose=former_key_purpose(row.key_id)))
    except SealBroken:
        return None
    return AuditKey(row.key_id, bytes.fromhex(document["key"]), document["until"])


@cache
def _derived(secret_key: str) -> AuditKey:
    secret = derived_key(_PURPOSE, secret_key)
    return AuditKey(key_id_of(secret), secret)
