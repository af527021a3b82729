"""Digests of sign-in names, keyed with SECRET_KEY: attempts are found by a name that is not stored readably."""

import json
import zlib
from collections.abc import Callable

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.crypto import salted_hmac

from gatekeeper.directory.case_folding import fold
from gatekeeper.errors import SealBroken
from gatekeeper.secrets.sealing import unseal
from saml.models import SIGN_IN_MESSAGE_PURPOSE, SignInAttempt

_SALT = "gatekeeper.saml.attempts"
_KEPT_DIGITS = 55  # of the digest; with the key's name before it, it fills the column
_BATCH = 200


def name_key(name: str) -> str:
    """The digest of a name, folded, with the name of its key before it."""
    return _digest(name, settings.SECRET_KEY)


def name_keys(name: str) -> list[str]:
    """All digests under which attempts of this name may be stored: of the present key and of former ones."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return [*(_digest(name, key) for key in keys), *(_plain(name, key) for key in keys)]


def attempts_under_former_keys() -> int:
    """How many attempts are found by name only with a key of SECRET_KEY_FALLBACKS."""
    return _under_former_keys().count()


def rekey_names(progress: Callable[[int], None]) -> int:
    """Give attempts the digest of the present key, as long as the name is still sealed with them; returns how many."""
    moved, looked_at, last = 0, 0, 0
    while batch := list(_under_former_keys().filter(pk__gt=last, sealed_message__isnull=False).order_by("pk")[:_BATCH]):
        for attempt in batch:
            name = _sealed_name(attempt)
            if name:
                same = SignInAttempt.objects.filter(pk=attempt.pk, name_key=attempt.name_key)
                moved += same.update(name_key=name_key(name))
        last, looked_at = batch[-1].pk, looked_at + len(batch)
        progress(looked_at)
    return moved


def _under_former_keys() -> QuerySet[SignInAttempt]:
    """Those from before digests named their key are among them, whichever it was."""
    if not settings.SECRET_KEY_FALLBACKS:
        return SignInAttempt.objects.none()
    former = Q(pk=None)
    for secret_key in settings.SECRET_KEY_FALLBACKS:
        former |= Q(name_key__startswith=_key_name(secret_key))
    unnamed = ~Q(name_key="") & ~Q(name_key__contains=":")
    return SignInAttempt.objects.filter(former | unnamed).exclude(name_key__startswith=_key_name(settings.SECRET_KEY))


def _sealed_name(attempt: SignInAttempt) -> str:
    try:
        sealed = unseal(bytes(attempt.sealed_message or b""), purpose=SIGN_IN_MESSAGE_PURPOSE)
    except SealBroken:
        return ""
    return str(json.loads(zlib.decompress(sealed))["name"])


def _digest(name: str, secret_key: str) -> str:
    return _key_name(secret_key) + _plain(name, secret_key)[:_KEPT_DIGITS]


def _plain(name: str, secret_key: str) -> str:
    return salted_hmac(_SALT, fold(name), secret=secret_key, algorithm="sha256").hexdigest()


def _key_name(secret_key: str) -> str:
    return salted_hmac(f"{_SALT}.key", "", secret=secret_key, algorithm="sha256").hexdigest()[:8] + ":"
