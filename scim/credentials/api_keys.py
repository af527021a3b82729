"""Bearer keys for identity providers: made once, shown once, stored only as a digest."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.directory.row_locks import lock_site
from gatekeeper.errors import DomainError, InvalidValue, NotFound
from gatekeeper.runtime.transactions import one_transaction
from gatekeeper.secrets.bearer_keys import KeyKind, digest
from scim.models import ApiKey

KEYS = KeyKind("gk_")  # 75 characters, well below the 100 that Entra stores safely
REVOKE_PHRASE = "Revoke"


class ActiveKeyExists(DomainError):
    code = "active_key_exists"
    sentence = _("An API key is active. Revoke it first, or use --rotate to have both until you revoke the old one.")


class RevokeNotConfirmed(DomainError):
    code = "revoke_not_confirmed"
    sentence = _("Nothing was revoked: the confirmation phrase has to be exactly %(phrase)s.")

    def __init__(self) -> None:
        super().__init__(phrase=REVOKE_PHRASE)


class KeyNotFound(NotFound):
    code = "key_not_found"

    def __init__(self, key_id: object = None) -> None:
        if key_id:
            super().__init__(_("There is no active API key %(key)s."), key=key_id)
        else:
            super().__init__(_("There is no active API key."))


@one_transaction()
def generate_key(
    name: str = "", *, actor: Actor, expires_at: datetime | None = None, rotate: bool = False
) -> tuple[ApiKey, str]:
    """Make a key.

    Returns: the stored key and its text, which is shown this one time and can't be found out again.
    Raises:  ActiveKeyExists unless ``rotate``; InvalidValue for an expiry that is not in the future.
    """
    now = timezone.now()
    if expires_at is not None and expires_at <= now:
        raise InvalidValue("expires", _("the time has to be in the future."))
    lock_site()  # two administrators at once would both see no active key
    if not rotate and ApiKey.objects.active().exists():
        raise ActiveKeyExists
    text = KEYS.new()
    key = ApiKey.objects.create(
        name=(name.strip() or "Identity provider")[:100],
        digest=digest(text),
        hint=KEYS.hint(text),
        created_at=now,
        expires_at=expires_at,
    )
    record(Event.API_KEY_GENERATED, actor=actor, kind="api_key", object_id=key.id, label=str(key), after=_facts(key))
    return key, text


@one_transaction()
def revoke_keys(phrase: str, *, actor: Actor, key_id: UUID | None = None) -> list[ApiKey]:
    """Revoke one key, or all that are not revoked. It can't be undone and works at once on every process.

    Raises: RevokeNotConfirmed unless ``phrase`` is exactly "Revoke"; KeyNotFound when there is nothing to revoke.
    """
    if phrase != REVOKE_PHRASE:
        raise RevokeNotConfirmed
    chosen = ApiKey.objects.select_for_update().filter(revoked_at=None)
    keys = list(chosen.filter(pk=key_id) if key_id is not None else chosen)
    if not keys:
        raise KeyNotFound(key_id)
    for key in keys:
        key.revoked_at = timezone.now()
        key.save(update_fields=["revoked_at"])
        record(Event.API_KEY_REVOKED, actor=actor, kind="api_key", object_id=key.id, label=str(key), after=_facts(key))
    return keys


def _facts(key: ApiKey) -> dict[str, Any]:
    return {
        "name": key.name,
        "hint": key.hint,
        "expires_at": key.expires_at.isoformat() if key.expires_at else None,
        "revoked_at": key.revoked_at.isoformat() if key.revoked_at else None,
    }
