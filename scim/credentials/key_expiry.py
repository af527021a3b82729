"""API keys that expire: announced 30, 7 and 1 days before, and when they have, since provisioning stops then."""

from datetime import datetime, timedelta
from uuid import UUID

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.audit.models import AuditEntry
from gatekeeper.events.codes import EventCode
from gatekeeper.events.outbox import emit
from gatekeeper.runtime.transactions import one_transaction
from gatekeeper.secrets.expiry_steps import WARN_AT, step_due
from scim.models import ApiKey

NEWS_FOR = timedelta(days=7)  # what expired before is known, or was never announced because nothing ran


def announce_expiring_keys(*, actor: Actor, now: datetime) -> int:
    """Announce each key at each step one time; a step that was missed is not made up for. Returns how many were.

    Writes to the audit trail, which is also the memory of what was announced, and an event.
    """
    ending = ApiKey.objects.filter(revoked_at=None, expires_at__lte=now + timedelta(days=max(WARN_AT)))
    ids = list(ending.filter(expires_at__gt=now - NEWS_FOR).values_list("pk", flat=True))
    return sum(_announce(key_id, actor=actor, now=now) for key_id in ids)


@one_transaction()
def _announce(key_id: UUID, *, actor: Actor, now: datetime) -> bool:
    """Under the key's lock, so that of two runs at once one announces it."""
    key = ApiKey.objects.select_for_update().filter(pk=key_id, revoked_at=None).first()
    step = step_due(key.expires_at, now) if key and key.expires_at else None
    if key is None or step is None or _was_announced(key, step):
        return False
    facts = {"expires_at": key.expires_at, "step": step}
    record(Event.API_KEY_EXPIRING, actor=actor, kind="api_key", object_id=key.id, label=str(key), after=facts)
    data = {"key": {"id": str(key.id), "name": key.name, "hint": key.hint}, **facts}
    emit(EventCode.KEY_EXPIRING, actor=actor, kind="api_key", object_id=key.id, data=data)
    return True


def _was_announced(key: ApiKey, step: int) -> bool:
    entries = AuditEntry.objects.filter(object_kind="api_key", object_id=str(key.id), event=Event.API_KEY_EXPIRING)
    return entries.filter(after__step=step).exists()
