"""Personal API tokens: made, revoked, listed, and whether one works now. Pages, command and API all ask here."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gatekeeper.api.models import ApiToken
from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import entry, record, record_all
from gatekeeper.directory.access.loaders import access_of
from gatekeeper.directory.access.readiness_texts import blocked_text
from gatekeeper.directory.access.resolver import Access
from gatekeeper.directory.field_values import require_storable
from gatekeeper.directory.models import User
from gatekeeper.directory.row_locks import Lock, lock_users
from gatekeeper.directory.sessions.revocation import credentials_ended
from gatekeeper.errors import DomainError, InvalidValue, NotFound
from gatekeeper.language_forms import long_moment
from gatekeeper.runtime.transactions import one_transaction
from gatekeeper.secrets.bearer_keys import KeyKind, digest

TOKENS = KeyKind("gkt_")
DEFAULT_DAYS, LONGEST_DAYS = 90, 365
NAME_LIMIT = 100  # characters, as the column holds them


class ApiNotPermitted(DomainError):
    code = "api_not_permitted"
    sentence = _("API tokens need the permission API, and somebody who can sign in.")


class TokenNotFound(NotFound):
    code = "token_not_found"
    sentence = _("There is no API token %(token)s that could be revoked.")

    def __init__(self, token_id: object) -> None:
        super().__init__(token=token_id)


@one_transaction()
def create_token(user: User, name: str, *, actor: Actor, expires_at: datetime | None = None) -> tuple[ApiToken, str]:
    """Make a token for this person; it expires after 90 days unless ``expires_at`` says otherwise.

    Returns: the stored token and its text, which is shown this one time and can't be found out again.
    Raises:  ApiNotPermitted for whoever does not hold the permission API in effect; InvalidValue for a name that is
             empty or too long, and for an expiry that is not within the coming year.
    """
    now = timezone.now()
    name = name.strip()
    expires_at = expires_at or now + timedelta(days=DEFAULT_DAYS)
    if not name:
        raise InvalidValue("name", _("say what the token is for."))
    require_storable("name", name, NAME_LIMIT)
    if not now < expires_at <= now + timedelta(days=LONGEST_DAYS):
        raise InvalidValue("expires", _("choose a time within the next %(days)s days."), days=LONGEST_DAYS)
    lock_users([user.pk], Lock.RELY)
    if refusal_of_person(access_of(user)):
        raise ApiNotPermitted
    text = TOKENS.new()
    token = ApiToken.objects.create(
        user=user, name=name, digest=digest(text), hint=TOKENS.hint(text), created_at=now, expires_at=expires_at
    )
    record(Event.API_TOKEN_CREATED, actor=actor, kind="user", object_id=user.id, label=user.label, after=_facts(token))
    return token, text


@one_transaction()
def revoke_token(token_id: UUID, *, actor: Actor, user_id: UUID | None = None) -> ApiToken:
    """Revoke one token, of exactly this person if one is named. It can't be undone and works on the next request.

    Raises: TokenNotFound for an unknown one, somebody else's, and one that is revoked already.
    """
    chosen = ApiToken.objects.select_related("user").filter(pk=token_id, revoked_at=None)
    token = chosen.filter(user=user_id).first() if user_id else chosen.first()
    if token is None or not _revoke([token], actor=actor):
        raise TokenNotFound(token_id)
    return token


@one_transaction()
def revoke_tokens(user_id: UUID, *, actor: Actor) -> int:
    """Revoke all of a person's tokens. Returns how many there were."""
    return _revoke(tokens_of(user_id), actor=actor)


@receiver(credentials_ended)
def end_tokens(user_id: UUID, actor: Actor, **_: Any) -> int:
    """Everything that is open for somebody ends: their tokens, too. Those that had expired are no loss."""
    return _revoke([token for token in tokens_of(user_id) if not token.is_expired], actor=actor)


def tokens_of(user_id: UUID) -> list[ApiToken]:
    """A person's tokens that nobody revoked, the expired ones too; the newest first."""
    return list(ApiToken.objects.select_related("user").filter(user=user_id, revoked_at=None))


def refusal_of(token: ApiToken) -> str | None:
    """Why this token opens nothing any more, for whoever sends it; None while it holds."""
    if token.revoked_at is not None:
        return f"This API token was revoked on {long_moment(token.revoked_at)}. Make another one on your profile page."
    if token.is_expired:
        return f"This API token expired on {long_moment(token.expires_at)}. Make another one on your profile page."
    return None


def refusal_of_person(access: Access) -> str | None:
    """Why no token of this person opens anything now, as a text for them; None when theirs work."""
    if access.blocked_because is not None:
        return blocked_text(access.blocked_because)
    if not access.can_use_api:
        return "API tokens need the permission API, which you do not have now. Ask your administrator."
    return None


def _revoke(tokens: Sequence[ApiToken], *, actor: Actor) -> int:
    now = timezone.now()
    revoked = [token for token in tokens if _end(token, now)]
    record_all(
        [
            entry(
                Event.API_TOKEN_REVOKED,
                actor=actor,
                kind="user",
                object_id=token.user_id,
                label=token.user.label,
                before=_facts(token),
            )
            for token in revoked
        ]
    )
    return len(revoked)


def _end(token: ApiToken, now: datetime) -> bool:
    """Whether it was this call that ended it: of two at once only one is in the audit trail."""
    return ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now) == 1


def _facts(token: ApiToken) -> dict[str, Any]:
    """What the audit trail keeps, as values of the person: they are erased with them."""
    return {
        "token_id": str(token.id),
        "name": token.name,
        "hint": token.hint,
        "expires_at": token.expires_at.isoformat(),
    }
