"""Are the files of sealed segments what was sealed? A verification takes them along from the first link on."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from gatekeeper.audit.chain.boundary import is_sealed
from gatekeeper.audit.chain.faults import Erasures
from gatekeeper.audit.chain.keys import Keyring
from gatekeeper.audit.chain.problems import Code, Problem
from gatekeeper.audit.chain.verification import MOST_PROBLEMS, Walk
from gatekeeper.audit.events import Event
from gatekeeper.audit.models import AuditEntry, AuditSegment
from gatekeeper.audit.segments import files


def in_folder(folder: Path, on_progress: Callable[[int], None] | None = None) -> Callable[[Walk], None]:
    """What ``verify`` takes along the files in this folder, which may be a copy that was moved away."""
    return partial(_take_along, folder, on_progress)


def _take_along(folder: Path, on_progress: Callable[[int], None] | None, walk: Walk) -> None:
    segments = list(AuditSegment.objects.order_by("number"))
    walk.erasures = _ErasuresInFiles(walk.keys, [folder / each.file for each in segments])
    for segment in segments:
        if segment.deleted_at is None:  # the table has its entries, which are looked at there
            walk.problems += _not_as_sealed(folder / segment.file, segment)
            continue
        if len(walk.problems) < MOST_PROBLEMS:
            _take_one(folder / segment.file, segment, walk)
        numbers = segment.writers if is_sealed(segment, walk.keys) else {}
        walk.pass_over(segment.last, segment.after, numbers)
        if on_progress:
            on_progress(walk.checked)


def _take_one(path: Path, segment: AuditSegment, walk: Walk) -> None:
    """The entries of one file, each with its MAC and its link, and whether they are those that were sealed."""
    problems = list(_not_as_sealed(path, segment))
    walk.problems += problems
    if not path.exists():
        return
    known, count, expected = len(walk.problems), 0, segment.first
    try:
        with files.opened(path) as (header, entries):
            if (header.number, header.first) != (segment.number, segment.first):
                walk.problems.append(Problem.of(Code.FILE_REPLACED, file=path.name, number=header.number))
                return
            for entry in entries:
                if entry.position != expected:
                    walk.problems.append(Problem.of(Code.FILE_ORDER, file=path.name, position=entry.position or 0))
                    return
                walk.take(entry)
                count, expected = count + 1, expected + 1
    except files.Unreadable as error:
        walk.problems.append(Problem.of(Code.FILE_UNREADABLE, file=path.name, reason=str(error)))
    walk.problems[known:] = [each.kept_by(path.name) if _is_of_entry(each) else each for each in walk.problems[known:]]
    if count != segment.entries:
        walk.problems.append(Problem.of(Code.FILE_CUT, file=path.name, count=count, entries=segment.entries))


def _is_of_entry(problem: Problem) -> bool:
    return "entry" in dict(problem.values)


def _not_as_sealed(path: Path, segment: AuditSegment) -> Iterator[Problem]:
    if not path.exists():
        yield Problem.of(Code.FILE_MISSING, file=path.name, machine=segment.machine or "?")
        return
    try:
        if files.digest_of(path) != (segment.size, segment.sha256):
            yield Problem.of(Code.FILE_CHANGED, file=path.name)
    except files.Unreadable as error:
        yield Problem.of(Code.FILE_UNREADABLE, file=path.name, reason=str(error))


class _ErasuresInFiles(Erasures):
    """Erasures that were sealed themselves are looked for in the files; once, when the first one is met."""

    def __init__(self, keys: Keyring, paths: list[Path]) -> None:
        super().__init__(keys)
        self._paths = paths
        self._found: dict[int, AuditEntry] | None = None

    def find(self, erasure_id: int) -> AuditEntry | None:
        in_table = super().find(erasure_id)
        if in_table is not None:
            return in_table
        if self._found is None:
            self._found = {entry.pk: entry for path in self._paths for entry in _erasures_in(path)}
        return self._found.get(erasure_id)


def _erasures_in(path: Path) -> Iterator[AuditEntry]:
    try:
        with files.opened(path) as (_, entries):
            yield from (entry for entry in entries if entry.event == Event.USER_ERASED)
    except files.Unreadable:
        return  # which the walk along the files says
