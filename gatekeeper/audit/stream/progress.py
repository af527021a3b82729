"""How far streams are behind, and which entries they still need."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from gatekeeper.audit.models import AuditEntry, AuditHead
from gatekeeper.audit.stream.models import Stream

LATE_AFTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Progress:
    """``newest``: the position of the newest link. ``waiting_since``: when the first entry was written that waits."""

    stream: Stream
    newest: int
    waiting_since: datetime | None

    @property
    def behind(self) -> int:
        """Entries that were not accepted yet."""
        return max(self.newest - self.stream.position, 0)

    @property
    def lag(self) -> timedelta:
        """How long the first of those has waited."""
        return timezone.now() - self.waiting_since if self.waiting_since else timedelta(0)

    @property
    def is_late(self) -> bool:
        """Longer than linking, a run and the first retries take."""
        return self.lag > LATE_AFTER


def stream_progress() -> list[Progress]:
    """Of every stream, by name. Two statements, one without streams."""
    first = AuditEntry.objects.filter(position__gt=OuterRef("position")).order_by("position").values("at")[:1]
    streams = list(Stream.objects.annotate(waiting_since=Subquery(first)))
    newest = (AuditHead.objects.values_list("position", flat=True).first() or 0) if streams else 0
    return [Progress(stream, newest, stream.waiting_since) for stream in streams]


def oldest_position_needed(*, lock: bool = False) -> int | None:
    """The first position that a stream has still to send, paused ones included; None when there are no streams.

    What deletes linked entries leaves those at this position and behind it. ``lock``: until the end of the transaction
    no stream is sent back to an earlier one.
    """
    streams = Stream.objects.select_for_update() if lock else Stream.objects.all()
    return min((position + 1 for position in streams.values_list("position", flat=True)), default=None)
