"""Erasing people in the files of sealed segments: the lines are blanked as the rows of the table are, and sealed anew.

The chain is not touched, since it covers salted digests of the personal parts only. A file is never changed: another
one, of the next revision, is written, read back and sealed in its place, and then the former one is deleted. So file
and seal fit at every moment, and a run that was stopped is gone on with by the next one.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.chain.boundary import Boundary
from gatekeeper.audit.chain.faults import ERASED, LISTS, erased_by
from gatekeeper.audit.chain.keys import Keyring, all_keys
from gatekeeper.audit.chain.links import link_new_entries
from gatekeeper.audit.chain.mac import ACTOR, OBJECT
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import entry as new_entry
from gatekeeper.audit.log import record_all
from gatekeeper.audit.models import AuditEntry, AuditSegment, SegmentErasure
from gatekeeper.audit.segments import files
from gatekeeper.audit.segments.refusals import CannotSeal, Reason
from gatekeeper.audit.segments.sealing import read_back
from gatekeeper.audit.segments.seals import seal
from gatekeeper.runtime.transactions import one_transaction

log = structlog.get_logger(__name__)

Parts = dict[str, list[int]]  # by personal part the ids of the entries in which it is to be blanked
BLANK: dict[str, dict[str, Any]] = {
    OBJECT: {"object_label": ERASED, "before": None, "after": None, "object_salt": ""},
    ACTOR: {"actor_name": ERASED, "actor_salt": ""},
}


def erase_from_segments(*, actor: Actor) -> int:
    """Erase, in every file, the people who were erased since; returns how many files were written anew.

    Where a file is not here, or is damaged, the people stay asked for, and ``doctor`` says so. Raises nothing: what
    fails is logged.
    """
    people = set(SegmentErasure.objects.values_list("person", flat=True))
    if not people:
        return 0
    try:
        with files.alone():
            return _erase(people, actor)
    except CannotSeal as refusal:
        log.error("audit_segments_not_erased", people=len(people), **{**refusal.document, "reason": str(refusal)})
        return 0


def _erase(people: set[UUID], actor: Actor) -> int:
    segments = list(AuditSegment.objects.exclude(deleted_at=None).order_by("number"))
    _delete_former_files(segments)
    found: dict[int, dict[UUID, Parts]] = {}
    failed = 0
    for segment in segments:
        with _logged(segment) as outcome:
            found[segment.number] = _parts_of(people, segment)
        failed += outcome.failed
    erasures, keys, written = _list_in_trail(found.values(), actor), all_keys(), 0
    for segment in segments:
        if found.get(segment.number):
            with _logged(segment) as outcome:
                _write_anew(segment, erasures, keys, actor)
            failed, written = failed + outcome.failed, written + (not outcome.failed)
    link_new_entries()
    if not failed:
        SegmentErasure.objects.filter(person__in=people).delete()
    return written


@dataclass(slots=True)
class _Outcome:
    failed: bool = False


@contextmanager
def _logged(segment: AuditSegment) -> Iterator[_Outcome]:
    """One file that cannot be read or written keeps no other one from being erased."""
    outcome = _Outcome()
    try:
        yield outcome
    except CannotSeal as refusal:
        outcome.failed = True
        log.error("audit_segments_not_erased", **{"file": segment.file, **refusal.document, "reason": str(refusal)})


def _parts_of(people: set[UUID], segment: AuditSegment) -> dict[UUID, Parts]:
    """Which parts of which entries of a file are about these people and are not blank yet."""
    ids = {str(person): person for person in people}
    found: dict[UUID, Parts] = defaultdict(lambda: {OBJECT: [], ACTOR: []})
    for entry in _entries(files.folder() / segment.file):
        if entry.event == Event.USER_ERASED:
            continue
        if entry.object_kind == "user" and entry.object_id in ids and entry.erased_by is None:
            found[ids[entry.object_id]][OBJECT].append(entry.pk)
        if entry.actor_kind == "person" and entry.actor_id in ids and entry.actor_erased_by is None:
            found[ids[entry.actor_id]][ACTOR].append(entry.pk)
    return found


@one_transaction()
def _list_in_trail(found: Iterable[dict[UUID, Parts]], actor: Actor) -> dict[tuple[str, int], int]:
    """By part and entry the erasure that lists it: an entry of the trail for each person, where none does so far."""
    wanted: dict[UUID, Parts] = defaultdict(lambda: {OBJECT: [], ACTOR: []})
    for people in found:
        for person, parts in people.items():
            for part, ids in parts.items():
                wanted[person][part] += ids
    listed: dict[tuple[str, int], int] = {}
    for person, parts in wanted.items():
        known = _listed(AuditEntry.objects.filter(event=Event.USER_ERASED, object_id=str(person)))
        new = {part: [each for each in ids if (part, each) not in known] for part, ids in parts.items()}
        listed |= known
        if any(new.values()):
            listed |= _listed([_erasure(person, new, actor)])
    return listed


def _erasure(person: UUID, parts: Parts, actor: Actor) -> AuditEntry:
    after = {LISTS[part]: ids for part, ids in parts.items()}
    erasure = new_entry(Event.USER_ERASED, actor=actor, kind="user", object_id=person, label=ERASED, after=after)
    record_all([erasure])
    return erasure


def _listed(erasures: Iterable[AuditEntry]) -> dict[tuple[str, int], int]:
    return {
        (part, each): erasure.pk
        for erasure in erasures
        for part, name in LISTS.items()
        for each in (erasure.after or {}).get(name, ())
    }


def _write_anew(segment: AuditSegment, erasures: dict[tuple[str, int], int], keys: Keyring, actor: Actor) -> None:
    """The next revision of a segment's file, with the parts blanked that an erasure lists."""
    former, entries = files.folder() / segment.file, segment.entries
    segment.revision += 1
    path = files.folder() / segment.file
    header = files.Header(segment.number, segment.first, segment.before)
    files.write(path, header, _blanked(_entries(former), erasures))
    contents = read_back(path, Boundary(segment.first - 1, segment.before), keys)
    if (contents.entries, contents.after) != (entries, segment.after):
        raise CannotSeal(Reason.FILE_DIFFERS, file=path.name)
    seal(segment, path, actor=actor)
    former.unlink(missing_ok=True)
    log.info("audit_segment_erased", file=path.name, former=former.name, sha256=segment.sha256)


def _blanked(entries: Iterable[AuditEntry], erasures: dict[tuple[str, int], int]) -> Iterator[AuditEntry]:
    for entry in entries:
        for part, column in ((OBJECT, "erased_by"), (ACTOR, "actor_erased_by")):
            erasure = erasures.get((part, entry.pk))
            if erasure is not None and erased_by(entry, part) is None:
                for name, value in {**BLANK[part], column: erasure}.items():
                    setattr(entry, name, value)
        yield entry


def _entries(path: Path) -> Iterator[AuditEntry]:
    """Raises: CannotSeal for a file that cannot be read."""
    try:
        with files.opened(path) as (_, entries):
            yield from entries
    except files.Unreadable as error:
        raise CannotSeal(Reason.FILE_UNREADABLE, file=path.name, reason=str(error)) from error


def _delete_former_files(segments: Iterable[AuditSegment]) -> None:
    """Files of earlier revisions, which a run that was stopped has left, with the data of people who were erased."""
    revisions = {each.number: each.revision for each in segments}
    for path in files.folder().iterdir():
        found = files.numbers_of(path.name)
        if found and found[1] < revisions.get(found[0], 0):
            path.unlink(missing_ok=True)
