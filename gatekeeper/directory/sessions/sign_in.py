"""Who may come in, under which name, and the sessions that are open."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.directory.access.loaders import access_of
from gatekeeper.directory.access.resolver import Blocked
from gatekeeper.directory.access.states import words_for
from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.identity_linking.home_realm_discovery import may_name
from gatekeeper.directory.lockout_protection import protected_from_lockout
from gatekeeper.directory.models import IdentityProvider, Origin, SessionEnd, SignIn, SignInIdentity, User
from gatekeeper.directory.row_locks import Lock, lock_user, lock_users
from gatekeeper.directory.sessions.limits import end_overdue
from gatekeeper.errors import IdentityProviderNotFound, InvalidValue, SignInRefused, UserNotFound

SYNC_MINUTE = 45
UNKNOWN_PERSON = "unknown_person"
OTHER_PERSON = "other_person"
OTHER_CONNECTION = "other_connection"
LONGEST_NAME = 200  # characters of a connection's name

log = structlog.get_logger(__name__)


def next_sync(now: datetime) -> datetime:
    """The next time that the SAML user sync runs: minute 45 of this hour or the next one."""
    due = now.replace(minute=SYNC_MINUTE, second=0, microsecond=0)
    return due if due > now else due + timedelta(hours=1)


@transaction.atomic
def add_identity_provider(name: str, *, actor: Actor) -> IdentityProvider:
    """Begin to believe an identity provider. People can use it after the next sync has linked them.

    Raises: InvalidValue for the name.
    """
    name = _read_name(name)
    provider = IdentityProvider.objects.create(name=name)
    record(Event.CONNECTION_CREATED, actor=actor, kind="connection", object_id=provider.id, label=name)
    return provider


@transaction.atomic
def rename_identity_provider(provider_id: UUID, name: str, *, actor: Actor) -> None:
    """Call it otherwise; nothing else changes. Raises: InvalidValue; IdentityProviderNotFound."""
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
        raise InvalidValue("name", f"give the connection a name of at most {LONGEST_NAME} characters.")
    return name


@transaction.atomic
def end_identity_provider(provider_id: UUID, *, actor: Actor) -> None:
    """Stop believing an identity provider: its links and the sessions opened through it end now.

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


@transaction.atomic
def person_who_signs_in(
    provider_id: UUID, name_id: str, object_id: str | None = None, *, persistent_id: str = ""
) -> User:
    """The person whom an identity provider names, if they may come in now. ``name_id`` is compared with work e-mails.

    The first sign-in remembers the immutable ``object_id``, or where none is stated the ``persistent_id``; a later
    one with another id is somebody else who was given a recycled address.
    Raises: SignInRefused; its code is a ``blocked_because`` value, "unknown_person", "other_person" or
    "other_connection": the provider is not one for this e-mail domain, whether or not somebody has the address.
    """
    if not may_name(provider_id, name_id):
        raise SignInRefused(
            OTHER_CONNECTION, "People with this e-mail domain do not sign in here. Go back and choose another way in."
        )
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
    if identity is not None:
        _remember_account(identity, object_id or "", persistent_id)
    return user


def _identity(provider_id: UUID, name_id: str) -> SignInIdentity | None:
    return (
        SignInIdentity.objects.live()
        .select_related("user")
        .filter(provider=provider_id, provider__until=None, name_id_folded=fold(name_id), user__origin=Origin.SCIM)
        .first()
    )


def _person_by_email(name_id: str) -> User | None:
    """Only to tell a person who is not linked (yet) why; nobody comes in by this look-up."""
    found = User.objects.provisioned().filter(work_email_folded=fold(name_id)).order_by("-active", "-created_at")
    return found.first()


def _remember_account(identity: SignInIdentity, object_id: str, persistent_id: str) -> None:
    """Like is compared with like: a connection that stops to state one of the ids does not shut anybody out."""
    field, stated = ("object_id", object_id) if object_id else ("persistent_id", persistent_id)
    if not stated:
        return
    if not getattr(identity, field):
        # Conditional, so that of two first sign-ins at one moment only one is remembered.
        unset = SignInIdentity.objects.filter(Q(**{field: ""}), pk=identity.pk)
        unset.update(**{field: stated, "remembered_at": timezone.now()})
        identity.refresh_from_db(fields=[field])
    if getattr(identity, field) != stated:
        raise SignInRefused(
            OTHER_PERSON,
            "This address belonged to somebody else before. An administrator has to confirm that it is yours now.",
            user_id=identity.user_id,
        )


@transaction.atomic
def keep_statement(user: User, provider_id: UUID, stated: Mapping[str, str], *, actor: Actor) -> None:
    """Keep what the identity provider stated about a person's profile as they signed in, in place of the last time.

    ``stated``: profile field -> value. It is beside what SCIM states and never mixed with it.
    """
    identity = SignInIdentity.objects.live().select_for_update().filter(user=user, provider=provider_id).first()
    if identity is None or identity.stated == stated:
        return
    before, identity.stated = identity.stated, dict(stated)
    identity.save(update_fields=["stated"])
    record(
        Event.IDENTITY_STATED,
        actor=actor,
        kind="user",
        object_id=user.id,
        label=user.label,
        before=before,
        after=stated,
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
    links = SignInIdentity.objects.live().filter(user=user).exclude(object_id="", persistent_id="")
    before = [identity.object_id or identity.persistent_id for identity in links.select_for_update()]
    if not before:
        return
    links.update(object_id="", persistent_id="", remembered_at=None)
    record(
        Event.IDENTITY_CONFIRMED,
        actor=actor,
        kind="user",
        object_id=user.id,
        label=user.label,
        before={"object_ids": before},
    )


@transaction.atomic
def open_sign_in(  # noqa: PLR0913 - each is a column
    user: User,
    *,
    actor: Actor,
    provider_id: UUID | None = None,
    name_id: str = "",
    session_index: str = "",
    address: str = "",
    user_agent: str = "",
    authenticated_at: datetime | None = None,
    session_not_on_or_after: datetime | None = None,
) -> SignIn:
    """Note that a session was opened; ``browser_session`` ties it to the browser.

    ``authenticated_at``: when the person proved who they are, where that was before now. ``session_not_on_or_after``:
    when the session has to be over, as the identity provider stated.
    Raises: SignInRefused for somebody who lost their access since they were let in, a moment ago.
    """
    _require_access(user)
    sign_in = SignIn.objects.create(
        user=user,
        provider_id=provider_id,
        name_id=name_id,
        session_index=session_index[:300],
        address=address[:45],
        user_agent=user_agent[:300],
        authenticated_at=authenticated_at,
        session_not_on_or_after=session_not_on_or_after,
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


def _require_access(user: User) -> None:
    """Under a lock: whatever takes access away has either happened, or ends the session that is opened now."""
    found = lock_user(User.objects.filter(pk=user.pk), Lock.RELY)
    blocked = access_of(found).blocked_because if found else Blocked.DELETED
    if blocked in (Blocked.DELETED, Blocked.DEACTIVATED, Blocked.NO_GROUP_ACCESS):
        raise SignInRefused(blocked.value, words_for(blocked), user_id=user.pk)


@transaction.atomic
def open_local_sign_in(user: User, *, actor: Actor, proof: str, address: str, user_agent: str) -> SignIn:
    """The same for a break-glass account, whose every use is told to the other administrators and the operator.

    ``proof`` says what they came in with, such as "password and code".
    """
    sign_in = open_sign_in(user, actor=actor, address=address, user_agent=user_agent)
    record(
        Event.BREAK_GLASS_USED,
        actor=actor,
        kind="user",
        object_id=user.id,
        label=user.label,
        after={"address": address, "with": proof},
    )
    log.warning("break_glass_used", account=user.user_name, address=address, proof=proof)
    return sign_in


def break_glass_uses(since: datetime | None = None) -> models.QuerySet[SignIn]:
    """The sign-ins of local administrators from ``since`` on, or all of them; the newest first."""
    uses = SignIn.objects.filter(user__origin=Origin.LOCAL).select_related("user")
    return uses if since is None else uses.filter(since__gte=since)


@transaction.atomic
def renew_sign_in(sign_in_id: UUID, *, actor: Actor) -> None:
    """Note that the person of an open session has just proven anew who they are."""
    sign_in = SignIn.objects.live().select_related("user").get(pk=sign_in_id)
    sign_in.authenticated_at = timezone.now()
    sign_in.save(update_fields=["authenticated_at"])
    record(Event.SIGN_IN_RENEWED, actor=actor, kind="user", object_id=sign_in.user_id, label=sign_in.user.label)


def end_sign_ins(
    user_ids: Collection[UUID],
    *,
    actor: Actor,
    because: SessionEnd,
    now: datetime | None = None,
    keep: UUID | None = None,
) -> int:
    """End every session of these people, except the one to ``keep``; returns how many there were.

    Two statements, and an audit entry when there were any.
    """
    now = now or timezone.now()
    theirs = SignIn.objects.filter(user__in=user_ids)
    theirs = theirs.exclude(pk=keep) if keep else theirs
    end_overdue(theirs, now)
    ended = theirs.end(now, ended_because=because)
    if ended:
        record(
            Event.SIGN_INS_ENDED,
            actor=actor,
            kind="user",
            object_id=next(iter(user_ids)) if len(user_ids) == 1 else "",
            label=_counted(ended, "session") + " of " + _counted(len(user_ids), "user"),
            after={"sessions": ended, "because": because.value},
        )
    return ended


@transaction.atomic
def end_sign_in(sign_in_id: UUID, *, actor: Actor, because: SessionEnd) -> bool:
    """End one session; False when it had ended before."""
    now = timezone.now()
    end_overdue(SignIn.objects.filter(pk=sign_in_id), now)
    sign_in = SignIn.objects.live().select_related("user").filter(pk=sign_in_id).first()
    if sign_in is None:
        return False
    SignIn.objects.filter(pk=sign_in_id).end(now, ended_because=because)
    record(
        Event.SIGN_INS_ENDED,
        actor=actor,
        kind="user",
        object_id=sign_in.user_id,
        label=sign_in.user.label,
        after={"sessions": 1, "because": because.value},
    )
    return True


@transaction.atomic
def end_sign_ins_matching(provider_id: UUID, name_id: str, session_index: str, *, actor: Actor) -> int:
    """What a LogoutRequest may do: end the sessions of that provider, NameID and SessionIndex, and nothing else."""
    matching = SignIn.objects.open().filter(provider=provider_id, session_index=session_index)
    ids = [sign_in.id for sign_in in matching if fold(sign_in.name_id) == fold(name_id)]
    ended = SignIn.objects.filter(pk__in=ids).end(timezone.now(), ended_because=SessionEnd.IDP_COMMAND)
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
