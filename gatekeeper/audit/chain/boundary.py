"""Where the table begins: behind the newest sealed segment whose entries are in a file only (``audit/segments/``).

The row of a segment is believed if its MAC fits, it goes on where the one before ended, and the trail itself has the
linked entry of its sealing. Whoever writes to the database without a key can make none of them.
"""

import hmac
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max

from gatekeeper.audit.chain.faults import Erasures, fault_of
from gatekeeper.audit.chain.keys import Keyring
from gatekeeper.audit.chain.mac import segment_mac
from gatekeeper.audit.chain.problems import Code, Problem
from gatekeeper.audit.events import Event
from gatekeeper.audit.models import AuditEntry, AuditSegment


@dataclass(frozen=True, slots=True)
class Boundary:
    """The last link that is in no table any more; 0 and an empty digest while nothing was sealed."""

    position: int
    digest: str


START = Boundary(0, "")


def boundary(keys: Keyring) -> Boundary:
    """Where the table begins, by the newest seal that the site made."""
    sealed = AuditSegment.objects.exclude(deleted_at=None).order_by("-number")
    newest = next((each for each in sealed.iterator() if is_sealed(each, keys)), None)
    return Boundary(newest.last, newest.after) if newest else START


def is_sealed(segment: AuditSegment, keys: Keyring) -> bool:
    """Whether the site made this seal; it may still be an older one of the same segment."""
    key = keys.get(segment.key_id)
    if key is None or not key.may_have_made(segment.last):
        return False
    return hmac.compare_digest(segment_mac(segment, key.secret), segment.mac)


def facts_of(segment: AuditSegment) -> dict[str, Any]:
    """What the trail's own entry says about a seal."""
    return {
        "file": segment.file,
        "revision": segment.revision,
        "first": segment.first,
        "last": segment.last,
        "digest_before": segment.before,
        "digest_after": segment.after,
        "sha256": segment.sha256,
    }


def problems_of_seals(keys: Keyring) -> Iterator[Problem]:
    """What is wrong with the seals. Two queries, whatever their number."""
    segments, erasures = list(AuditSegment.objects.order_by("number")), Erasures(keys)
    of_seals = AuditEntry.objects.filter(event=Event.AUDIT_SEGMENT_SEALED).order_by("id")
    stated = [entry for entry in of_seals if fault_of(entry, keys, erasures) is None]
    entries = {entry.pk: entry for entry in stated}
    in_files_until = max((each.until for each in segments if each.deleted_at), default=None)
    last, digest, number = 0, "", 0
    for segment in segments:
        number += 1
        if segment.number != number:
            yield Problem.of(Code.SEGMENT_REMOVED, number=number)
        elif not is_sealed(segment, keys):
            yield Problem.of(Code.SEAL_OTHER_KEY if segment.key_id not in keys else Code.SEAL_ALTERED, number=number)
        elif (segment.first, segment.before) != (last + 1, digest):
            yield Problem.of(Code.SEAL_ELSEWHERE, number=number)
        elif not _is_stated(segment, entries, in_files_until):
            yield Problem.of(Code.SEAL_NOT_IN_TRAIL, number=number)
        last, digest, number = segment.last, segment.after, segment.number
    yield from _of_entries(stated, {each.number: each.revision for each in segments})


def _is_stated(segment: AuditSegment, entries: dict[int, AuditEntry], in_files_until: datetime | None) -> bool:
    """Whether the entry of the sealing is there. One that was itself sealed later is in a file."""
    entry = entries.get(segment.entry)
    if entry is None:
        return in_files_until is not None and segment.sealed_at <= in_files_until
    is_linked = entry.position is not None or segment.deleted_at is None or segment.revision > 0
    return is_linked and entry.object_id == str(segment.number) and entry.after == facts_of(segment)


def _of_entries(stated: list[AuditEntry], revisions: dict[int, int]) -> Iterator[Problem]:
    """Seals that the trail has an entry of, and whose row is gone, or of an earlier revision."""
    found: dict[int, int] = {}
    for entry in stated:
        number, revision = int(entry.object_id), (entry.after or {})["revision"]
        found[number] = max(revision, found.get(number, 0))
    for number, revision in sorted(found.items()):
        if number not in revisions:
            yield Problem.of(Code.SEGMENT_REMOVED, number=number)
        elif revisions[number] < revision:
            yield Problem.of(Code.SEAL_WENT_BACK, number=number)


def latest_in_files() -> datetime | None:
    """The latest moment of an entry that is in a file only; None while there is none. One query."""
    found: datetime | None = AuditSegment.objects.exclude(deleted_at=None).aggregate(latest=Max("until"))["latest"]
    return found


def last_numbers(keys: Keyring, writers: Collection[str] | None = None) -> dict[str, int]:
    """By writer the last of its numbers that is in a file only; ``writers``: of these."""
    found: dict[str, int] = {}
    for segment in AuditSegment.objects.exclude(deleted_at=None).order_by("number").iterator():
        if is_sealed(segment, keys):
            for writer in segment.writers if writers is None else set(writers).intersection(segment.writers):
                found[writer] = max(segment.writers[writer], found.get(writer, 0))
    return found
