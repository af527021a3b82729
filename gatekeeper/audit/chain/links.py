"""The audit trail's chain: each link's digest covers the entry and, through the digest before it, all earlier ones.

Every entry has its MAC from the transaction that wrote it (``mac.py``). Linking follows by up to a minute, in a task:
done in the change's own transaction it would let one change of the whole site through at a time. It only puts entries
in order. What does not fit is refused and stays unlinked, where ``verify`` names it. Damage to the chain itself
is written into the trail, which goes on behind it, so that the gap shows for good.
"""

import hmac
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final, NamedTuple

import structlog
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import Q
from django.dispatch import receiver

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.chain.boundary import boundary, last_numbers, latest_in_files
from gatekeeper.audit.chain.faults import Erasures, fault_of
from gatekeeper.audit.chain.head import Head, is_authentic, keep_head, kept_head, kept_heads, new_trail, store_head
from gatekeeper.audit.chain.keys import Keyring, all_keys, live_keys, present_key
from gatekeeper.audit.chain.mac import link_digest
from gatekeeper.audit.chain.problems import Fault
from gatekeeper.audit.chain.writers import has_written
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.audit.models import AuditEntry, AuditHead
from gatekeeper.runtime.bulk.statistics import gather_missing_statistics
from gatekeeper.runtime.command import work_is_done

log = structlog.get_logger(__name__)

BATCH = 1000  # entries linked in one transaction
LATE_AFTER = timedelta(minutes=5)
ENTRIES = "audit_auditentry"
_FEW = 20  # writers whose numbers are asked for as ranges, which is cheaper


def link_new_entries() -> int:
    """Link whatever fits and is not linked yet, in the order of ids; returns how many there were.

    Of two processes at once the second waits for the first, batch by batch. What is written from the first batch on is
    left to the next run: behind an entry that was not committed yet when its place was passed, its writer's next one
    would be linked, and it could not be any more.
    """
    linked, batch = 0, _link_batch(after=0, until=None)
    while batch:
        linked += batch.linked
        batch = _link_batch(batch.last, batch.until)
    newest = head() if linked else None
    if newest:
        log.info("audit_linked", entries=linked, position=newest.position, digest=newest.digest)
    return linked


@receiver(work_is_done)
def link_what_a_command_wrote(**_: object) -> None:
    """Link at the end of a command: until its last entry is linked, nothing would show that somebody deleted it."""
    if not has_written():
        return
    try:
        link_new_entries()
    except DatabaseError as problem:  # the work is done; the task links it within the minute
        log.warning("audit_not_linked", reason=str(problem))


def head() -> Head | None:
    """The newest link, None while nothing is linked."""
    newest = AuditEntry.objects.exclude(position=None).order_by("-position").only("position", "digest").first()
    return Head(newest.position or 0, newest.digest) if newest else None


def log_head() -> None:
    """Log the newest link: a log stream that is kept elsewhere then proves the state of the trail at that hour."""
    newest = head()
    if newest:
        log.info("audit_head", position=newest.position, digest=newest.digest)


def waiting_since() -> datetime | None:
    """When the oldest entry that can be linked and is not was written; None when all are."""
    keys = live_keys()
    unlinked = AuditEntry.objects.filter(position=None).order_by("id")
    for batch in _batches(unlinked):
        oldest = next(fitting(batch, keys), None)
        if oldest:
            return oldest.at
    return None


def fitting(unlinked: Sequence[AuditEntry], keys: Keyring) -> Iterator[AuditEntry]:
    """The entries among ``unlinked`` that can be linked, in the order of ids."""
    refused = refusals(unlinked, keys)
    return (entry for entry in unlinked if entry.pk not in refused)


def refusals(unlinked: Sequence[AuditEntry], keys: Keyring) -> dict[int, Fault]:
    """Why entries that are not linked cannot be, by id."""
    erasures, taken, returned = Erasures(keys), _linked_numbers(unlinked), _from_files(unlinked, keys)
    found: dict[int, Fault] = {}
    for entry in unlinked:
        number = entry.number or 0
        fault = fault_of(entry, keys, erasures)
        if fault is None and ({(entry.writer, number), (entry.writer, number + 1)} & taken or entry.pk in returned):
            fault = Fault.COPY
        if fault is not None:
            found[entry.pk] = fault
        else:
            taken.add((entry.writer, number))
    return found


def _linked_numbers(unlinked: Sequence[AuditEntry]) -> set[tuple[str, int | None]]:
    """Of the numbers of these entries and the ones after them, those that the chain holds already."""
    by_writer: dict[str, list[int]] = {}
    for entry in unlinked:
        if entry.number is not None:
            by_writer.setdefault(entry.writer, []).append(entry.number)
    spans = {writer: (min(numbers), max(numbers) + 1) for writer, numbers in by_writer.items()}
    if len(spans) <= _FEW and all(end - begin <= 2 * BATCH for begin, end in spans.values()):
        condition = Q(*(Q(writer=writer, number__range=span) for writer, span in spans.items()), _connector=Q.OR)
    else:
        numbers = {number + step for several in by_writer.values() for number in several for step in (0, 1)}
        condition = Q(writer__in=spans, number__in=numbers)
    linked = AuditEntry.objects.filter(condition).exclude(position=None) if spans else AuditEntry.objects.none()
    return set(linked.values_list("writer", "number"))


def _from_files(unlinked: Sequence[AuditEntry], keys: Keyring) -> set[int]:
    """Those of these entries whose number is in a sealed segment already. One query; more only for very old entries."""
    latest = latest_in_files() if unlinked else None
    old = [entry for entry in unlinked if latest is not None and entry.at <= latest]
    sealed = last_numbers(keys, {entry.writer for entry in old}) if old else {}
    return {entry.pk for entry in old if (entry.number or 0) <= sealed.get(entry.writer, 0)}


def _batches(entries: Iterable[AuditEntry]) -> Iterator[list[AuditEntry]]:
    batch: list[AuditEntry] = []
    for entry in entries:
        batch.append(entry)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


class _Batch(NamedTuple):
    """How many were linked, the last id that was looked at, and the last one that this run looks at."""

    linked: int
    last: int
    until: int


def _link_batch(after: int, until: int | None) -> _Batch | None:
    """Link some of the entries behind an id, up to one (None: the newest). None: there are no more."""
    try:
        with transaction.atomic():
            trail, newest, damage = _where_to_go_on()
            for sentence in damage:
                log.error("audit_damage_found", damage=sentence)
                record(
                    Event.AUDIT_DAMAGE_FOUND,
                    actor=Actor.site(),
                    kind="audit_trail",
                    object_id=trail,
                    label=sentence,
                    after={"found": sentence},
                )
            until = _newest_id() if until is None else until  # read before the entries are, and so before they are more
            left = AuditEntry.objects.filter(position=None, id__gt=after, id__lte=until)
            unlinked = list(left.order_by("id")[:BATCH])
            fits = list(fitting(unlinked, live_keys()))
            gather_missing_statistics(AuditEntry)
            if fits or damage or not AuditHead.objects.filter(key_id=present_key().id).exists():
                newest = _link(fits, newest)
                store_head(trail, newest)
                transaction.on_commit(partial(keep_head, trail, newest))
    except (IntegrityError, _LinkedElsewhere):
        return None
    except _KeyMissing:
        log.error("audit_key_missing", fix="Give the former key in SECRET_KEY_FALLBACKS; until then nothing is linked.")
        return None
    return _Batch(len(fits), unlinked[-1].pk, until) if unlinked else None


def _newest_id() -> int:
    """The largest id of a committed entry; 0 where there is none. What is written from now on has larger ones."""
    return AuditEntry.objects.order_by("-id").values_list("id", flat=True).first() or 0


class _LinkedElsewhere(Exception):
    """Another process was quicker; what it linked, and perhaps logged, stays."""


class _KeyMissing(Exception):
    """The chain ends under a SECRET_KEY that is not known here: to go on would look like damage for ever."""


def _link(entries: Sequence[AuditEntry], newest: Head) -> Head:
    """Give the entries the next positions that are free: somebody may have written to later ones."""
    key, position, digest = present_key(), newest.position, newest.digest
    occupied = set(AuditEntry.objects.filter(position__gt=position).values_list("position", flat=True)[:BATCH])
    rows = []
    for entry in entries:
        position += 1
        while position in occupied:
            position += 1
        digest = link_digest(entry, position, digest, key.secret)
        rows.append((entry.pk, position, digest))
    _store(rows, key.id)
    return Head(position, digest)


_SET: Final = {
    "postgresql": f"""
        UPDATE {ENTRIES} AS entry SET position = link.position, digest = link.digest, key_hint = %s
        FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS link (id, position, digest)
        WHERE entry.id = link.id AND entry.position IS NULL
    """,  # noqa: S608 - a constant
    "sqlite": f"UPDATE {ENTRIES} SET position = %s, digest = %s, key_hint = %s WHERE id = %s AND position IS NULL",  # noqa: S608
}


def _store(links: Sequence[tuple[int, int, str]], key_id: str) -> None:
    """Write id, position and digest of each. Raises: _LinkedElsewhere where one is linked already."""
    if not links:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_SET["postgresql"], [key_id, *map(list, zip(*links, strict=True))])
        else:
            rows = [(position, digest, key_id, pk) for pk, position, digest in links]
            cursor.executemany(_SET["sqlite"], rows)
        if cursor.rowcount != len(links):
            raise _LinkedElsewhere


def _where_to_go_on() -> tuple[str, Head, list[str]]:
    """The trail, the link behind which it goes on, and what is wrong with either; locks out other linking."""
    keys, damage = all_keys(), []
    row = AuditHead.objects.select_for_update().filter(pk=1).first()
    if row is not None and is_authentic(row, keys):
        trail, newest = row.trail, Head(row.position, row.digest)
        kept = kept_head(trail)
    else:
        if row is not None and row.key_id not in keys and not _ends_under_one_of(keys):
            raise _KeyMissing
        damage.append(f"The record of the newest link was {'altered' if row else 'removed'}.")
        kept = max(kept_heads(), key=lambda each: each.head.position, default=None)
        trail, newest = (kept.trail if kept else new_trail()), _newest_genuine(keys)
    if kept and kept.head.position > newest.position:
        damage.append(f"The trail went back from link {kept.head.position} to link {newest.position}.")
        newest = kept.head
    elif kept and _digest_at(kept.head.position, newest, keys) not in (kept.head.digest, None):
        differs = f"Link {kept.head.position} is not the one that {kept.path.name} keeps."
        damage += [] if _is_recorded(differs) else [differs]
    ahead = _genuine_after(newest, keys)
    if ahead != newest:
        damage.append(f"The record of the newest link went back from link {ahead.position} to link {newest.position}.")
    return trail, ahead, damage


def _is_recorded(damage: str) -> bool:
    """Whether the trail has an entry of this damage already: a file that cannot be written differs in each run."""
    return AuditEntry.objects.filter(event=Event.AUDIT_DAMAGE_FOUND, object_label=damage).exists()


def _ends_under_one_of(keys: Keyring) -> bool:
    newest = AuditEntry.objects.exclude(position=None).order_by("-position").values_list("key_hint", flat=True).first()
    return newest is None or newest in keys


def _digest_at(position: int, newest: Head, keys: Keyring) -> str | None:
    """The digest of a link, "" where there is none; None for one that is in a file only."""
    if position == newest.position:
        return newest.digest
    found = AuditEntry.objects.filter(position=position).values_list("digest", flat=True).first()
    if found is None:
        begin = boundary(keys)
        return begin.digest if position == begin.position else None if position < begin.position else ""
    return found


def _genuine_after(newest: Head, keys: Keyring) -> Head:
    """Where the chain really ends: links behind the recorded newest one that the site made."""
    for entry in AuditEntry.objects.filter(position__gt=newest.position).order_by("position").iterator():
        if not is_genuine(entry, newest.digest, keys):
            break
        newest = Head(entry.position or 0, entry.digest)
    return newest


def _newest_genuine(keys: Keyring) -> Head:
    """The last link that the site made, found without the record of the newest link."""
    linked = AuditEntry.objects.filter(position__gt=0).order_by("-position")[:BATCH]
    for entry in linked:
        before = _digest_at((entry.position or 0) - 1, Head(0, ""), keys)
        if before is not None and is_genuine(entry, before, keys):
            return Head(entry.position or 0, entry.digest)
    begin = boundary(keys)
    return Head(begin.position, begin.digest)


def is_genuine(entry: AuditEntry, before: str, keys: Keyring) -> bool:
    """Whether the site linked the entry at its position, behind the link with the digest ``before``."""
    key, position = keys.get(entry.key_hint), entry.position or 0
    if key is None or not key.may_have_made(position):
        return False
    return hmac.compare_digest(link_digest(entry, position, before, key.secret), entry.digest)
