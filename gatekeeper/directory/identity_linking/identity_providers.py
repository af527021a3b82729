"""The identity providers that the site believes: added, renamed, ended. Their protocol's settings are not kept here."""

from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.directory.lockout_protection import protected_from_lockout
from gatekeeper.directory.models import IdentityProvider, SessionEnd, SignIn, SignInIdentity
from gatekeeper.directory.row_locks import Lock, lock_users
from gatekeeper.directory.sessions.limits import end_overdue
from gatekeeper.errors import IdentityProviderNotFound, InvalidValue
from gatekeeper.runtime.transactions import one_transaction

LONGEST_NAME = 200  # characters of a connection's name


@one_transaction()
def add_identity_provider(name: str, *, actor: Actor, test_only: bool = False) -> IdentityProvider:
    """Trust an identity provider from now on. People can use it after the next sync has linked them.

    ``test_only``: not yet; it can be tried out, and ``trust_identity_provider`` switches it on.
    Raises: InvalidValue for the name.
    """
    name = _read_name(name)
    provider = IdentityProvider.objects.create(name=name, test_only=test_only)
    after = {"test_only": True} if test_only else None
    record(Event.CONNECTION_CREATED, actor=actor, kind="connection", object_id=provider.id, label=name, after=after)
    return provider


@one_transaction()
def trust_identity_provider(provider_id: UUID, *, actor: Actor) -> None:
    """Let people sign in through a provider that was only tried out, once the next sync has linked them.

    One that is trusted already stays as it is. Raises: IdentityProviderNotFound.
    """
    provider = IdentityProvider.objects.live().select_for_update().filter(pk=provider_id).first()
    if provider is None:
        raise IdentityProviderNotFound(provider_id)
    if not provider.test_only:
        return
    provider.test_only, provider.since = False, timezone.now()
    provider.save(update_fields=["test_only", "since"])
    record(Event.CONNECTION_SWITCHED_ON, actor=actor, kind="connection", object_id=provider.id, label=provider.name)


@one_transaction()
def rename_identity_provider(provider_id: UUID, name: str, *, actor: Actor) -> None:
    """Give an identity provider another name. Raises: InvalidValue; IdentityProviderNotFound."""
    name = _read_name(name)
    provider = IdentityProvider.objects.live().select_for_update().filter(pk=provider_id).first()
    if provider is None:
        raise IdentityProviderNotFound(provider_id)
    before = provider.name
    if before == name:
        return
    provider.name = name
    provider.save(update_fields=["name"])
    record(
        Event.CONNECTION_RENAMED,
        actor=actor,
        kind="connection",
        object_id=provider.id,
        label=name,
        before={"name": before},
        after={"name": name},
    )


def _read_name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > LONGEST_NAME:
        raise InvalidValue("name", _("give the connection a name of at most %(limit)s characters."), limit=LONGEST_NAME)
    return name


@one_transaction()
def end_identity_provider(provider_id: UUID, *, actor: Actor) -> None:
    """Stop trusting an identity provider: its links and the sessions opened through it end now.

    Raises: IdentityProviderNotFound; NobodyCouldConfigure.
    """
    provider = IdentityProvider.objects.live().select_for_update().filter(pk=provider_id).first()
    if provider is None:
        raise IdentityProviderNotFound(provider_id)
    now = timezone.now()
    signed_in = SignIn.objects.live().filter(provider=provider)
    lock_users(set(signed_in.values_list("user_id", flat=True)), Lock.CHANGE)
    with protected_from_lockout():
        provider.until = now
        provider.save(update_fields=["until"])
        provider.domains.all().end(now)
        SignInIdentity.objects.filter(provider=provider).end(now)
        end_overdue(SignIn.objects.filter(provider=provider), now)
        SignIn.objects.filter(provider=provider).end(now, ended_because=SessionEnd.LOST_ACCESS)
    record(Event.CONNECTION_DELETED, actor=actor, kind="connection", object_id=provider.id, label=provider.name)
