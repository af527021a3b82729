"""The browser sessions of people: opened, renewed, ended."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import models
from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.directory.access.loaders import access_of
from gatekeeper.directory.access.readiness_texts import blocked_text
from gatekeeper.directory.access.resolver import Blocked
from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.models import Origin, SessionEnd, SignIn, User
from gatekeeper.directory.row_locks import Lock, lock_user
from gatekeeper.directory.sessions.limits import end_overdue
from gatekeeper.errors import SignInRefused
from gatekeeper.events.codes import EventCode
from gatekeeper.events.outbox import emit
from gatekeeper.runtime.statements.fixed_sql import Statement, among, is_true
from gatekeeper.runtime.transactions import one_transaction


@one_transaction()
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
    """Store a session that is opened now; ``browser_session.py`` ties it to the browser.

    ``authenticated_at``: when the person authenticated, where that was before now. ``session_not_on_or_after``: when
    the session has to be over, as the identity provider stated.
    Raises: SignInRefused for somebody who lost their access since it was checked.
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
    """Check access under a lock: a change that takes it away is seen here, or ends the session that is opened."""
    found = lock_user(User.objects.filter(pk=user.pk), Lock.RELY)
    blocked = access_of(found).blocked_because if found else Blocked.DELETED
    if blocked in (Blocked.DELETED, Blocked.DEACTIVATED, Blocked.NO_GROUP_ACCESS):
        raise SignInRefused(blocked.value, blocked_text(blocked), user_id=user.pk)


@one_transaction()
def open_local_sign_in(user: User, *, actor: Actor, proof: str, address: str, user_agent: str) -> SignIn:
    """Store a session of a break-glass account; the audit trail and the operators' log say that it was used.

    ``proof`` says how the person authenticated, such as "password and code".
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
    emit(
        EventCode.BREAK_GLASS_USED,
        actor=actor,
        kind="user",
        object_id=user.id,
        data={"user": {"id": str(user.id)}, "account": user.user_name, "address": address, "proof": proof},
    )
    return sign_in


def break_glass_uses(since: datetime | None = None) -> models.QuerySet[SignIn]:
    """The sign-ins of local administrators from ``since`` on, or all of them; the newest first."""
    uses = SignIn.objects.filter(user__origin=Origin.LOCAL).select_related("user")
    return uses if since is None else uses.filter(since__gte=since)


@one_transaction()
def renew_sign_in(sign_in_id: UUID, *, actor: Actor) -> None:
    """Note that the person of an open session has authenticated again."""
    sign_in = SignIn.objects.live().select_related("user").get(pk=sign_in_id)
    sign_in.authenticated_at = timezone.now()
    sign_in.save(update_fields=["authenticated_at"])
    record(Event.SIGN_IN_RENEWED, actor=actor, kind="user", object_id=sign_in.user_id, label=sign_in.user.label)


_ANY_OPEN = "SELECT EXISTS (SELECT 1 FROM directory_signin WHERE user_id {} AND until IS NULL)"
_AMONG = among("%(users)s")
_IS_ANY_OPEN = Statement(_ANY_OPEN.format(_AMONG.postgresql), _ANY_OPEN.format(_AMONG.sqlite))


def end_sign_ins(
    user_ids: Collection[UUID],
    *,
    actor: Actor,
    because: SessionEnd,
    now: datetime | None = None,
    keep: UUID | None = None,
) -> int:
    """End every session of these people, except the one to ``keep``; returns how many there were.

    One statement, and where sessions are open two more and an audit entry. The people are locked by the caller, so
    none is opened meanwhile.
    """
    if not is_true(_IS_ANY_OPEN, {"users": list(user_ids)}):
        return 0
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
            after={"sessions": ended, "users": len(user_ids), "because": because.value},
        )
    return ended


@one_transaction()
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


@one_transaction()
def end_sign_ins_matching(provider_id: UUID, name_id: str, session_index: str, *, actor: Actor) -> int:
    """End the sessions of one provider, NameID and SessionIndex: all that a LogoutRequest may do. Returns how many."""
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
