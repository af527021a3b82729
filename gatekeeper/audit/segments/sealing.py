"""Exporting old entries of the audit trail to files, sealing those, and deleting the entries from the table.

The steps of a segment, in this order: its file is written and is on the disk; it is read back, and each MAC and each
link in it is worked out anew; the seal and the trail's entry about it are written in one transaction; that entry is
linked; the entries are deleted, all of a segment in one transaction, if the file is still what was sealed. A run that
was stopped between two of them is gone on with by the next one.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from pathlib import Path
from typing import Final

import structlog
from django.db.models import Count
from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.chain.boundary import Boundary
from gatekeeper.audit.chain.keys import Keyring, all_keys
from gatekeeper.audit.chain.links import link_new_entries
from gatekeeper.audit.chain.problems import Fault, Problem
from gatekeeper.audit.chain.verification import Walk
from gatekeeper.audit.models import AuditEntry, AuditSegment, SealingRun, segment_file
from gatekeeper.audit.segments import files
from gatekeeper.audit.segments.refusals import CannotSeal, Reason, failure_text
from gatekeeper.audit.segments.seals import Contents, new_segment, seal, unfinished
from gatekeeper.audit.stream.progress import oldest_position_needed
from gatekeeper.runtime.transactions import one_transaction

log = structlog.get_logger(__name__)

MOST: Final = 10_000  # entries of a segment: they are deleted in one transaction
MOST_SEGMENTS: Final = 100  # of one run; the next one goes on
KEPT_RUNS: Final = 100


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a run did; ``failure`` is None when all went well."""

    segments: int
    entries: int
    failure: dict[str, str | int] | None


def seal_until(cutoff: datetime | None, *, actor: Actor, most_segments: int = MOST_SEGMENTS) -> Sealed:
    """Seal the linked entries from before ``cutoff``, from the beginning of the trail to the first that is younger.

    None: only go on with what a run before has begun. What fails is logged and kept with the run; nothing is raised.
    """
    run = SealingRun.objects.create()
    try:
        with files.alone():
            _seal(run, cutoff, actor, most_segments)
    except CannotSeal as refusal:
        run.failure = refusal.document
        log.error("audit_sealing_failed", **{**refusal.document, "reason": str(refusal)})
    run.finished_at = timezone.now()
    run.save()
    _forget_old_runs()
    return Sealed(run.segments, run.entries, run.failure)


def _seal(run: SealingRun, cutoff: datetime | None, actor: Actor, most_segments: int) -> None:
    link_new_entries()
    keys = all_keys()
    for begun in unfinished():
        _finish(begun, _erased_in_file(begun, keys, actor), run)
    for _ in range(most_segments if cutoff else 0):
        exported = _export(cutoff or timezone.now(), keys, actor)
        if exported is None:
            return
        _finish(*exported, run)


def _export(cutoff: datetime, keys: Keyring, actor: Actor) -> tuple[AuditSegment, int] | None:
    """Write, read back and seal the next segment; with how many parts are blank in it. None: no entry is old enough."""
    newest = AuditSegment.objects.order_by("-number").first()
    begin = Boundary(newest.last, newest.after) if newest else Boundary(0, "")
    number = newest.number + 1 if newest else 1
    following = AuditEntry.objects.filter(position__gt=begin.position).order_by("position")
    if needed := oldest_position_needed():  # by a SIEM stream, which is sent what the table has
        following = following.filter(position__lt=needed)
    following = following[:MOST]
    old = list(takewhile(lambda entry: entry.at < cutoff, following))
    if not old:
        return None
    path = files.folder() / segment_file(number, 0)
    files.write(path, files.Header(number, begin.position + 1, begin.digest), old)
    contents = read_back(path, begin, keys, numbers=True)
    if contents.entries != len(old):
        raise CannotSeal(Reason.FILE_DIFFERS, file=path.name)
    segment = new_segment(number, begin.digest, contents)
    seal(segment, path, actor=actor)
    log.info("audit_segment_sealed", **_facts(segment))
    return segment, contents.erased_parts


def read_back(path: Path, begin: Boundary, keys: Keyring, *, numbers: bool = False) -> Contents:
    """What is in the file, once every MAC and link of it was worked out anew. Raises: CannotSeal.

    ``numbers``: the numbers of writers, too, which were looked at once where the segment is sealed already.
    """
    walk, contents = Walk(keys, begin.position, begin, numbers=numbers), Contents()
    try:
        with files.opened(path) as (_, entries):
            for entry in entries:
                walk.take(entry)
                contents.add(entry)
                if walk.problems:
                    raise _damaged(walk.problems[0])
    except files.Unreadable as error:
        raise CannotSeal(Reason.FILE_UNREADABLE, file=path.name, reason=str(error)) from error
    return contents


def _damaged(problem: Problem) -> CannotSeal:
    if dict(problem.values).get("fault") == Fault.OTHER_KEY:
        return CannotSeal(Reason.KEY_MISSING)
    return CannotSeal(Reason.TRAIL_DAMAGED, problem=str(problem))


def _finish(segment: AuditSegment, erased_parts: int, run: SealingRun) -> None:
    """Delete the entries of a sealed segment from the table. Raises: CannotSeal, and they stay."""
    link_new_entries()
    _delete(segment, erased_parts)
    run.segments, run.entries = run.segments + 1, run.entries + segment.entries
    log.info("audit_segment_deleted", **_facts(segment))


def _erased_in_file(segment: AuditSegment, keys: Keyring, actor: Actor) -> int:
    """How many parts are blank in the file; it is written again where it is not what was sealed, or has fewer."""
    if _is_as_sealed(segment):
        contents = read_back(files.folder() / segment.file, Boundary(segment.first - 1, segment.before), keys)
        if contents.erased_parts == _erased_parts(segment):
            return contents.erased_parts
    return _export_again(segment, keys, actor)


def _is_as_sealed(segment: AuditSegment) -> bool:
    try:
        return files.digest_of(files.folder() / segment.file) == (segment.size, segment.sha256)
    except files.Unreadable:
        return False


def _export_again(segment: AuditSegment, keys: Keyring, actor: Actor) -> int:
    """A file that was lost or altered, or from before somebody was erased, while the table still has the entries."""
    former = files.folder() / segment.file
    segment.revision += 1
    path = files.folder() / segment.file
    entries = AuditEntry.objects.filter(position__range=(segment.first, segment.last)).order_by("position")
    files.write(path, files.Header(segment.number, segment.first, segment.before), entries.iterator(chunk_size=1000))
    contents = read_back(path, Boundary(segment.first - 1, segment.before), keys)
    if (contents.entries, contents.after) != (segment.entries, segment.after):
        raise CannotSeal(Reason.FILE_DIFFERS, file=path.name)
    seal(segment, path, actor=actor)
    former.unlink(missing_ok=True)
    return contents.erased_parts


@one_transaction()
def _delete(segment: AuditSegment, erased_parts: int) -> None:
    needed = oldest_position_needed(lock=True)
    if needed is not None and needed <= segment.last:
        raise CannotSeal(Reason.STREAM_NEEDS_IT)
    entries = AuditEntry.objects.filter(position__range=(segment.first, segment.last))
    about = AuditEntry.objects.filter(pk=segment.entry, position__gt=segment.last)
    if not about.exists():
        raise CannotSeal(Reason.NOT_LINKED)
    if _erased_parts(segment) != erased_parts:
        raise CannotSeal(Reason.ERASED_MEANWHILE)
    deleted, _ = entries.delete()
    if deleted != segment.entries or not _is_as_sealed(segment):
        raise CannotSeal(Reason.FILE_DIFFERS, file=segment.file)
    segment.deleted_at = timezone.now()
    segment.save(update_fields=["deleted_at"])


def _erased_parts(segment: AuditSegment) -> int:
    """How many personal parts of its entries are blank in the table."""
    rows = AuditEntry.objects.filter(position__range=(segment.first, segment.last))
    counted = rows.aggregate(objects=Count("erased_by"), actors=Count("actor_erased_by"))
    return int(counted["objects"] + counted["actors"])


def _facts(segment: AuditSegment) -> dict[str, str | int]:
    return {
        "file": segment.file,
        "first": segment.first,
        "last": segment.last,
        "entries": segment.entries,
        "digest": segment.after,
        "sha256": segment.sha256,
    }


def _forget_old_runs() -> None:
    newest = list(SealingRun.objects.values_list("pk", flat=True)[:KEPT_RUNS])
    SealingRun.objects.filter(pk__lt=min(newest)).delete()


def failure_of(run: SealingRun | None) -> str:
    """What went wrong in a run, as a sentence; empty when nothing did."""
    return failure_text(run.failure) if run and run.failure else ""
