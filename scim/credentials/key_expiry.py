"""API keys and client secrets that expire: announced 30, 7 and 1 days before, and when they have.

Provisioning stops then, so the event is the same for both.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.audit.models import AuditEntry
from gatekeeper.events.codes import EventCode
from gatekeeper.events.outbox import emit
from gatekeeper.runtime.transactions import one_transaction
from gatekeeper.secrets.expiry_steps import WARN_AT, step_due
from scim.models import ApiKey, ClientSecret

NEWS_FOR = timedelta(days=7)  # what expired before is known, or was never announced because nothing ran
_KINDS: tuple[tuple[type[Any], str, Event], ...] = (
    (ApiKey, "api_key", Event.API_KEY_EXPIRING),
    (ClientSecret, "client_secret", Event.CLIENT_SECRET_EXPIRING),
)


def announce_expiring_keys(*, actor: Actor, now: datetime) -> int:
    """Announce each key and secret at each step one time; a step that was missed is not made up for.

    Writes to the audit trail, which is also the memory of what was announced, and an event. Returns how many were.
    """
    return sum(_announce(*each, actor=actor, now=now) for each in list(_ending(now)))


def _ending(now: datetime) -> Iterator[tuple[Any, type[Any], str, Event]]:
    for model, kind, event in _KINDS:
        ending = model._default_manager.filter(revoked_at=None, expires_at__lte=now + timedelta(days=max(WARN_AT)))
        for key_id in ending.filter(expires_at__gt=now - NEWS_FOR).values_list("pk", flat=True):
            yield key_id, model, kind, event


@one_transaction()
def _announce(key_id: Any, model: type[Any], kind: str, event: Event, *, actor: Actor, now: datetime) -> bool:
    """Under the key's lock, so that of two runs at once one announces it."""
    key = model._default_manager.select_for_update().filter(pk=key_id, revoked_at=None).first()
    step = step_due(key.expires_at, now) if key and key.expires_at else None
    if key is None or step is None or _was_announced(key, kind, event, step):
        return False
    facts = {"expires_at": key.expires_at, "step": step}
    record(event, actor=actor, kind=kind, object_id=key.id, label=_label(key), after=facts)
    data = {"key": {"id": str(key.id), "name": _name(key), "hint": key.hint}, **facts}
    emit(EventCode.KEY_EXPIRING, actor=actor, kind=kind, object_id=key.id, data=data)
    return True


def _name(key: ApiKey | ClientSecret) -> str:
    return key.client.name if isinstance(key, ClientSecret) else key.name


def _label(key: ApiKey | ClientSecret) -> str:
    return f"{_name(key)} ({key.hint}…)"


def _was_announced(key: ApiKey | ClientSecret, kind: str, event: Event, step: int) -> bool:
    entries = AuditEntry.objects.filter(object_kind=kind, object_id=str(key.id), event=event)
    return entries.filter(after__step=step).exists()
