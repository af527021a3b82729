"""Who may come in, under which name, and the sessions that are open."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.directory.access import Blocked
from gatekeeper.directory.folding import fold
from gatekeeper.directory.guards import keeping_a_configurator
from gatekeeper.directory.models import IdentityProvider, SignIn, SignInIdentity, User
from gatekeeper.directory.queries import access_of
from gatekeeper.errors import IdentityProviderNotFound, SignInRefused, UserNotFound

SYNC_MINUTE = 45
UNKNOWN_PERSON = "unknown_person"
OTHER_PERSON = "other_person"

_WORDS = {
    Blocked.DELETED: "Your account was removed. Ask your administrator if you should still have access.",
    Blocked.DEACTIVATED: "Your account is deactivated. Ask your administrator to assign you again.",
    Blocked.NO_GROUP_ACCESS: "You are in no group that gives access. Ask your administrator to add you to one.",
    Blocked.NO_SAML_CONNECTION: "Single sign-on is not set up yet. Ask your administrator.",
    Blocked.IDENTITY_CONFLICT: "Two accounts have your work e-mail address. Ask your administrator to mend it.",
    Blocked.AWAITING_SAML_SYNC: "Your account is ready, but the next sign-in sync has not run yet.",
}


def words_for(blocked: Blocked) -> str:
    """What the person who cannot sign in is told."""
    return _WORDS[blocked]


def next_sync(now: datetime) -> datetime:
    """The next time that the SAML user sync runs: minute 45 of this hour or the next one."""
    due = now.replace(minute=SYNC_MINUTE, second=0, microsecond=0)
    return due if due > now else due + timedelta(hours=1)


@transaction.atomic
def add_identity_provider(name: str, *, actor: Actor) -> IdentityProvider:
    """Begin to believe an identity provider. People can use it after the next sync has linked them."""
    provider = IdentityProvider.objects.create(name=name)
    record(Event.CONNECTION_CREATED, actor=actor, kind="connection", object_id=provider.id, label=name)
    return provider


@transaction.atomic
def end_identity_provider(provider_id: UUID, *, actor: Actor) -> None:
    """Stop believing an identity provider: its links and the sessions opened through it end now.

    Raises: IdentityProviderNotFound; NobodyCouldConfigure.
    """
    provider = IdentityProvider.objects.live().select_for_update().filter(pk=provider_id).first()
    if provider is None:
        raise IdentityProviderNotFound(provider_id)
    now = timezone.now()
    with keeping_a_configurator():
        provider.until = now
        provider.save(update_fields=["until"])
        SignInIdentity.objects.filter(provider=provider).end(now)
        SignIn.objects.filter(provider=provider).end(now)
    record(Event.CONNECTION_DELETED, actor=actor, kind="connection", object_id=provider.id, label=provider.name)


@transaction.atomic
def person_who_signs_in(provider_id: UUID, name_id: str, object_id: str | None) -> User:
    """The person whom an identity provider names, if they may come in now.

    The first sign-in remembers the immutable ``object_id``; a later one with another id is somebody else who was
    given a recycled address.
    Raises: SignInRefused; its code is a ``blocked_because`` value, "unknown_person" or "other_person".
    """
    identity = _identity(provider_id, name_id)
    user = identity.user if identity else _person_by_email(name_id)
    if user is None:
        raise SignInRefused(UNKNOWN_PERSON, "Nobody with this sign-in name is known here. Ask your administrator.")
    blocked = access_of(user).blocked_because
    if blocked is None and (identity is None or user.work_email_folded != fold(name_id)):
        # Linked at another connection, or under another address: this name has to wait for the sync.
        blocked = Blocked.AWAITING_SAML_SYNC
    if blocked is not None:
        raise SignInRefused(blocked.value, words_for(blocked), user_id=user.id)
    if identity is not None and object_id:
        _remember_object_id(identity, object_id)
    return user


def _identity(provider_id: UUID, name_id: str) -> SignInIdentity | None:
    return (
        SignInIdentity.objects.live()
        .select_related("user")
        .filter(provider=provider_id, provider__until=None, name_id_folded=fold(name_id))
        .first()
    )


def _person_by_email(name_id: str) -> User | None:
    """Only to tell a person who is not linked (yet) why; nobody comes in by this look-up."""
    found = User.objects.provisioned().filter(work_email_folded=fold(name_id)).order_by("-active", "-created_at")
    return found.first()


def _remember_object_id(identity: SignInIdentity, object_id: str) -> None:
    if not identity.object_id:
        # Conditional, so that of two first sign-ins at one moment only one is remembered.
        SignInIdentity.objects.filter(pk=identity.pk, object_id="").update(object_id=object_id)
        identity.refresh_from_db(fields=["object_id"])
    if identity.object_id != object_id:
        raise SignInRefused(
            OTHER_PERSON,
            "This address belonged to somebody else before. An administrator has to confirm that it is yours now.",
            user_id=identity.user_id,
        )


@transaction.atomic
def confirm_recycled_address(user_id: UUID, *, actor: Actor) -> None:
    """An administrator confirms that an address belongs to this person now, whoever had it before.

    The account ids that were remembered are forgotten, and the next sign-in's is remembered instead.
    Raises: UserNotFound.
    """
    user = User.objects.provisioned().filter(pk=user_id).first()
    if user is None:
        raise UserNotFound(user_id)
    remembered = SignInIdentity.objects.live().filter(user=user).exclude(object_id="").select_for_update()
    before = [identity.object_id for identity in remembered]
    if not before:
        return
    remembered.update(object_id="")
    record(
        Event.IDENTITY_CONFIRMED,
        actor=actor,
        kind="user",
        object_id=user.id,
        label=user.label,
        before={"object_ids": before},
    )


@transaction.atomic
def open_sign_in(
    user: User,
    *,
    actor: Actor,
    provider_id: UUID | None = None,
    name_id: str = "",
    session_index: str = "",
    address: str = "",
    user_agent: str = "",
) -> SignIn:
    """Note that a session was opened; ``browser_session`` ties it to the browser."""
    sign_in = SignIn.objects.create(
        user=user,
        provider_id=provider_id,
        name_id=name_id,
        session_index=session_index[:300],
        address=address[:45],
        user_agent=user_agent[:300],
    )
    record(
        Event.SIGN_IN_ACCEPTED,
        actor=actor,
        kind="user",
        object_id=user.id,
        label=user.label,
        after={"connection": str(provider_id or "local password"), "address": address},
    )
    return sign_in


def end_sign_ins(user_ids: Collection[UUID], *, actor: Actor, now: datetime | None = None) -> int:
    """End every session of these people; returns how many there were. One statement, and an entry when it hit any."""
    ended = SignIn.objects.filter(user__in=user_ids).end(now or timezone.now())
    if ended:
        record(
            Event.SIGN_INS_ENDED,
            actor=actor,
            kind="user",
            object_id=next(iter(user_ids)) if len(user_ids) == 1 else "",
            label=_counted(ended, "session") + " of " + _counted(len(user_ids), "user"),
            after={"sessions": ended},
        )
    return ended


@transaction.atomic
def end_sign_in(sign_in_id: UUID, *, actor: Actor) -> bool:
    """End one session; False when it had ended before."""
    sign_in = SignIn.objects.live().select_related("user").filter(pk=sign_in_id).first()
    if sign_in is None:
        return False
    SignIn.objects.filter(pk=sign_in_id).end(timezone.now())
    record(
        Event.SIGN_INS_ENDED,
        actor=actor,
        kind="user",
        object_id=sign_in.user_id,
        label=sign_in.user.label,
        after={"sessions": 1},
    )
    return True


@transaction.atomic
def end_sign_ins_matching(provider_id: UUID, name_id: str, session_index: str, *, actor: Actor) -> int:
    """What a LogoutRequest may do: end the sessions of that provider, NameID and SessionIndex, and nothing else."""
    matching = SignIn.objects.live().filter(provider=provider_id, session_index=session_index)
    ids = [sign_in.id for sign_in in matching if fold(sign_in.name_id) == fold(name_id)]
    ended = SignIn.objects.filter(pk__in=ids).end(timezone.now())
    if ended:
        record(
            Event.SIGN_INS_ENDED,
            actor=actor,
            kind="connection",
            object_id=provider_id,
            label=f"{_counted(ended, 'session')} ended by the identity provider",
            after={"sessions": ended, "name_id": name_id},
        )
    return ended


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
