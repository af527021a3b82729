"""Has the audit trail been altered? Each MAC and each link is worked out anew, and what differs is named."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gatekeeper.audit.chain.faults import Erasures, fault_of
from gatekeeper.audit.chain.head import Head, is_authentic, kept_head
from gatekeeper.audit.chain.keys import Keyring, all_keys
from gatekeeper.audit.chain.links import BATCH, head, is_genuine, refusals
from gatekeeper.audit.chain.mac import CARRIED_OVER, link_digest
from gatekeeper.audit.events import Event
from gatekeeper.audit.models import AuditEntry, AuditHead

MOST_PROBLEMS = 100
_WRITERS = 50_000  # whose last number is remembered at once


@dataclass(frozen=True, slots=True)
class Verdict:
    """``checked`` links were looked at; ``problems`` are sentences, the earliest first, and end at the hundredth."""

    checked: int
    waiting: int
    head: Head | None
    problems: tuple[str, ...]

    @property
    def intact(self) -> bool:
        return not self.problems


def verify(
    *, last: int | None = None, expected_head: Head | None = None, former_secret_keys: Iterable[str] = ()
) -> Verdict:
    """Check everything, or the ``last`` links only; memory does not grow with the trail.

    ``expected_head``: a link that was written down outside earlier. ``former_secret_keys``: for what was written before
    SECRET_KEY was changed, where the former one is not known any more.
    """
    keys = all_keys(former_secret_keys)
    newest = head()
    start = max(0, newest.position - last) if newest and last is not None else 0
    walk = _Walk(start, keys)
    walk.run()
    problems = [*walk.problems, *_outside_the_chain(), *_compare_heads(keys, newest), *_compare(expected_head)]
    waiting, refused = _unlinked(keys)
    found = tuple(dict.fromkeys([*problems, *refused]))
    return Verdict(walk.checked, waiting, newest, found[:MOST_PROBLEMS])


class _Walk:
    """Goes along the chain from the link after ``start``."""

    def __init__(self, start: int, keys: Keyring) -> None:
        self.start = start
        self.keys = keys
        self.erasures = Erasures(keys)
        self.checked = 0
        self.problems: list[str] = []
        self._position = start
        self._last_numbers: dict[str, int] = {}
        # Digests that the next link may follow: one, or after a problem each that it could have followed before that.
        self._before = self._digest_at_the_start()

    def run(self) -> None:
        """Check every link, until the most problems that are reported are found."""
        entries = AuditEntry.objects.filter(position__gt=self.start).order_by("position", "id")
        for entry in entries.iterator(chunk_size=BATCH):
            self._look_at(entry)
            self.checked += 1
            if len(self.problems) >= MOST_PROBLEMS:
                break

    def _digest_at_the_start(self) -> set[str]:
        if self.start == 0:
            return {""}
        found = AuditEntry.objects.filter(position=self.start).values_list("digest", flat=True).first()
        if found is None:
            self.problems.append(f"Link {self.start} is missing: an entry was deleted.")
            return set()
        return {found}

    def _look_at(self, entry: AuditEntry) -> None:
        before = self._step_to(entry)
        fault = fault_of(entry, self.keys, self.erasures) or self._fault_of_link(entry, before)
        self._before = {entry.digest}
        if fault is not None:
            self.problems.append(f"{named(entry)} {fault}.")
            self._before |= before | self._remade(entry, before)
        elif entry.event == Event.AUDIT_DAMAGE_FOUND:
            self.problems.append(f"{named(entry)} records damage: {entry.object_label}")
        elif entry.event == Event.AUDIT_CARRIED_OVER:
            self.problems += (entry.after or {}).get("problems", [])
        self._check_number(entry)

    def _step_to(self, entry: AuditEntry) -> set[str]:
        """The digests that this link may follow; none are known behind a gap."""
        position = entry.position or 0
        missing, self._position = position - self._position - 1, max(position, self._position)
        if missing > 0:
            links = f"Link {position - 1} is" if missing == 1 else f"Links {position - missing} to {position - 1} are"
            self.problems.append(f"{links} missing before {named(entry)}: somebody took them out of the chain.")
            return set()
        return self._before

    def _fault_of_link(self, entry: AuditEntry, before: set[str]) -> str | None:
        if not before or any(is_genuine(entry, digest, self.keys) for digest in before):
            return None
        return f"was not linked as number {entry.position} by this site, or the link before it was altered"

    def _remade(self, entry: AuditEntry, before: set[str]) -> set[str]:
        key = self.keys.get(entry.key_hint)
        return {link_digest(entry, entry.position or 0, digest, key.secret) for digest in before} if key else set()

    def _check_number(self, entry: AuditEntry) -> None:
        """Each writer numbers without a gap, so that a gap is an entry that vanished before it was linked."""
        if entry.writer == CARRIED_OVER or not entry.number:
            return
        last = self._last_numbers.get(entry.writer)
        if last is None:
            last = entry.number - 1 if self._has_predecessor(entry) else 0
        if entry.number <= last:
            self.problems.append(f"{named(entry)} stands behind one that its writer wrote later.")
        elif entry.number > last + 1:
            count = entry.number - last - 1
            self.problems.append(f"{count} of the same writer are missing before {named(entry)}: they were deleted.")
        if len(self._last_numbers) >= _WRITERS:
            self._last_numbers.clear()
        self._last_numbers[entry.writer] = max(entry.number, last)

    def _has_predecessor(self, entry: AuditEntry) -> bool:
        assert entry.number is not None
        if entry.number == 1:
            return True
        earlier = AuditEntry.objects.filter(writer=entry.writer, number=entry.number - 1)
        return earlier.filter(position__lt=entry.position).exists()


def _outside_the_chain() -> Iterator[str]:
    """Linked at a place where no link can be."""
    for entry in AuditEntry.objects.filter(position__lt=1).order_by("position")[:MOST_PROBLEMS]:
        yield f"{named(entry)} stands at {entry.position}, where no link is."


def _unlinked(keys: Keyring) -> tuple[int, list[str]]:
    """How many entries wait to be linked, and sentences about those that never will be."""
    problems: list[str] = []
    waiting, after = 0, 0
    while batch := list(AuditEntry.objects.filter(position=None, id__gt=after).order_by("id")[:BATCH]):
        refused = _still_unlinked(refusals(batch, keys))
        waiting += len(batch) - len(refused)
        if len(problems) < MOST_PROBLEMS:
            problems += [f"{named(each)} is not linked: it {refused[each.pk]}." for each in batch if each.pk in refused]
        after = batch[-1].pk
    return waiting, problems


def _still_unlinked(refused: dict[int, str]) -> dict[int, str]:
    """Without those that were linked while we looked: by then they were copies of themselves."""
    if not refused:
        return refused
    unlinked = set(AuditEntry.objects.filter(pk__in=refused, position=None).values_list("pk", flat=True))
    return {pk: reason for pk, reason in refused.items() if pk in unlinked}


def _compare_heads(keys: Keyring, newest: Head | None) -> Iterator[str]:
    """The trail's end against the record of the newest link, and against the file that this machine keeps."""
    row, position = AuditHead.objects.filter(pk=1).first(), newest.position if newest else 0
    if row is None or not is_authentic(row, keys):
        unknown = row is not None and row.key_id not in keys
        how = "written under another SECRET_KEY" if unknown else "altered" if row else "removed"
        yield f"The record of the newest link was {how}."
        return
    if row.position < position:
        yield f"The record of the newest link went back from link {position} to link {row.position}."
    recorded = Head(row.position, row.digest)
    yield from _compare(recorded)
    kept = kept_head(row.trail)
    if kept and kept.head != recorded:
        yield from (f"{problem} ({kept.path.name} keeps it.)" for problem in _compare(kept.head))


def _compare(expected: Head | None) -> Iterator[str]:
    if expected is None or expected.position == 0:
        return
    found = AuditEntry.objects.filter(position=expected.position).values_list("digest", flat=True).first()
    if found is not None and found != expected.digest:
        yield f"Link {expected.position} has another digest than the one that was written down."
    elif found is None:
        last = AuditEntry.objects.filter(position__lt=expected.position).order_by("-position").first()
        where = f"after {named(last)}" if last else "from the beginning on"
        yield f"Link {expected.position} existed and is missing: the trail was cut off {where}."


def named(entry: AuditEntry) -> str:
    """How a sentence names an entry."""
    return f"Entry {entry.pk} of {entry.at:%Y-%m-%d %H:%M:%S} UTC ({entry.event})"
