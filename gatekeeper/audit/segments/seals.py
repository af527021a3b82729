"""The seal of a segment: its row, and the trail's own entry about it, in one transaction."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.chain.boundary import facts_of
from gatekeeper.audit.chain.keys import present_key
from gatekeeper.audit.chain.mac import segment_mac
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import entry, record_all
from gatekeeper.audit.models import AuditEntry, AuditSegment
from gatekeeper.audit.segments.files import digest_of
from gatekeeper.runtime.transactions import one_transaction


@dataclass(slots=True)
class Contents:
    """What the entries of a segment have in common, gathered while they go by."""

    last: int = 0
    after: str = ""
    entries: int = 0
    erased_parts: int = 0
    since: datetime | None = None
    until: datetime | None = None
    writers: dict[str, int] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)

    def add(self, each: AuditEntry) -> None:
        """One more, in the order of the chain."""
        self.last, self.after = each.position or 0, each.digest
        self.entries += 1
        self.erased_parts += (each.erased_by is not None) + (each.actor_erased_by is not None)
        self.since = min(self.since or each.at, each.at)
        self.until = max(self.until or each.at, each.at)
        self.keys |= {each.mac_key, each.key_hint}
        if each.number:
            self.writers[each.writer] = max(each.number, self.writers.get(each.writer, 0))


@one_transaction()
def seal(segment: AuditSegment, path: Path, *, actor: Actor) -> None:
    """Seal what is in the file, and say so in the trail; ``segment`` has all but the facts of the file and the MAC."""
    segment.size, segment.sha256 = digest_of(path)
    segment.sealed_at, segment.machine = timezone.now(), socket.gethostname()[:255]
    about = entry(
        Event.AUDIT_SEGMENT_SEALED,
        actor=actor,
        kind="audit_segment",
        object_id=segment.number,
        label=segment.file,
        after=facts_of(segment),
    )
    record_all([about])
    key = present_key()
    segment.entry, segment.key_id = about.pk, key.id
    segment.mac = segment_mac(segment, key.secret)
    segment.save()


def new_segment(number: int, before: str, contents: Contents) -> AuditSegment:
    """The row of a segment that is not sealed yet."""
    assert contents.since is not None
    assert contents.until is not None
    return AuditSegment(
        number=number,
        first=contents.last - contents.entries + 1,
        last=contents.last,
        since=contents.since,
        until=contents.until,
        before=before,
        after=contents.after,
        writers=contents.writers,
        keys=sorted(contents.keys),
    )


def unfinished() -> Sequence[AuditSegment]:
    """Sealed segments whose entries are still in the table."""
    return list(AuditSegment.objects.filter(deleted_at=None).order_by("number"))
