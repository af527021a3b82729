"""Has the audit trail been altered? Each MAC and each link is worked out anew, and what differs is named."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from gatekeeper.audit.chain.boundary import START, Boundary, boundary, last_numbers, problems_of_seals
from gatekeeper.audit.chain.faults import Erasures, fault_of
from gatekeeper.audit.chain.head import Head, is_authentic, kept_head
from gatekeeper.audit.chain.keys import Keyring, all_keys
from gatekeeper.audit.chain.links import BATCH, head, is_genuine, refusals
from gatekeeper.audit.chain.mac import CARRIED_OVER, link_digest
from gatekeeper.audit.chain.problems import Code, Fault, Problem
from gatekeeper.audit.events import Event
from gatekeeper.audit.models import AuditEntry, AuditHead, AuditSegment

MOST_PROBLEMS = 100
_WRITERS = 50_000  # whose last number is remembered at once


@dataclass(frozen=True, slots=True)
class Verdict:
    """``checked`` links were looked at; ``problems``: the earliest first, ending at the hundredth."""

    checked: int
    waiting: int
    head: Head | None
    problems: tuple[Problem, ...]

    @property
    def intact(self) -> bool:
        return not self.problems


def verify(
    *,
    last: int | None = None,
    expected_head: Head | None = None,
    former_secret_keys: Iterable[str] = (),
    on_progress: Callable[[int], None] | None = None,
    files: "Files | None" = None,
) -> Verdict:
    """Check everything, or the ``last`` links only; memory does not grow with the trail.

    The links of sealed segments are checked where ``files`` reads them; otherwise what is checked begins behind them.
    ``expected_head``: a link that was written down outside earlier. ``former_secret_keys``: for what was written before
    SECRET_KEY was changed, where the former one is not known any more. ``on_progress`` is called after every so many
    links with how many were looked at.
    """
    keys = all_keys(former_secret_keys)
    newest, begin = head(), boundary(keys)
    start = max(begin.position, newest.position - last) if newest and last is not None else begin.position
    walk = Walk(keys, start, begin)
    seals = list(problems_of_seals(keys))
    if files is not None:
        walk = Walk(keys, 0, START, from_files=True)
        walk.watch(expected_head)
        files(walk)
    walk.run(on_progress)
    ends = [*_compare_heads(keys, newest, begin), *_compare(expected_head, begin, walk.watched)]
    waiting, refused = _unlinked(keys)
    found = tuple(dict.fromkeys([*seals, *walk.problems, *_outside_the_chain(begin), *ends, *refused]))
    return Verdict(walk.checked, waiting, newest, found[:MOST_PROBLEMS])


class Walk:
    """Goes along the chain from the link after ``start``; ``begin`` is where the table begins.

    ``from_files``: it begins at the first link of all, and meets every writer. ``numbers``: whether those of the
    writers are looked at, too.
    """

    def __init__(
        self, keys: Keyring, start: int, begin: Boundary, *, from_files: bool = False, numbers: bool = True
    ) -> None:
        self.start = start
        self.keys = keys
        self.erasures = Erasures(keys)
        self._from_files, self._numbers = from_files, numbers
        self.checked = 0
        self.problems: list[Problem] = []
        self.watched: dict[int, str] = {}
        self._begin = begin
        self._position = start
        self._last_numbers: dict[str, int] = {}
        self._in_files: dict[str, int] | None = None
        # Digests that the next link may follow: one, or after a problem each that it could have followed before that.
        self._before = self._digest_at_the_start()

    def watch(self, link: Head | None) -> None:
        """Remember the digest of this link when it comes by."""
        if link is not None:
            self.watched[link.position] = ""

    def take(self, entry: AuditEntry) -> None:
        """Check the next link."""
        self._look_at(entry)
        self.checked += 1
        if self._position in self.watched:
            self.watched[self._position] = entry.digest

    def pass_over(self, position: int, digest: str, numbers: dict[str, int]) -> None:
        """Go on behind a link whose digest a seal states; ``numbers`` are the last ones of writers until there."""
        self._position, self._before = position, {digest}
        for writer, number in numbers.items():
            self._last_numbers[writer] = max(number, self._last_numbers.get(writer, 0))

    def run(self, on_progress: Callable[[int], None] | None) -> None:
        """Check every link, until the most problems that are reported are found."""
        entries = AuditEntry.objects.filter(position__gt=self._position).order_by("position", "id")
        for entry in entries.iterator(chunk_size=BATCH):
            self.take(entry)
            if on_progress and self.checked % BATCH == 0:
                on_progress(self.checked)
            if len(self.problems) >= MOST_PROBLEMS:
                break

    def _digest_at_the_start(self) -> set[str]:
        if self.start == self._begin.position:
            return {self._begin.digest}
        found = AuditEntry.objects.filter(position=self.start).values_list("digest", flat=True).first()
        if found is None:
            self.problems.append(Problem.of(Code.LINK_MISSING, first=self.start))
            return set()
        return {found}

    def _look_at(self, entry: AuditEntry) -> None:
        before = self._step_to(entry)
        problem = self._fault(entry) or self._fault_of_link(entry, before)
        self._before = {entry.digest}
        if problem is not None:
            self.problems.append(problem)
            self._before |= before | self._remade(entry, before)
        elif entry.event == Event.AUDIT_DAMAGE_FOUND:
            self.problems.append(Problem.with_entry(Code.DAMAGE, entry, damage=entry.object_label))
        elif entry.event == Event.AUDIT_CARRIED_OVER:
            found = (entry.after or {}).get("problems", [])
            self.problems += [Problem.of(Code.CARRIED_OVER, text=text) for text in found]
        self._check_number(entry)

    def _step_to(self, entry: AuditEntry) -> set[str]:
        """The digests that this link may follow; none are known behind a gap."""
        position = entry.position or 0
        missing, self._position = position - self._position - 1, max(position, self._position)
        if missing > 0:
            taken = Problem.with_entry(Code.LINKS_TAKEN, entry, first=position - missing, last=position - 1)
            self.problems.append(taken)
            return set()
        return self._before

    def _fault(self, entry: AuditEntry) -> Problem | None:
        fault = fault_of(entry, self.keys, self.erasures)
        return Problem.with_entry(Code.FAULT, entry, fault=fault) if fault else None

    def _fault_of_link(self, entry: AuditEntry, before: set[str]) -> Problem | None:
        if not before or any(is_genuine(entry, digest, self.keys) for digest in before):
            return None
        return Problem.with_entry(Code.FAULT, entry, fault=Fault.NOT_LINKED_SO, position=entry.position or 0)

    def _remade(self, entry: AuditEntry, before: set[str]) -> set[str]:
        key = self.keys.get(entry.key_hint)
        return {link_digest(entry, entry.position or 0, digest, key.secret) for digest in before} if key else set()

    def _check_number(self, entry: AuditEntry) -> None:
        """Each writer numbers without a gap, so that a gap is an entry that vanished before it was linked."""
        if not self._numbers or entry.writer == CARRIED_OVER or not entry.number:
            return
        last = self._last_numbers.get(entry.writer)
        if last is None:
            last = 0 if self._from_files else self._last_before(entry)
        if entry.number <= last:
            self.problems.append(Problem.with_entry(Code.WRITER_ORDER, entry))
        elif entry.number > last + 1:
            self.problems.append(Problem.with_entry(Code.WRITER_GAP, entry, count=entry.number - last - 1))
        if len(self._last_numbers) >= _WRITERS and not self._from_files:
            self._last_numbers.clear()
        self._last_numbers[entry.writer] = max(entry.number, last)

    def _last_before(self, entry: AuditEntry) -> int:
        """The last number that its writer has before it, as far as the table and the seals know."""
        number = entry.number or 0
        earlier = AuditEntry.objects.filter(writer=entry.writer, number=number - 1, position__lt=entry.position)
        if number > 1 and earlier.exists():
            return number - 1
        if self._in_files is None:
            self._in_files = last_numbers(self.keys)
        return self._in_files.get(entry.writer, 0)


Files = Callable[[Walk], None]  # takes a walk along the files of the sealed segments, from the first link on


def _outside_the_chain(begin: Boundary) -> Iterator[Problem]:
    """Linked at a place where no link can be: before the first one, or in a sealed segment."""
    outside = AuditEntry.objects.filter(position__lte=begin.position)
    for entry in outside.order_by("position")[:MOST_PROBLEMS]:
        position = entry.position or 0
        code = Code.OUTSIDE if position < 1 else Code.BEFORE_THE_SEAL
        yield Problem.with_entry(code, entry, position=position)


def _unlinked(keys: Keyring) -> tuple[int, list[Problem]]:
    """How many entries wait to be linked, and what is wrong with those that never will be."""
    problems: list[Problem] = []
    waiting, after = 0, 0
    while batch := list(AuditEntry.objects.filter(position=None, id__gt=after).order_by("id")[:BATCH]):
        refused = _still_unlinked(refusals(batch, keys))
        waiting += len(batch) - len(refused)
        if len(problems) < MOST_PROBLEMS:
            problems += [
                Problem.with_entry(Code.UNLINKED, each, fault=refused[each.pk]) for each in batch if each.pk in refused
            ]
        after = batch[-1].pk
    return waiting, problems


def _still_unlinked(refused: dict[int, Fault]) -> dict[int, Fault]:
    """Without those that were linked while we looked: by then they were copies of themselves."""
    if not refused:
        return refused
    unlinked = set(AuditEntry.objects.filter(pk__in=refused, position=None).values_list("pk", flat=True))
    return {pk: reason for pk, reason in refused.items() if pk in unlinked}


def _compare_heads(keys: Keyring, newest: Head | None, begin: Boundary) -> Iterator[Problem]:
    """The trail's end against the record of the newest link, and against the file that this machine keeps."""
    row, position = AuditHead.objects.filter(pk=1).first(), newest.position if newest else begin.position
    if row is None or not is_authentic(row, keys):
        unknown = row is not None and row.key_id not in keys
        yield Problem.of(Code.RECORD_OTHER_KEY if unknown else Code.RECORD_ALTERED if row else Code.RECORD_REMOVED)
        return
    if row.position < position:
        yield Problem.of(Code.RECORD_WENT_BACK, first=position, last=row.position)
    recorded = Head(row.position, row.digest)
    yield from _compare(recorded, begin)
    kept = kept_head(row.trail)
    if kept and kept.head != recorded and kept.head.position >= begin.position:  # one that stopped linking long ago
        yield from (problem.kept_by(kept.path.name) for problem in _compare(kept.head, begin))


def _compare(expected: Head | None, begin: Boundary, watched: Mapping[int, str] | None = None) -> Iterator[Problem]:
    if expected is None or expected.position == 0:
        return
    found = (watched or {}).get(expected.position) or _digest_of(expected.position, begin)
    if found is not None and found != expected.digest:
        yield Problem.of(Code.OTHER_DIGEST, first=expected.position)
    elif found is None and expected.position < begin.position:
        yield Problem.of(Code.HEAD_IN_A_FILE, first=expected.position)
    elif found is None:
        last = AuditEntry.objects.filter(position__lt=expected.position).order_by("-position").first()
        if last:
            yield Problem.with_entry(Code.CUT_OFF, last, first=expected.position)
        else:
            yield Problem.of(Code.ALL_CUT_OFF, first=expected.position)


def _digest_of(position: int, begin: Boundary) -> str | None:
    """The digest of a link of the table, or of the last link of a sealed segment; None where there is none."""
    if position == begin.position:
        return begin.digest
    sealed = AuditSegment.objects.filter(last=position).exclude(deleted_at=None)
    in_file = sealed.values_list("after", flat=True).first() if position < begin.position else None
    return in_file or AuditEntry.objects.filter(position=position).values_list("digest", flat=True).first()
