"""A key for a run on this site: made for it, revoked at its end, and over after an hour in any case."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

from django.utils import timezone

from conformance.suite.signals import undisturbed
from gatekeeper.audit.actor import Actor
from scim.credentials.api_keys import REVOKE_PHRASE, KeyNotFound, generate_key, revoke_keys

_ACTOR = Actor.command("conformance")
NAME = "Conformance self-test"
LASTS = timedelta(hours=1)  # for a run that was killed and could revoke nothing


@contextmanager
def own_key() -> Iterator[str]:
    """Yield an active key. Keys of identity providers stay as they are."""
    with undisturbed():
        key, text = generate_key(NAME, actor=_ACTOR, expires_at=timezone.now() + LASTS, rotate=True)
    try:
        yield text
    finally:
        with undisturbed(), suppress(KeyNotFound):  # an administrator has revoked it meanwhile
            revoke_keys(REVOKE_PHRASE, actor=_ACTOR, key_id=key.id)
