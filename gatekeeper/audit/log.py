"""Adding entries to the audit trail and to the provisioning log. Nothing else adds any."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final
from uuid import UUID

from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.chain.keys import present_key
from gatekeeper.audit.chain.mac import seal
from gatekeeper.audit.chain.sealing_many import ManySeals, SharedFacts
from gatekeeper.audit.chain.writers import next_numbers, note_written, note_written_until, number_entries
from gatekeeper.audit.events import Event
from gatekeeper.audit.models import AuditEntry, ProvisioningEntry
from gatekeeper.audit.provisioning_codes import Change
from gatekeeper.audit.redact import log_copy, redact, storable
from gatekeeper.audit.stored_bodies import packed
from gatekeeper.runtime.bulk.inserts import insert_rows, moment
from gatekeeper.runtime.statements.stored_rows import insert, insert_later, new

Document = Mapping[str, Any]


def record(
    event: Event,
    *,
    actor: Actor,
    kind: str,
    object_id: object,
    label: str,
    before: Document | None = None,
    after: Document | None = None,
) -> None:
    """Add one audit entry, in the transaction of the change that it records."""
    record_all([entry(event, actor=actor, kind=kind, object_id=object_id, label=label, before=before, after=after)])


def record_all(entries: Sequence[AuditEntry]) -> None:
    """Add entries that were built with ``entry``, each with its MAC. Only the rows themselves cost a query."""
    if not entries:
        return
    key = present_key()
    number_entries(entries)
    for each in entries:
        seal(each, key.id, key.secret)
    insert_later(entries)
    note_written(entries)


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """What one of many entries says of its own."""

    object_id: object
    label: str
    before: Document | None = None
    after: Document | None = None


_TABLE: Final = AuditEntry._meta.db_table
_SHARED: Final = ("at", "event", "actor_kind", "actor_name", "actor_id", "door", "request_id", "object_kind")
_EMPTY: Final = ("content", "digest", "key_hint")
_OWN: Final = ("number", "object_id", "object_label")
_SEAL: Final = ("before", "after", "actor_salt", "actor_commitment", "object_salt", "object_commitment", "mac")


def record_many(event: Event, subjects: Iterable[Subject], *, actor: Actor, kind: str) -> int:
    """Add an entry for each subject, as ``record_all`` would, of one moment; returns how many.

    For thousands: a quarter of the time, since what they share is prepared once. One statement.
    """
    key, now = present_key(), timezone.now()
    writer, first = next_numbers()
    seals = ManySeals(SharedFacts(writer, now, event.value, actor, kind), key)
    by = (actor.kind, actor.name[:300], actor.id, actor.channel, actor.request_id)
    shared = (moment(now), event.value, *by, kind, "", "", "", writer, key.id)
    last = first - 1

    def rows() -> Iterator[tuple[Any, ...]]:
        nonlocal last
        for last, each in enumerate(subjects, start=first):
            before, after = _redacted(each.before), _redacted(each.after)
            object_id, label = str(each.object_id), each.label[:300]
            yield (*shared, last, object_id, label, *seals.seal(last, object_id, label, before, after))

    insert_rows(_TABLE, (*_SHARED, *_EMPTY, "writer", "mac_key", *_OWN, *_SEAL), rows())
    if last >= first:
        note_written_until(writer, last)
    return last - first + 1


def _redacted(document: Document | None) -> Any:
    return redact(dict(document)) if document is not None else None


def entry(
    event: Event,
    *,
    actor: Actor,
    kind: str,
    object_id: object,
    label: str,
    before: Document | None = None,
    after: Document | None = None,
) -> AuditEntry:
    """An audit entry that is not stored yet."""
    return new(
        AuditEntry,
        event=event.value,
        actor_kind=actor.kind,
        actor_name=actor.name[:300],
        actor_id=actor.id,
        channel=actor.channel,
        request_id=actor.request_id,
        object_kind=kind,
        object_id=str(object_id),
        object_label=label[:300],
        before=_redacted(before),
        after=_redacted(after),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class ProvisioningRecord:
    """One SCIM request as the log keeps it; ``request`` and ``answer`` are redacted and cut off when it is written."""

    request_id: str
    method: str
    path: str
    status: int
    outcome: str
    milliseconds: int | None = None
    query: str = ""
    key_id: str = ""
    key_name: str = ""
    user_id: UUID | None = None
    user_label: str = ""
    group_id: UUID | None = None
    group_label: str = ""
    detail: str = ""
    reason: str = ""
    parameters: Mapping[str, Any] | None = None
    request: Any = None
    answer: Any = None
    changed: list[Change] | None = None
    ignored: list[str] = field(default_factory=list)
    warnings: list[dict[str, Any]] | None = None


def record_provisioning(record: ProvisioningRecord) -> None:
    """Add one provisioning entry: in the transaction of the change, or after the rollback of what was refused."""
    insert_later([provisioning_entry(record)])


def record_all_provisioning(records: Sequence[ProvisioningRecord]) -> None:
    """Add many provisioning entries at once, as ``record_provisioning`` adds one."""
    insert([provisioning_entry(record) for record in records])


_LENGTHS = {  # of the columns
    "request_id": 60,
    "method": 10,
    "path": 500,
    "query": 2000,
    "key_name": 200,
    "user_label": 300,
    "group_label": 300,
    "detail": 1000,
    "reason": 60,
}


def provisioning_entry(record: ProvisioningRecord) -> ProvisioningEntry:
    """A provisioning entry that is not stored yet."""
    columns = {each.name: getattr(record, each.name) for each in fields(record)}
    columns["bodies"] = packed(log_copy(columns.pop("request")), log_copy(columns.pop("answer")))
    columns["ignored"] = log_copy(columns["ignored"])
    for name in ("changed", "parameters"):
        columns[name] = redact(columns[name])
    for name, limit in _LENGTHS.items():
        columns[name] = storable(columns[name])[:limit]
    return new(ProvisioningEntry, **columns)
