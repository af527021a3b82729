"""Sending what the chain holds behind a stream's cursor: in order, at least once, one sender at a time for each stream.

A run takes a stream for itself (``Stream.run``) and moves the cursor only after the receiver has accepted, and only
while the stream is still its own. A run that is killed loses the stream after two minutes; what it had sent and not
written down is sent again then: twice, never not at all.
"""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import structlog
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from gatekeeper.audit.chain.head import is_authentic
from gatekeeper.audit.chain.keys import all_keys
from gatekeeper.audit.models import AuditEntry, AuditHead
from gatekeeper.audit.stream.messages import Message
from gatekeeper.audit.stream.models import AUTHORIZATION_PURPOSE, Stream
from gatekeeper.audit.stream.sending import Outcome, Receiver, send
from gatekeeper.errors import SealBroken
from gatekeeper.secrets.sealing import unseal

BATCH: Final = 1000  # entries that are read at once
RUN_SECONDS: Final = 20.0  # after which a run begins no further batch; the next one goes on
TAKEN_FOR: Final = timedelta(minutes=2)  # longer than a run with its last batch
FAILING_LONG: Final = timedelta(hours=1)
SECRET_UNREADABLE: Final = "secret_unreadable"  # noqa: S105 - a problem's code
# After the first failure, the second, and so on; then always the last. A stream is never given up.
RETRY_AFTER: Final = (
    timedelta(seconds=30),
    timedelta(minutes=1),
    timedelta(minutes=2),
    timedelta(minutes=5),
    timedelta(minutes=10),
)

log = structlog.get_logger(__name__)


def due_streams() -> list[UUID]:
    """Those that have something to send, and may be tried now. One statement on a site without streams, else two."""
    now = timezone.now()
    waiting = list(_free(now).filter(Q(retry_at=None) | Q(retry_at__lte=now)).values_list("pk", "position"))
    if not waiting:
        return []
    newest = AuditHead.objects.values_list("position", flat=True).first() or 0
    return [pk for pk, position in waiting if position < newest]


def send_to(stream_id: UUID) -> timedelta | None:
    """Send what waits. Returns: after how long another run is needed, where the scheduler's would be too late.

    Cost: for a batch of 1,000 entries four statements, however large it is.
    """
    run, now = uuid4(), timezone.now()
    if not _free(now).filter(pk=stream_id).update(run=run, run_until=now + TAKEN_FOR):
        return None
    mine = Stream.objects.filter(pk=stream_id, run=run)
    ends = time.monotonic() + RUN_SECONDS
    try:
        while time.monotonic() < ends:
            stream = mine.filter(paused_at=None).first()
            messages = _next_messages(stream) if stream else []
            if stream is None or not messages:
                return None
            outcome = _attempt(stream, messages)
            if not _write_down(mine, stream, messages, outcome):
                return None
            if outcome.problem:
                return RETRY_AFTER[0] if stream.failures == 0 else None
            mine.update(run_until=timezone.now() + TAKEN_FOR)
    finally:
        mine.update(run=None, run_until=None)
    return timedelta(seconds=1)


def _free(now: datetime) -> QuerySet[Stream]:
    return Stream.objects.filter(Q(run=None) | Q(run_until__lt=now), paused_at=None)


def _next_messages(stream: Stream) -> list[Message]:
    """Those behind the cursor, up to the newest link that the site itself recorded.

    What somebody else may have written behind that would move the cursor past entries that are still to come.
    """
    newest = AuditHead.objects.filter(pk=1).first()
    if newest is None or not is_authentic(newest, all_keys()):
        return []  # linking, which follows within the minute, writes the damage down and makes it anew
    span = AuditEntry.objects.filter(position__gte=stream.position, position__lte=newest.position)
    entries = list(span.order_by("position")[: BATCH + 1])
    before = stream.digest
    if entries and entries[0].position == stream.position:
        before = entries.pop(0).digest
    messages = []
    for entry in entries[:BATCH]:
        messages.append(Message(entry, before, newest.trail))
        before = entry.digest
    return messages


def _attempt(stream: Stream, messages: Sequence[Message]) -> Outcome:
    try:
        receiver = Receiver.of(stream, authorization_of(stream))
    except SealBroken:
        return Outcome(accepted=0, milliseconds=0, problem=SECRET_UNREADABLE)
    return send(receiver, messages)


def authorization_of(stream: Stream) -> str:
    """The value of its header; "" for none. Raises: SealBroken."""
    sealed = bytes(stream.sealed_authorization)
    return unseal(sealed, purpose=AUTHORIZATION_PURPOSE).decode() if sealed else ""


def _write_down(mine: QuerySet[Stream], stream: Stream, messages: Sequence[Message], outcome: Outcome) -> bool:
    """Move the cursor behind what was accepted; False when the stream is not this run's any more."""
    now, facts = timezone.now(), dict[str, Any]()
    if outcome.accepted:
        last = messages[outcome.accepted - 1]
        facts = {"position": last.position, "digest": last.entry.digest, "last_success_at": now}
    if not outcome.problem:
        clean: dict[str, Any] = {
            "failures": 0,
            "failing_since": None,
            "retry_at": None,
            "problem": "",
            "parameters": {},
        }
        if stream.failures:
            log.info("stream_accepted_again", stream=str(stream), failures=stream.failures)
        return bool(mine.update(**facts, **clean))
    wait = RETRY_AFTER[min(stream.failures, len(RETRY_AFTER) - 1)]
    since = stream.failing_since or now
    write = log.error if now - since >= FAILING_LONG else log.warning
    write(
        "stream_not_accepted",
        stream=str(stream),
        position=facts.get("position", stream.position),
        attempt=stream.failures + 1,
        failing_since=since.isoformat(),
        reason=outcome.problem,
        status=outcome.status,
    )
    facts |= {"problem": outcome.problem, "parameters": dict(outcome.parameters), "retry_at": now + wait}
    since_value = Coalesce(F("failing_since"), Value(now))
    return bool(mine.update(**facts, failures=F("failures") + 1, failing_since=since_value))
