"""The door's pages in the provisioning log: each request that changed something or failed."""

import logging
import time
from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import Any

from gatekeeper.audit.log import ProvisioningRecord, record_all_provisioning, record_provisioning, storable
from gatekeeper.audit.models import Outcome
from gatekeeper.audit.read_counts import count_read
from gatekeeper.directory.deprovisioning_limits.limits import alert_held
from gatekeeper.directory.deprovisioning_limits.privilege_gains import alert_held_gain
from gatekeeper.errors import HeldForApproval, PrivilegeHeld
from scim.http.request_context import Answer, Exchange

logger = logging.getLogger(__name__)

_TROUBLE = frozenset({Outcome.REFUSED, Outcome.FAILED})

# Whoever has no key must not be able to fill the log: so many entries a minute and process, then a log line only.
STRANGERS_PER_MINUTE = 30
_strangers: deque[float] = deque(maxlen=STRANGERS_PER_MINUTE)


def record_change(exchange: Exchange, answer: Answer) -> None:
    """In the transaction of the change. A write that changed nothing is no entry: Entra repeats itself a lot."""
    if exchange.changed:
        record_provisioning(_record(exchange, answer, Outcome.CHANGED))


def record_changes(exchanges: Sequence[Exchange], answer: Answer) -> None:
    """Like ``record_change``, for several operations with one answer, with one statement."""
    record_all_provisioning([_record(exchange, answer, Outcome.CHANGED) for exchange in exchanges])


def record_read(exchange: Exchange, answer: Answer) -> None:
    """A read that succeeded is counted; it is listed only while an administrator traces reads."""
    if exchange.key is None:
        return
    count_read(exchange.key.id)
    if getattr(exchange.key, "is_traced", False):
        record_provisioning(_record(exchange, answer, Outcome.READ))


def record_refusal(exchange: Exchange, answer: Answer, error: Exception) -> None:
    """After the rollback of what was refused, or it would vanish with it. Never makes the answer worse."""
    if exchange.key is None and not _has_room_for_a_stranger():
        logger.warning("More refused requests without a valid key than are listed", extra={"status": answer.status})
        return
    outcome = Outcome.FAILED if answer.status >= 500 else Outcome.REFUSED
    try:
        record_provisioning(_record(exchange, answer, outcome))
        if isinstance(error, PrivilegeHeld):
            alert_held_gain(error, actor=exchange.actor)
        elif isinstance(error, HeldForApproval):
            alert_held(error, actor=exchange.actor)
    except Exception:  # the client still has to get the answer that it was refused with
        logger.exception("A refused request could not be put into the provisioning log")


def _has_room_for_a_stranger() -> bool:
    now = time.monotonic()
    if len(_strangers) == _strangers.maxlen and now - _strangers[0] < 60:
        return False
    _strangers.append(now)
    return True


def _record(exchange: Exchange, answer: Answer, outcome: Outcome) -> ProvisioningRecord:
    request = exchange.request
    return ProvisioningRecord(
        request_id=exchange.request_id,
        method=exchange.method,
        path=exchange.path,
        query=request.META.get("QUERY_STRING", ""),
        status=int(answer.status),
        outcome=outcome,
        key_id=str(exchange.key.id) if exchange.key else "",
        key_name=exchange.key.name if exchange.key else "",
        user_id=exchange.user_id,
        user_label=exchange.user_label,
        group_id=exchange.group_id,
        group_label=exchange.group_label,
        detail=str((answer.document or {}).get("detail", "")) if outcome in _TROUBLE else "",
        request=_shortened(exchange.body),
        answer=_shortened(answer.document),
        changed=list(exchange.changed) or None,
        ignored=_shortened(sorted(set(exchange.ignored))),
        warnings=list(exchange.warnings) or None,
    )


def _shortened(document: Any) -> Any:
    """A document that fits and can be stored; what is long keeps its beginning and says how much was left out."""
    if isinstance(document, dict):
        some = {storable(name)[:TEXT_LIMIT]: _shortened(value) for name, value in islice(document.items(), LIST_LIMIT)}
        return some if len(document) <= LIST_LIMIT else {**some, "…": f"and {len(document) - LIST_LIMIT} more"}
    if isinstance(document, list):
        kept = [_shortened(value) for value in document[:LIST_LIMIT]]
        return kept if len(document) <= LIST_LIMIT else [*kept, f"… and {len(document) - LIST_LIMIT} more"]
    if isinstance(document, str):
        text = storable(document[:TEXT_LIMIT])
        return text if len(document) <= TEXT_LIMIT else f"{text}… ({len(document)} characters)"
    return document


LIST_LIMIT = 100  # items of one list, members of one object
TEXT_LIMIT = 2000  # characters of one text
