"""The rows of people: how a user is inserted and updated. Only the services of this package call these functions."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import IntegrityError

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import Subject, entry, record_all, record_many
from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.access.past import remember_name
from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.changes import UserRecord, as_document
from gatekeeper.directory.deprovisioning_limits.privilege_gains import (
    TOP_LEVEL_DEFAULT,
    default_mapping_is_top_level,
    record_gains_of_new_users,
)
from gatekeeper.directory.models import ActivePeriod, Origin, User
from gatekeeper.directory.outbox_events import user_provisioned
from gatekeeper.errors import UserNameTaken
from gatekeeper.events.outbox import emit_all
from gatekeeper.runtime.statements.sent_together import run_later
from gatekeeper.runtime.statements.stored_rows import (
    insert,
    insert_later,
    insert_unless_taken,
    new,
    stored_values,
    update,
    update_later,
)


def new_user(wanted: UserRecord, now: datetime) -> User:
    """A user from the identity provider, not stored yet; it has no password that works."""
    user = new(User, origin=Origin.SCIM.value, created_at=now, password=_no_password())
    _set_attributes(user, wanted, now)
    return user


def _no_password() -> str:
    """As ``make_password(None)``, which takes forty times as long."""
    return UNUSABLE_PASSWORD_PREFIX + secrets.token_urlsafe(30)


def insert_user(user: User, wanted: UserRecord, *, actor: Actor, instead_of: User | None = None) -> bool:
    """Store a new user with its period, audit entry and event; False, and nothing stored, where the name is in use.

    ``instead_of``: who had the name before, somebody else.
    Raises: PrivilegeHeld.
    """
    is_top_level = insert_unless_taken(user, _UNIQUE_NAME, TOP_LEVEL_DEFAULT)
    if is_top_level is None:
        return False
    if user.active:
        insert_later([new(ActivePeriod, user_id=user.id, since=user.created_at)])
    record_all([_creation_entry(user, wanted, actor, instead_of)])
    emit_all([user_provisioned(user, actor=actor)])
    if is_top_level:
        record_gains_of_new_users([user], actor=actor)
    return True


def insert_users(users: Sequence[User], wanted: Sequence[UserRecord], *, actor: Actor) -> None:
    """Store many new users, of these wanted records, as ``insert_user`` does one, in statements for all.

    Raises: UserNameTaken; PrivilegeHeld.
    """
    try:
        insert(users)
    except IntegrityError:
        raise UserNameTaken(wanted[0].user_name) from None
    insert([ActivePeriod(user=user, since=user.created_at) for user in users if user.active])
    created = (
        Subject(object_id=user.id, label=user.label, after=as_document(each))
        for user, each in zip(users, wanted, strict=True)
    )
    record_many(Event.USER_CREATED, created, actor=actor, kind="user")
    emit_all([user_provisioned(user, actor=actor) for user in users])
    if default_mapping_is_top_level():
        record_gains_of_new_users(users, actor=actor)


_UNIQUE_NAME = "(user_name_folded, origin) WHERE deleted_at IS NULL"  # user_name_unique_while_live


def _creation_entry(user: User, wanted: UserRecord, actor: Actor, instead_of: User | None = None) -> AuditEntry:
    """The audit entry of a new user, not stored yet."""
    former = {"former_user_of_the_name": str(instead_of.pk)} if instead_of else {}
    after = {**as_document(wanted), **former}
    return entry(Event.USER_CREATED, actor=actor, kind="user", object_id=user.id, label=user.label, after=after)


def update_user(user: User, wanted: UserRecord, now: datetime) -> None:
    """Write the wanted record as the next version, and keep the names that end with it. Raises: UserNameTaken."""
    user.version += 1
    keeps_name = fold(wanted.user_name) == user.user_name_folded
    if (user.user_name, user.work_email) != (wanted.user_name, wanted.work_email):
        remember_name(user.id, user.user_name, now, work_email=user.work_email, email_folded=user.work_email_folded)
    _set_attributes(user, wanted, now)
    if keeps_name:  # so nobody else can have it
        update_later(user, *_CHANGED)
        return
    try:
        update(user, *_CHANGED)
    except IntegrityError:
        raise UserNameTaken(wanted.user_name) from None


_CHANGED = (
    "user_name",
    "user_name_folded",
    "work_email",
    "work_email_folded",
    "external_id",
    "display_name",
    "active",
    "attributes",
    "version",
    "updated_at",
)


def end_active_period(user: User, now: datetime) -> None:
    """End the period in which the user was active, if one is open."""
    text = "UPDATE directory_activeperiod SET until = %s WHERE user_id = %s AND until IS NULL"
    run_later("directory_activeperiod", text, stored_values(ActivePeriod(user=user, until=now), "until", "user_id"))


def _set_attributes(user: User, wanted: UserRecord, now: datetime) -> None:
    user.user_name, user.user_name_folded = wanted.user_name, fold(wanted.user_name)
    user.work_email, user.work_email_folded = wanted.work_email, folded(wanted.work_email)
    user.external_id = wanted.external_id
    user.display_name = wanted.display_name
    user.active = wanted.active
    user.attributes = dict(wanted.attributes)
    user.updated_at = now


def folded(text: str | None) -> str | None:
    """The form in which a name or an address is compared; None where there is none."""
    return None if text is None else fold(text)
