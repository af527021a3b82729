"""OAuth clients of the token endpoint: made, listed, given further secrets, revoked.

A client proves who it is by a secret (RFC 6749 §2.3.1) or by tokens of an issuer that is named for it (RFC 7523 §2.2).
Secrets are shown once and stored as digests, and each of them ends.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.errors import DomainError, InvalidValue, NotFound
from gatekeeper.runtime.transactions import one_transaction
from gatekeeper.secrets.bearer_keys import KeyKind, digest
from scim.credentials.api_keys import REVOKE_PHRASE, RevokeNotConfirmed
from scim.credentials.federation_settings import Federation, checked
from scim.models import ClientSecret, OAuthClient

SECRETS = KeyKind("gks_")
NAME_LIMIT = 100  # characters, as the column holds them
DEFAULT_LIFETIME = timedelta(days=365)
SHORTEST_LIFETIME, LONGEST_LIFETIME = timedelta(days=1), timedelta(days=3 * 365 + 1)
_WHILE_TYPED = timedelta(minutes=10)  # "in exactly a day" is less than a day when it arrives here


class ClientNotFound(NotFound):
    code = "oauth_client_not_found"
    sentence = _("There is no active OAuth client %(client)s.")

    def __init__(self, client_id: object) -> None:
        super().__init__(client=client_id)


class SecretNotFound(NotFound):
    code = "client_secret_not_found"
    sentence = _("This OAuth client has no active secret %(secret)s.")

    def __init__(self, secret_id: object) -> None:
        super().__init__(secret=secret_id)


class ClientIsFederated(DomainError):
    code = "oauth_client_is_federated"
    sentence = _("%(name)s uses workload identity federation, so it has no secrets; nothing has to be rotated here.")

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A stored secret and its text, which is shown this one time and can't be found out again."""

    secret: ClientSecret
    text: str


@one_transaction()
def create_client_with_secret(
    name: str, *, actor: Actor, expires_at: datetime | None = None
) -> tuple[OAuthClient, NewSecret]:
    """Make a client with its first secret, which ends after a year unless ``expires_at`` says otherwise.

    Raises: InvalidValue for a name, or an end that is not between one day and three years from now.
    """
    client = OAuthClient.objects.create(name=_checked_name(name))
    made = _new_secret(client, expires_at)
    facts = {**client_facts(client), "secret": _secret_facts(made.secret)}
    _record(Event.OAUTH_CLIENT_CREATED, client, actor=actor, after=facts)
    return client, made


@one_transaction()
def create_federated_client(name: str, federation: Federation, *, actor: Actor) -> OAuthClient:
    """Make a client that an issuer's tokens stand for. Raises: InvalidValue naming what cannot be used."""
    client = OAuthClient.objects.create(name=_checked_name(name), **asdict(checked(federation)))
    _record(Event.OAUTH_CLIENT_CREATED, client, actor=actor, after=client_facts(client))
    return client


def list_clients(*, with_revoked: bool = True) -> list[OAuthClient]:
    """The clients, the newest first, with their ``secrets``. Two queries."""
    clients = OAuthClient.objects.prefetch_related("secrets")
    return list(clients if with_revoked else clients.filter(revoked_at=None))


@one_transaction()
def rotate_secret(client_id: UUID, *, actor: Actor, expires_at: datetime | None = None) -> NewSecret:
    """Give a client one more secret; the others go on until they end or are revoked.

    Raises: ClientNotFound; ClientIsFederated; InvalidValue for the end.
    """
    client = _locked(client_id)
    if client.is_federated:
        raise ClientIsFederated(client.name)
    made = _new_secret(client, expires_at)
    _record(Event.CLIENT_SECRET_ADDED, client, actor=actor, after={"secret": _secret_facts(made.secret)})
    return made


@one_transaction()
def revoke_secret(client_id: UUID, secret_id: UUID, phrase: str, *, actor: Actor) -> ClientSecret:
    """Revoke one secret, and with it each access token that it brought: at once, on every process, for good.

    Raises: RevokeNotConfirmed unless ``phrase`` is exactly "Revoke"; ClientNotFound; SecretNotFound.
    """
    _require(phrase)
    client = _locked(client_id)
    secret = ClientSecret.objects.filter(pk=secret_id, client=client, revoked_at=None).first()
    if secret is None:
        raise SecretNotFound(secret_id)
    secret.revoked_at = timezone.now()
    secret.save(update_fields=["revoked_at"])
    _record(Event.CLIENT_SECRET_REVOKED, client, actor=actor, after={"secret": _secret_facts(secret)})
    return secret


@one_transaction()
def revoke_client(client_id: UUID, phrase: str, *, actor: Actor) -> OAuthClient:
    """Revoke a client with everything that it has: at once, on every process, for good.

    Raises: RevokeNotConfirmed unless ``phrase`` is exactly "Revoke"; ClientNotFound.
    """
    _require(phrase)
    client = _locked(client_id)
    client.revoked_at = timezone.now()
    client.save(update_fields=["revoked_at"])
    client.secrets.filter(revoked_at=None).update(revoked_at=client.revoked_at)
    _record(Event.OAUTH_CLIENT_REVOKED, client, actor=actor, after=client_facts(client))
    return client


def client_facts(client: OAuthClient) -> dict[str, Any]:
    """For the audit trail."""
    parts = {name: getattr(client, name) for name in Federation.__slots__} if client.is_federated else None
    return {
        "name": client.name,
        "federation": parts,
        "revoked_at": client.revoked_at.isoformat() if client.revoked_at else None,
    }


def _secret_facts(secret: ClientSecret) -> dict[str, Any]:
    return {
        "id": str(secret.id),
        "hint": secret.hint,
        "expires_at": secret.expires_at.isoformat(),
        "revoked_at": secret.revoked_at.isoformat() if secret.revoked_at else None,
    }


def _new_secret(client: OAuthClient, expires_at: datetime | None) -> NewSecret:
    now = timezone.now()
    ends = expires_at or now + DEFAULT_LIFETIME
    if not now + SHORTEST_LIFETIME - _WHILE_TYPED <= ends <= now + LONGEST_LIFETIME + _WHILE_TYPED:
        raise InvalidValue("expires", _("a client secret lasts from one day to three years."))
    text = SECRETS.new()
    secret = ClientSecret.objects.create(
        client=client, digest=digest(text), hint=SECRETS.hint(text), created_at=now, expires_at=ends
    )
    return NewSecret(secret, text)


def _checked_name(name: str) -> str:
    name = name.strip()
    if not name:
        raise InvalidValue("name", _("say which client it is."))
    if len(name) > NAME_LIMIT:
        raise InvalidValue("name", _("at most %(limit)s characters are possible."), limit=NAME_LIMIT)
    if not name.isprintable():
        raise InvalidValue("name", _("it has characters that cannot be shown."))
    return name


def _locked(client_id: UUID) -> OAuthClient:
    client = OAuthClient.objects.select_for_update().filter(pk=client_id, revoked_at=None).first()
    if client is None:
        raise ClientNotFound(client_id)
    return client


def _require(phrase: str) -> None:
    if phrase != REVOKE_PHRASE:
        raise RevokeNotConfirmed


def _record(event: Event, client: OAuthClient, *, actor: Actor, after: dict[str, Any]) -> None:
    record(event, actor=actor, kind="oauth_client", object_id=client.id, label=client.name, after=after)
