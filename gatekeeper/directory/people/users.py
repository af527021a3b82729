"""What may be done to a person. Every door calls these verbs; nobody else writes a user row."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import Document, entry, record, record_all
from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.access.past import remember_name
from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.changes import UserRecord, as_document, difference
from gatekeeper.directory.deprovisioning_limits.limits import apply_deprovisioning_limits
from gatekeeper.directory.deprovisioning_limits.privilege_gains import (
    record_gains_of_new_users,
    watching_privilege_gains,
)
from gatekeeper.directory.local_accounts.passwords import ONE_TIME_FOR, require_good_password
from gatekeeper.directory.lockout_protection import protected_from_lockout
from gatekeeper.directory.models import (
    ActivePeriod,
    EndedBecause,
    IdpGroup,
    Membership,
    OneTimePassword,
    Origin,
    SessionEnd,
    SignInIdentity,
    User,
)
from gatekeeper.directory.row_locks import Lock, lock_user, locked
from gatekeeper.directory.sessions.sign_in import end_sign_ins
from gatekeeper.errors import AdministratorExists, InvalidValue, UserNameTaken, UserNotFound, VersionMismatch

UserEdit = Callable[[UserRecord], UserRecord]
VersionCheck = Callable[[int], bool]

BATCH = 500  # rows in one statement
NAME_LIMIT = 512  # characters, as the columns hold them


@dataclass(frozen=True, slots=True)
class Provisioned:
    """What came of it: the user, what was known of them if they were revived, and who ended for the name."""

    user: User
    former: UserRecord | None = None
    replaced: User | None = None


def create_user(wanted: UserRecord, *, actor: Actor) -> User:
    """The user that ``provision_user`` makes or revives."""
    return provision_user(wanted, actor=actor).user


@transaction.atomic
def provision_user(wanted: UserRecord, *, actor: Actor) -> Provisioned:
    """Add a person from the identity provider, or revive the inactive one of that userName.

    A revived one keeps its id, memberships and link: Okta assigns somebody again by a POST. Where both state an
    externalId and it differs, it is another person who was given the name: the former one ends as by ``delete_user``,
    and the new one inherits nothing.
    Raises: UserNameTaken when an active person has the name; InvalidValue.
    """
    _validate(wanted)
    twin = lock_user(User.objects.provisioned().filter(user_name_folded=fold(wanted.user_name)), Lock.END)
    if twin is None:
        return Provisioned(_insert(_new_user(wanted, timezone.now()), wanted, actor=actor))
    if twin.active:
        raise UserNameTaken(wanted.user_name)
    if not _is_another_person(twin, wanted):
        former = twin.record()
        with watching_privilege_gains([twin.pk], actor=actor):
            return Provisioned(_revive(twin, wanted, actor=actor), former=former)
    now = timezone.now()
    user = _new_user(wanted, now)
    _end(twin, now, actor=actor, because={"next_user_of_the_name": str(user.pk)})
    return Provisioned(_insert(user, wanted, actor=actor, instead_of=twin), replaced=twin)


def _is_another_person(twin: User, wanted: UserRecord) -> bool:
    return bool(twin.external_id and wanted.external_id and twin.external_id != wanted.external_id)


@transaction.atomic
def create_users(wanted: Sequence[UserRecord], *, actor: Actor) -> list[User]:
    """Add many new people at once, all or none; nobody is revived. Returns them in the order of ``wanted``.

    Cost:   the number of statements grows with the hundreds of people only.
    Raises: UserNameTaken when a name is in use, also by somebody inactive, or is twice in ``wanted``; InvalidValue.
    """
    names = [fold(each.user_name) for each in wanted]
    for each, times in zip(wanted, map(Counter(names).__getitem__, names), strict=True):
        _validate(each)
        if times > 1:
            raise UserNameTaken(each.user_name)
    taken = User.objects.provisioned().filter(user_name_folded__in=names).first()
    if taken is not None:
        raise UserNameTaken(taken.user_name)
    now = timezone.now()
    users = [_new_user(each, now) for each in wanted]
    try:
        with transaction.atomic():
            User.objects.bulk_create(users, batch_size=BATCH)
    except IntegrityError:
        raise UserNameTaken(wanted[0].user_name) from None
    ActivePeriod.objects.bulk_create(
        [ActivePeriod(user=user, since=now) for user in users if user.active], batch_size=BATCH
    )
    record_all([_created(user, each, actor) for user, each in zip(users, wanted, strict=True)])
    record_gains_of_new_users(users, actor=actor)
    return users


@transaction.atomic
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
    _validate(wanted)
    activated = [user.pk] if wanted.active and not current.active else []
    guard = protected_from_lockout() if _shuts_out(current, wanted) else nullcontext()
    with guard, watching_privilege_gains(activated, actor=actor):
        _carry_out(user, current, wanted, actor=actor)
    return user, True


@transaction.atomic
def delete_user(user_id: UUID, *, actor: Actor, expect: VersionCheck | None = None) -> User:
    """End a person: memberships, link and sessions end now, the name is free, the record stays for the auditor.

    Raises: UserNotFound; VersionMismatch; NobodyCouldConfigure.
    """
    user = _lock_provisioned(user_id, expect, Lock.END)
    with protected_from_lockout():
        _end(user, timezone.now(), actor=actor)
        apply_deprovisioning_limits(actor=actor)
    return user


@transaction.atomic
def create_local_administrator(email: str, password: str, *, actor: Actor, one_time: bool = False) -> User:
    """Add a break-glass administrator who signs in with a password.

    ``one_time``: the password works for a while, and only to choose another one at the first sign-in.
    Raises: InvalidValue for an address or password that will not do; AdministratorExists.
    """
    _validate_email(email)
    require_storable("password", password, limit=1000)
    require_good_password(password, email=email)
    now = timezone.now()
    user = User(origin=Origin.LOCAL, password=make_password(password), created_at=now)
    try:
        with transaction.atomic():
            _save_names(user, UserRecord(user_name=email, work_email=email), now)
            user.save(force_insert=True)
    except IntegrityError:
        raise AdministratorExists(email) from None
    ActivePeriod.objects.create(user=user, since=now)
    if one_time:
        OneTimePassword.objects.create(user=user, expires_at=now + ONE_TIME_FOR)
    record(Event.ADMINISTRATOR_CREATED, actor=actor, kind="user", object_id=user.id, label=user.label)
    return user


@transaction.atomic
def change_password(user_id: UUID, password: str, *, actor: Actor, keep: UUID | None = None) -> None:
    """Give a local administrator another password; their sessions end, except ``keep``.

    Raises: UserNotFound, InvalidValue.
    """
    require_storable("password", password, limit=1000)
    user = lock_user(User.objects.local().filter(pk=user_id), Lock.CHANGE)
    if user is None:
        raise UserNotFound(user_id)
    require_good_password(password, email=user.user_name)
    user.password = make_password(password)
    user.save(update_fields=["password"])
    OneTimePassword.objects.filter(user=user).delete()
    end_sign_ins([user.id], actor=actor, because=SessionEnd.CREDENTIAL_CHANGED, keep=keep)
    record(Event.PASSWORD_CHANGED, actor=actor, kind="user", object_id=user.id, label=user.label)


def _carry_out(user: User, current: UserRecord, wanted: UserRecord, *, actor: Actor) -> None:
    """Write the wanted record, and end what the change takes away, in this moment (rule 6)."""
    now = timezone.now()
    _write(user, wanted, now)
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
    if user.work_email_folded != _folded(current.work_email):
        # The old name stops at once; live sessions were opened under it.
        end_sign_ins([user.id], actor=actor, because=SessionEnd.LOST_ACCESS, now=now)


def _end(user: User, now: datetime, *, actor: Actor, because: Document | None = None) -> None:
    _leave_groups(user, now)
    user.deleted_at = user.updated_at = now
    user.version += 1
    user.save(update_fields=["deleted_at", "updated_at", "version"])
    ActivePeriod.objects.filter(user=user).end(now)
    SignInIdentity.objects.filter(user=user).end(now)
    end_sign_ins([user.id], actor=actor, because=SessionEnd.LOST_ACCESS, now=now)
    record(Event.USER_DELETED, actor=actor, kind="user", object_id=user.id, label=user.label, after=because)


def _leave_groups(user: User, now: datetime) -> None:
    """The groups are other documents without this member, so their versions are others too (RFC 7644 §3.14)."""
    own = Membership.objects.live().filter(user=user)
    groups = locked(IdpGroup.objects.filter(Exists(own.filter(group=OuterRef("pk")))).only("pk"), Lock.CHANGE)
    if groups:
        own.end(now, ended_because=EndedBecause.USER_DELETED)
        changed = IdpGroup.objects.filter(pk__in=[group.pk for group in groups])
        changed.update(version=F("version") + 1, updated_at=now)


def _insert(user: User, wanted: UserRecord, *, actor: Actor, instead_of: User | None = None) -> User:
    try:
        # A transaction of its own, so that a collision leaves the outer one usable on PostgreSQL.
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError:
        raise UserNameTaken(wanted.user_name) from None
    if user.active:
        ActivePeriod.objects.create(user=user, since=user.created_at)
    record_all([_created(user, wanted, actor, instead_of)])
    record_gains_of_new_users([user], actor=actor)
    return user


def _new_user(wanted: UserRecord, now: datetime) -> User:
    user = User(origin=Origin.SCIM, created_at=now, password=make_password(None))
    _save_names(user, wanted, now)
    return user


def _created(user: User, wanted: UserRecord, actor: Actor, instead_of: User | None = None) -> AuditEntry:
    """``instead_of``: who had the name before and is somebody else."""
    former = {"former_user_of_the_name": str(instead_of.pk)} if instead_of else {}
    after = {**as_document(wanted), **former}
    return entry(Event.USER_CREATED, actor=actor, kind="user", object_id=user.id, label=user.label, after=after)


def _revive(user: User, wanted: UserRecord, *, actor: Actor) -> User:
    current = user.record()
    now = timezone.now()
    _write(user, wanted, now)
    if wanted.active:
        ActivePeriod.objects.create(user=user, since=now)
    record(
        Event.USER_REVIVED, actor=actor, kind="user", object_id=user.id, label=user.label, **difference(current, wanted)
    )
    return user


def _write(user: User, wanted: UserRecord, now: datetime) -> None:
    user.version += 1
    if (user.user_name, user.work_email) != (wanted.user_name, wanted.work_email):
        remember_name(user.id, user.user_name, now, work_email=user.work_email, email_folded=user.work_email_folded)
    _save_names(user, wanted, now)
    try:
        with transaction.atomic():
            user.save(force_update=True)
    except IntegrityError:
        raise UserNameTaken(wanted.user_name) from None


def _save_names(user: User, wanted: UserRecord, now: datetime) -> None:
    user.user_name, user.user_name_folded = wanted.user_name, fold(wanted.user_name)
    user.work_email, user.work_email_folded = wanted.work_email, _folded(wanted.work_email)
    user.external_id = wanted.external_id
    user.display_name = wanted.display_name
    user.active = wanted.active
    user.attributes = dict(wanted.attributes)
    user.updated_at = now


def _change_activity(user: User, now: datetime, *, actor: Actor) -> None:
    """Memberships and link are kept while somebody is inactive: Entra does not send them again."""
    if user.active:
        ActivePeriod.objects.create(user=user, since=now)
        return
    ActivePeriod.objects.filter(user=user).end(now)
    end_sign_ins([user.id], actor=actor, because=SessionEnd.LOST_ACCESS, now=now)
    apply_deprovisioning_limits(actor=actor)


def _lock_provisioned(user_id: UUID, expect: VersionCheck | None, lock: Lock) -> User:
    user = lock_user(User.objects.provisioned().filter(pk=user_id), lock)
    if user is None:
        raise UserNotFound(user_id)
    if expect is not None and not expect(user.version):
        raise VersionMismatch
    return user


def _shuts_out(current: UserRecord, wanted: UserRecord) -> bool:
    """Deactivation, and another work e-mail: the old name stops at once, and whether a sync links the new is open."""
    return current.active and (not wanted.active or _folded(current.work_email) != _folded(wanted.work_email))


def _event(current: UserRecord, wanted: UserRecord) -> Event:
    if current.active == wanted.active:
        return Event.USER_CHANGED
    return Event.USER_REACTIVATED if wanted.active else Event.USER_DEACTIVATED


def _folded(text: str | None) -> str | None:
    return None if text is None else fold(text)


def _validate(wanted: UserRecord) -> None:
    if not wanted.user_name.strip():
        raise InvalidValue("userName", "a value is required.")
    named = {
        "userName": wanted.user_name,
        "externalId": wanted.external_id,
        "displayName": wanted.display_name,
        "emails": wanted.work_email,
    }
    for attribute, text in named.items():
        require_storable(attribute, text)


def require_storable(attribute: str, text: str | None, limit: int = NAME_LIMIT) -> None:
    """Raises InvalidValue for text that a column cannot hold: too long, or with a NUL character."""
    if text is None:
        return
    if len(text) > limit:
        raise InvalidValue(attribute, f"at most {limit} characters are possible.")
    if "\x00" in text:
        raise InvalidValue(attribute, "the NUL character cannot be stored.")


def _validate_email(email: str) -> None:
    try:
        validate_email(email)
    except ValidationError:
        raise InvalidValue("email", f"{email!r} is no e-mail address.") from None
