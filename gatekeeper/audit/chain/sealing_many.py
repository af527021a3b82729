"""Sealing many entries that differ in their object only: what they share is encoded once.

The result is what ``mac.py`` gives for each of them, byte by byte; a third of the time goes to it.
"""

import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.chain.keys import AuditKey
from gatekeeper.audit.chain.mac import ENTRY, SALT_BYTES, canonical
from gatekeeper.runtime.statements.json_columns import read, written


class Seal(NamedTuple):
    """What ``seal`` would set on an entry; ``before`` and ``after`` as JSON text."""

    before: str | None
    after: str | None
    actor_salt: str
    actor_commitment: str
    object_salt: str
    object_commitment: str
    mac: str


class SharedFacts(NamedTuple):
    """What the entries have in common."""

    writer: str
    at: datetime
    event: str
    actor: Actor
    object_kind: str


class ManySeals:
    """The seals of entries with these facts, under one key."""

    def __init__(self, shared: SharedFacts, key: AuditKey) -> None:
        actor = shared.actor
        at = shared.at.astimezone(UTC).isoformat(timespec="microseconds")
        public = (shared.event, actor.kind, actor.id, actor.channel, actor.request_id, shared.object_kind)
        self._key = key.secret
        self._actor = canonical([actor.name[:300]])
        # The list that ``entry_mac`` encodes, around what each entry has of its own.
        self._begin = ENTRY + canonical([shared.writer])[:-1] + b","
        self._middle = b"," + canonical([None, at, *public])[1:-1] + b","
        self._end = b"," + canonical([key.id])[1:]

    def seal(self, number: int, object_id: str, label: str, before: Any, after: Any) -> Seal:
        """The seal of one entry."""
        before_text, after_text = _text(before), _text(after)
        actor_salt, object_salt = secrets.token_hex(SALT_BYTES), secrets.token_hex(SALT_BYTES)
        said = canonical([label, _read(before_text), _read(after_text)])
        actor = hmac.digest(actor_salt.encode(), self._actor, "sha256").hex()
        subject = hmac.digest(object_salt.encode(), said, "sha256").hex()
        own = f'{json.dumps(object_id)},"{actor}","{subject}"'
        whole = b"%s%d%s%s%s" % (self._begin, number, self._middle, own.encode(), self._end)
        mac = hmac.digest(self._key, whole, "sha256").hex()
        return Seal(before_text, after_text, actor_salt, actor, object_salt, subject, mac)


def _text(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else written(value)


def _read(text: str | None) -> Any:
    """As ``as_stored`` gives it."""
    return None if text is None else read(text)
