"""What is sealed, where its files are, what the last run did: for the page, the commands, ``doctor`` and metrics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from django.db.models import Max, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gatekeeper.audit.models import AuditSegment, SealingRun, SegmentErasure
from gatekeeper.audit.segments.files import folder


class State(StrEnum):
    """Of a segment and its file, as far as it shows without reading the file."""

    SEALED = "sealed"
    STILL_IN_TABLE = "still_in_table"
    MISSING = "missing"
    SIZE_DIFFERS = "size_differs"


LABELS: Final[Mapping[str, Promise]] = {
    State.SEALED: _("In the file"),
    State.STILL_IN_TABLE: _("Sealed, and not deleted from the database yet"),
    State.MISSING: _("The file is not here"),
    State.SIZE_DIFFERS: _("The file has another size than was sealed"),
}


@dataclass(frozen=True, slots=True)
class Summary:
    """``entries`` are in files only, ``size`` bytes; ``until``: the moment of the latest one."""

    segments: int
    entries: int
    size: int
    until: datetime | None


def summary() -> Summary:
    """One query."""
    sealed = AuditSegment.objects.exclude(deleted_at=None)
    found = sealed.aggregate(number=Max("number"), entries=Max("last"), size=Sum("size"), until=Max("until"))
    return Summary(found["number"] or 0, found["entries"] or 0, found["size"] or 0, found["until"])


def state_of(segment: AuditSegment, where: Path | None = None) -> State:
    """Without reading the file: ``audit verify --segments`` does."""
    try:
        size = ((where or folder()) / segment.file).stat().st_size
    except OSError:
        return State.MISSING
    if size != segment.size:
        return State.SIZE_DIFFERS
    return State.SEALED if segment.deleted_at else State.STILL_IN_TABLE


def listed() -> Sequence[AuditSegment]:
    """All segments, without what only a verification needs."""
    return list(AuditSegment.objects.defer("writers", "keys").order_by("number"))


def last_run() -> SealingRun | None:
    """The newest run, which may still be at it, or have been stopped."""
    return SealingRun.objects.first()


def waits_for_erasure() -> tuple[int, datetime | None]:
    """How many erased people still have parts in files, and since when the first one waits."""
    waiting = SegmentErasure.objects.order_by("asked_at").values_list("asked_at", flat=True)
    return len(waiting), next(iter(waiting), None)


def files_between(start: datetime | None, end: datetime | None) -> list[str]:
    """The files that may have entries of this period; None: without a beginning or an end."""
    sealed = AuditSegment.objects.exclude(deleted_at=None).defer("writers", "keys").order_by("number")
    sealed = sealed.filter(until__gte=start) if start else sealed
    return [each.file for each in (sealed.filter(since__lt=end) if end else sealed)]
