"""The services that create, change and delete people. Every endpoint calls them; nobody else writes a user row."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import Document, record
from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.changes import UserRecord, difference
from gatekeeper.directory.deprovisioning_limits.limits import apply_deprovisioning_limits
from gatekeeper.directory.deprovisioning_limits.privilege_gains import record_gains_of_activated
from gatekeeper.directory.field_values import require_valid_user
from gatekeeper.directory.lockout_protection import protected_from_lockout
from gatekeeper.directory.models import (
    ActivePeriod,
    EndedBecause,
    IdpGroup,
    Membership,
    SessionEnd,
    SignInIdentity,
    User,
)
from gatekeeper.directory.outbox_events import user_event, user_provisioned, user_reactivated
from gatekeeper.directory.people.user_rows import (
    end_active_period,
    folded,
    insert_user,
    insert_users,
    new_user,
    update_user,
)
from gatekeeper.directory.row_locks import Lock, lock_provisioned_user, lock_user_of_name, locked
from gatekeeper.directory.sessions.open_sessions import end_sign_ins
from gatekeeper.errors import UserNameTaken, UserNotFound, VersionMismatch
from gatekeeper.events.codes import EventCode
from gatekeeper.events.outbox import emit_all
from gatekeeper.runtime.statements.stored_rows import insert_later
from gatekeeper.runtime.transactions import one_transaction

UserEdit = Callable[[UserRecord], UserRecord]
VersionCheck = Callable[[int], bool]


@dataclass(frozen=True, slots=True)
class Provisioned:
    """What ``provision_user`` did: the user; their record before, if revived; who was ended to free the name."""

    user: User
    former: UserRecord | None = None
    replaced: User | None = None


def create_user(wanted: UserRecord, *, actor: Actor) -> User:
    """The user that ``provision_user`` makes or revives."""
    return provision_user(wanted, actor=actor).user


@one_transaction()
def provision_user(wanted: UserRecord, *, actor: Actor) -> Provisioned:
    """Add a person from the identity provider, or revive the inactive one of that userName.

    A revived one keeps its id, memberships and link: Okta assigns somebody again by a POST. Where both state an
    externalId and it differs, it is another person who was given the name: the former one ends as by ``delete_user``,
    and the new one inherits nothing.
    Raises: UserNameTaken when an active person has the name; InvalidValue.
    """
    require_valid_user(wanted)
    user = new_user(wanted, timezone.now())
    if insert_user(user, wanted, actor=actor):
        return Provisioned(user)
    twin = lock_user_of_name(fold(wanted.user_name), Lock.END)
    if twin is None or twin.active:  # None: who had the name was deleted at this moment; the client repeats it
        raise UserNameTaken(wanted.user_name)
    if not _is_another_person(twin, wanted):
        former = twin.record()
        revived = _revive(twin, wanted, actor=actor)
        record_gains_of_activated([twin.pk], actor=actor)
        return Provisioned(revived, former=former)
    now = timezone.now()
    user = new_user(wanted, now)
    _end(twin, now, actor=actor, because={"next_user_of_the_name": str(user.pk)})
    if not insert_user(user, wanted, actor=actor, instead_of=twin):
        raise UserNameTaken(wanted.user_name)
    return Provisioned(user, replaced=twin)


def _is_another_person(twin: User, wanted: UserRecord) -> bool:
    return bool(twin.external_id and wanted.external_id and twin.external_id != wanted.external_id)


@one_transaction()
def create_users(wanted: Sequence[UserRecord], *, actor: Actor) -> list[User]:
    """Add many new people at once, all or none; nobody is revived. Returns them in the order of ``wanted``.

    Cost:   the number of statements grows with the hundreds of people only.
    Raises: UserNameTaken when a name is in use, also by somebody inactive, or is twice in ``wanted``; InvalidValue.
    """
    names = [fold(each.user_name) for each in wanted]
    for each, times in zip(wanted, map(Counter(names).__getitem__, names), strict=True):
        require_valid_user(each)
        if times > 1:
            raise UserNameTaken(each.user_name)
    taken = User.objects.provisioned().filter(user_name_folded__in=names).first()
    if taken is not None:
        raise UserNameTaken(taken.user_name)
    now = timezone.now()
    users = [new_user(each, now) for each in wanted]
    insert_users(users, wanted, actor=actor)
    return users


@one_transaction()
def edit_user(user_id: UUID, edit: UserEdit, *, actor: Actor, expect: VersionCheck | None = None) -> tuple[User, bool]:
    """Change a person by a pure function from the present record to the wanted one, under a lock.

    Returns: the user, and whether anything changed (if not, nothing is written and the version stays).
    Raises:  UserNotFound; VersionMismatch when ``expect`` refuses the version; UserNameTaken; InvalidValue;
             NobodyCouldConfigure; HeldForApproval (PrivilegeHeld); whatever ``edit`` raises.
    Spec:    RFC 7644 §3.5.1, §3.5.2: both PUT and PATCH are such a function.
    """
    user = _lock_provisioned(user_id, expect, Lock.CHANGE)
    current = user.record()
    wanted = edit(current)
    if wanted == current:
        return user, False
    require_valid_user(wanted)
    activated = [user.pk] if wanted.active and not current.active else []
    with protected_from_lockout() if _shuts_out(current, wanted) else nullcontext():
        _carry_out(user, current, wanted, actor=actor)
        record_gains_of_activated(activated, actor=actor)
    return user, True


@one_transaction()
def delete_user(user_id: UUID, *, actor: Actor, expect: VersionCheck | None = None) -> User:
    """End a person: memberships, link and sessions end now, the name is free, the record stays for the auditor.

    Raises: UserNotFound; VersionMismatch; NobodyCouldConfigure.
    """
    user = _lock_provisioned(user_id, expect, Lock.END)
    with protected_from_lockout():
        _end(user, timezone.now(), actor=actor)
        apply_deprovisioning_limits(actor=actor)
    return user


def _carry_out(user: User, current: UserRecord, wanted: UserRecord, *, actor: Actor) -> None:
    """Write the wanted record, and end what the change takes away at once (docs/rules.md#6)."""
    now = timezone.now()
    update_user(user, wanted, now)
    record(
        _event(current, wanted),
        actor=actor,
        kind="user",
        object_id=user.id,
        label=user.label,
        **difference(current, wanted),
    )
    if current.active != wanted.active:
        _change_activity(user, now, actor=actor)
    if user.work_email_folded != folded(current.work_email):
        # The former address no longer signs anybody in, and the open sessions were opened with it.
        end_sign_ins([user.id], actor=actor, because=SessionEnd.LOST_ACCESS, now=now)


def _end(user: User, now: datetime, *, actor: Actor, because: Document | None = None) -> None:
    _leave_groups(user, now)
    user.deleted_at = user.updated_at = now
    user.version += 1
    user.save(update_fields=["deleted_at", "updated_at", "version"])
    end_active_period(user, now)
    SignInIdentity.objects.filter(user=user).end(now)
    end_sign_ins([user.id], actor=actor, because=SessionEnd.LOST_ACCESS, now=now)
    record(Event.USER_DELETED, actor=actor, kind="user", object_id=user.id, label=user.label, after=because)
    emit_all([user_event(EventCode.USER_DELETED, user, actor=actor)])


def _leave_groups(user: User, now: datetime) -> None:
    """End the memberships of a user. The groups' documents change by it, so their versions do (RFC 7644 §3.14)."""
    own = Membership.objects.live().filter(user=user)
    groups = locked(IdpGroup.objects.filter(Exists(own.filter(group=OuterRef("pk")))).only("pk"), Lock.CHANGE)
    if groups:
        own.end(now, ended_because=EndedBecause.USER_DELETED)
        changed = IdpGroup.objects.filter(pk__in=[group.pk for group in groups])
        changed.update(version=F("version") + 1, updated_at=now)


def _revive(user: User, wanted: UserRecord, *, actor: Actor) -> User:
    current = user.record()
    now = timezone.now()
    update_user(user, wanted, now)
    if wanted.active:
        ActivePeriod.objects.create(user=user, since=now)
    record(
        Event.USER_REVIVED, actor=actor, kind="user", object_id=user.id, label=user.label, **difference(current, wanted)
    )
    emit_all([user_provisioned(user, actor=actor, revived=True)])
    return user


def _change_activity(user: User, now: datetime, *, actor: Actor) -> None:
    """Begin or end the active period. Memberships and link are kept meanwhile: Entra does not send them again."""
    if user.active:
        insert_later([ActivePeriod(user=user, since=now)])
        emit_all([user_reactivated(user, actor=actor)])
        return
    emit_all([user_event(EventCode.USER_DEACTIVATED, user, actor=actor)])
    end_active_period(user, now)
    end_sign_ins([user.id], actor=actor, because=SessionEnd.LOST_ACCESS, now=now)
    apply_deprovisioning_limits(actor=actor)


def _lock_provisioned(user_id: UUID, expect: VersionCheck | None, lock: Lock) -> User:
    user = lock_provisioned_user(user_id, lock)
    if user is None:
        raise UserNotFound(user_id)
    if expect is not None and not expect(user.version):
        raise VersionMismatch
    return user


def _shuts_out(current: UserRecord, wanted: UserRecord) -> bool:
    """Whether a change may prevent sign-in: by deactivation, or by a work e-mail that no sync has linked yet."""
    return current.active and (not wanted.active or folded(current.work_email) != folded(wanted.work_email))


def _event(current: UserRecord, wanted: UserRecord) -> Event:
    if current.active == wanted.active:
        return Event.USER_CHANGED
    return Event.USER_REACTIVATED if wanted.active else Event.USER_DEACTIVATED
