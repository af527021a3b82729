"""Writing events: the one place that adds rows to the outbox."""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import uuid4

from django.db import connection, transaction
from django.db.transaction import TransactionManagementError
from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.events.codes import EventCode
from gatekeeper.events.models import KEY_LENGTH, OutboxEvent
from gatekeeper.runtime.bulk.inserts import insert_rows, moment, uid
from gatekeeper.runtime.statements.json_columns import written
from gatekeeper.runtime.statements.stored_rows import insert_later, new

# Set when a transaction with events was committed in this process; ``prompting.py`` asks for their delivery then.
news = threading.Event()

_ACTOR_KINDS = {"clock": "scheduler", "stranger": "unauthenticated"}  # as they are called outside


def emit(code: EventCode, *, actor: Actor, kind: str, object_id: object, data: Mapping[str, Any] | None = None) -> None:
    """Add one event, in the transaction of the change that it reports. One statement.

    Events of one object (``kind`` and ``object_id``) are delivered in the order in which they were written, since
    whoever changes an object holds its lock.
    Raises: TransactionManagementError outside of a transaction: the event could be lost, or report what never happened.
    """
    emit_all([event(code, actor=actor, kind=kind, object_id=object_id, data=data)])


def emit_all(events: Sequence[OutboxEvent]) -> None:
    """Add events that were built with ``event``. One statement, however many they are."""
    if not events:
        return
    _in_the_transaction_of_the_change()
    insert_later(events)
    transaction.on_commit(news.set)


_TABLE: Final = OutboxEvent._meta.db_table
_COLUMNS: Final = ("public_id", "code", "occurred_at", "object_key", "data")


def emit_many(code: EventCode, about: Iterable[tuple[object, Mapping[str, Any]]], *, actor: Actor, kind: str) -> None:
    """Add an event for each object id with its data, as ``emit_all`` would, of one moment. One statement."""
    _in_the_transaction_of_the_change()
    now, by = moment(timezone.now()), _by(actor)

    def rows() -> Iterator[tuple[Any, ...]]:
        for object_id, data in about:
            yield uid(uuid4()), code.value, now, f"{kind}:{object_id}"[:KEY_LENGTH], written({**data, **by})

    insert_rows(_TABLE, _COLUMNS, rows())
    transaction.on_commit(news.set)


def _in_the_transaction_of_the_change() -> None:
    if not connection.in_atomic_block:
        raise TransactionManagementError("An event is written in the transaction of the change that it reports.")


def event(
    code: EventCode, *, actor: Actor, kind: str, object_id: object, data: Mapping[str, Any] | None = None
) -> OutboxEvent:
    """An event that is not stored yet. ``data`` gets who did it and the id of the request, as the audit trail has them.

    A person among the actors is named by their id only: an erasure finds what is about somebody, not what is by them.
    """
    whole = {**(data or {}), **_by(actor)}
    return new(OutboxEvent, code=code.value, object_key=f"{kind}:{object_id}"[:KEY_LENGTH], data=whole)


def _by(actor: Actor) -> dict[str, Any]:
    by = {"kind": _ACTOR_KINDS.get(actor.kind, actor.kind), "id": actor.id}
    if actor.kind != "person":
        by["name"] = actor.name
    return {"actor": by, **({"request_id": actor.request_id} if actor.request_id else {})}
