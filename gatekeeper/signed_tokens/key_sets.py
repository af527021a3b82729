"""The published keys of other parties, fetched when they are needed and kept for all processes.

A ``kid`` that is not known may be a new key, so the address is asked again: once a minute at most, whatever the number
of tokens and processes. A key that was withdrawn stops working within the hour; when the address cannot be reached,
the last good document goes on for a day.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db.models import Q
from django.utils import timezone

from gatekeeper.errors import DomainError
from gatekeeper.signed_tokens.keys import read_key_set
from gatekeeper.signed_tokens.models import KeySet
from gatekeeper.signed_tokens.reasons import TokenReason
from gatekeeper.signed_tokens.refusals import TokenRefused

ASKED_AT_MOST_EVERY = timedelta(minutes=1)
FRESH_FOR = timedelta(hours=1)
USABLE_FOR = timedelta(days=1)
ANSWERED_WITHIN = timedelta(seconds=3)  # a token waits no longer for the key set that somebody else asks for
_LOOKS = 60
Fetch = Callable[[str], bytes]  # with the caller's limits; a refused address is a DomainError

log = structlog.get_logger(__name__)


def find_key(url: str, kid: str, *, fetch: Fetch) -> dict[str, Any]:
    """The JWK that the set at ``url`` has under this ``kid``. Raises: TokenRefused("has_a_known_key")."""
    now = timezone.now()
    held, _ = KeySet.objects.get_or_create(url=url)
    found = _keys_of(held, now).get(kid)
    if found is None or held.fetched_at <= now - FRESH_FOR:
        if _may_ask(held, now):
            held = _ask(held, fetch)
        elif found is None:
            _wait_for_the_answer(held)
        found = _keys_of(held, timezone.now()).get(kid)
    if found is None:
        if held.problem:
            raise TokenRefused("has_a_known_key", TokenReason.KEY_SET_UNREADABLE, problem=held.problem)
        raise TokenRefused("has_a_known_key", TokenReason.KEY_NOT_PUBLISHED)
    return found


def _keys_of(held: KeySet, now: datetime) -> dict[str, dict[str, Any]]:
    if not held.document or held.fetched_at <= now - USABLE_FOR:
        return {}
    return read_key_set(held.document.encode())


def _may_ask(held: KeySet, now: datetime) -> bool:
    """Whether this process may ask the address now: one of all processes does, the others use what is stored."""
    long_ago = Q(tried_at__lte=now - ASKED_AT_MOST_EVERY)
    ahead = Q(tried_at__gt=now + ASKED_AT_MOST_EVERY)  # by a clock that was set back since
    due = KeySet.objects.filter(long_ago | ahead, pk=held.pk)
    return due.update(tried_at=now, problem="") == 1


def _wait_for_the_answer(held: KeySet) -> None:
    """While another process or thread asks the address, its answer may bring the key: several tokens come at once."""
    for _ in range(_LOOKS):
        held.refresh_from_db()
        is_asked = held.tried_at > held.fetched_at and not held.problem
        if not is_asked or held.tried_at < timezone.now() - ANSWERED_WITHIN:
            return
        time.sleep(ANSWERED_WITHIN.total_seconds() / _LOOKS)


def _ask(held: KeySet, fetch: Fetch) -> KeySet:
    """Fetch the key set, outside of any transaction. It replaces the stored one only when it has usable keys."""
    try:
        document = fetch(held.url)
        read_key_set(document)
    except DomainError as refusal:
        problem = str(refusal)
    except ValueError as refusal:
        problem = str(refusal)
    else:
        held.document, held.fetched_at, held.problem = document.decode(), timezone.now(), ""
        held.save(update_fields=["document", "fetched_at", "problem"])
        return held
    held.problem = problem[:500]
    held.save(update_fields=["problem"])
    log.warning("key_set_kept", url=held.url, reason=held.problem)
    return held
