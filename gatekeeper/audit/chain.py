"""The audit trail's chain: each entry's digest covers the entry and, through the digest before it, all earlier ones.

What an entry says is covered through a digest of its own, which stays when a person's data is erased from it: the chain
holds all the same, and the erasure is an entry that names what it erased.

Linking follows the change by up to a minute, in a task: done in the change's own transaction it would let one change of
the whole site through at a time. The digest is keyed (HMAC) with a key derived from SECRET_KEY, so that somebody who
can write to the database alone cannot make an altered trail look right. What no chain can show by itself is that its
newest part was cut off; so each link's head is logged, and ``verify`` compares with a head that was kept elsewhere.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

import structlog
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, transaction

from gatekeeper.audit.events import Event
from gatekeeper.audit.models import AuditEntry
from gatekeeper.sealing import derived_key

log = structlog.get_logger(__name__)

BATCH = 1000  # entries linked in one transaction
LATE_AFTER = timedelta(minutes=5)
_PURPOSE = "audit trail"
_COVERED = (
    "id", "event", "actor_kind", "actor_name", "actor_id", "door", "request_id",
    "object_kind", "object_id", "object_label", "before", "after",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Head:
    """The newest link: whoever keeps it outside can later tell that nothing before it was altered or cut off."""

    position: int
    digest: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """``checked`` links were looked at; ``problems`` are sentences, the earliest first, and end at the tenth."""

    checked: int
    waiting: int
    head: Head | None
    problems: tuple[str, ...]

    @property
    def intact(self) -> bool:
        return not self.problems


def link_new_entries() -> int:
    """Link whatever is not linked yet, in the order of ids; returns how many there were.

    Of two processes at once one wins by the unique position, the other leaves the work to it.
    """
    linked = 0
    while batch := _link_batch():
        linked += batch
    newest = head() if linked else None
    if newest:
        log.info("audit_linked", entries=linked, position=newest.position, digest=newest.digest)
    return linked


def head() -> Head | None:
    """The newest link, None while nothing is linked."""
    newest = AuditEntry.objects.exclude(position=None).order_by("-position").only("position", "digest").first()
    return Head(newest.position or 0, newest.digest) if newest else None


def waiting_since() -> datetime | None:
    """When the oldest entry that is not linked yet was written; None when all are."""
    oldest = AuditEntry.objects.filter(position=None).order_by("id").only("at").first()
    return oldest.at if oldest else None


def verify(
    *, last: int | None = None, expected_head: Head | None = None, former_secret_keys: Iterable[str] = ()
) -> Verdict:
    """Work out every digest anew, or the ``last`` ones only, and compare; memory does not grow with the trail.

    ``expected_head``: a link that was written down outside earlier. ``former_secret_keys``: for entries that were
    linked before SECRET_KEY was changed.
    """
    keys = {_hint(key): key for key in map(_key, (None, *former_secret_keys))}
    newest = head()
    start = max(0, newest.position - last) if newest and last is not None else 0
    problems = _Problems()
    before, checked = _digest_at(start, problems), 0
    expected = start + 1
    for entry in AuditEntry.objects.filter(position__gt=start).order_by("position").iterator(chunk_size=BATCH):
        _check(entry, expected, before, keys, problems)
        before, expected, checked = entry.digest, (entry.position or 0) + 1, checked + 1
        if problems.are_enough:
            break
    _compare(expected_head, problems)
    waiting = AuditEntry.objects.filter(position=None).count()
    return Verdict(checked, waiting, newest, tuple(problems.sentences))


class _Problems:
    MOST = 10

    def __init__(self) -> None:
        self.sentences: list[str] = []
        self._erased: dict[int, frozenset[int]] = {}

    def is_erased(self, entry: AuditEntry) -> bool:
        """Whether the erasure that the entry names really erased it: it is linked, and lists the entry."""
        if entry.erased_by is None:
            return False
        if entry.erased_by not in self._erased:
            erasure = AuditEntry.objects.filter(pk=entry.erased_by, event=Event.USER_ERASED).first()
            listed = (erasure.after or {}).get("entries", []) if erasure else []
            self._erased[entry.erased_by] = frozenset(listed)
        return entry.pk in self._erased[entry.erased_by]

    def add(self, sentence: str) -> None:
        self.sentences.append(sentence)

    @property
    def are_enough(self) -> bool:
        return len(self.sentences) >= self.MOST


def _digest_at(position: int, problems: _Problems) -> str:
    """The digest from which checking goes on; "" at the very beginning."""
    if position == 0:
        return ""
    found = AuditEntry.objects.filter(position=position).values_list("digest", flat=True).first()
    if found is None:
        problems.add(f"Link {position} is missing: an entry was deleted.")
    return found or ""


def _check(entry: AuditEntry, expected: int, before: str, keys: Mapping[str, bytes], problems: _Problems) -> None:
    """Compare one link with what it should be."""
    position = entry.position or 0
    if position != expected:
        problems.add(f"{position - expected} entries are missing before {_named(entry)}: they were deleted.")
        return
    key = keys.get(entry.key_hint)
    if key is None:
        problems.add(f"{_named(entry)} was linked under another SECRET_KEY; give that key to check it.")
        return
    content = entry.content if problems.is_erased(entry) else _content(entry, key)
    if not hmac.compare_digest(_digest(position, before, content, key), entry.digest):
        problems.add(f"{_named(entry)} is not what was written, or the link before it was altered.")


def _compare(expected_head: Head | None, problems: _Problems) -> None:
    if expected_head is None:
        return
    found = AuditEntry.objects.filter(position=expected_head.position).values_list("digest", flat=True).first()
    if found is None:
        problems.add(f"The trail ends before link {expected_head.position}, which existed: its end was cut off.")
    elif not hmac.compare_digest(found, expected_head.digest):
        problems.add(f"Link {expected_head.position} has another digest than the one that was written down.")


def _named(entry: AuditEntry) -> str:
    return f"Entry {entry.pk} of {entry.at:%Y-%m-%d %H:%M:%S} UTC ({entry.event})"


def _link_batch() -> int:
    key = _key(None)
    try:
        with transaction.atomic():
            entries = list(AuditEntry.objects.filter(position=None).order_by("id")[:BATCH])
            newest = head()
            position, before = (newest.position, newest.digest) if newest else (0, "")
            for entry in entries:
                position += 1
                content = _content(entry, key)
                before = _digest(position, before, content, key)
                entry.position, entry.content, entry.digest, entry.key_hint = position, content, before, _hint(key)
            _store(entries)
    except (IntegrityError, _LinkedElsewhere):
        return 0
    return len(entries)


class _LinkedElsewhere(Exception):
    """Another process was quicker; what it linked, and perhaps logged, stays."""


def _store(entries: list[AuditEntry]) -> None:
    unlinked = AuditEntry.objects.filter(position=None)
    if unlinked.bulk_update(entries, ("position", "content", "digest", "key_hint"), batch_size=200) != len(entries):
        raise _LinkedElsewhere


def _content(entry: AuditEntry, key: bytes) -> str:
    document = {name: getattr(entry, name) for name in _COVERED}
    document["at"] = entry.at.astimezone(UTC).isoformat()
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), cls=DjangoJSONEncoder)
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _digest(position: int, before: str, content: str, key: bytes) -> str:
    return hmac.new(key, f"{position}:{before}:{content}".encode(), hashlib.sha256).hexdigest()


def _key(secret_key: str | None) -> bytes:
    return _derived(secret_key or settings.SECRET_KEY)


@cache
def _derived(secret_key: str) -> bytes:
    return derived_key(_PURPOSE, secret_key)


def _hint(key: bytes) -> str:
    return hashlib.sha256(b"hint" + key).hexdigest()[:8]
