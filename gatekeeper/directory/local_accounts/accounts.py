"""Local (break-glass) accounts: made and listed here, and given another password."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError
from django.db.models import Count, F, Max, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.field_values import require_storable
from gatekeeper.directory.local_accounts.passwords import ONE_TIME_FOR, require_good_password
from gatekeeper.directory.models import ActivePeriod, OneTimePassword, Origin, SessionEnd, User
from gatekeeper.directory.row_locks import Lock, lock_user
from gatekeeper.directory.sessions.open_sessions import end_sign_ins
from gatekeeper.errors import AdministratorExists, InvalidValue, UserNotFound
from gatekeeper.runtime.transactions import one_transaction


@one_transaction()
def create_local_administrator(email: str, password: str, *, actor: Actor, one_time: bool = False) -> User:
    """Add a break-glass administrator who signs in with a password.

    ``one_time``: the password works for a while, and only to choose another one at the first sign-in.
    Raises: InvalidValue for an address or password that will not do; AdministratorExists.
    """
    _require_email(email)
    require_storable("password", password, limit=1000)
    require_good_password(password, email=email)
    now = timezone.now()
    names = {"user_name": email, "user_name_folded": fold(email), "work_email": email, "work_email_folded": fold(email)}
    user = User(origin=Origin.LOCAL, password=make_password(password), created_at=now, updated_at=now, **names)
    try:
        user.save(force_insert=True)
    except IntegrityError:
        raise AdministratorExists(email) from None
    ActivePeriod.objects.create(user=user, since=now)
    if one_time:
        OneTimePassword.objects.create(user=user, expires_at=now + ONE_TIME_FOR)
    record(Event.ADMINISTRATOR_CREATED, actor=actor, kind="user", object_id=user.id, label=user.label)
    return user


@one_transaction()
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


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalAccount:
    """A local account and what it signs in with."""

    user: User
    has_app: bool
    passkeys: int
    one_time_until: datetime | None
    last_signed_in: datetime | None


def local_accounts() -> list[LocalAccount]:
    """Each of them by name. Cost: one query."""
    counted = User.objects.local().annotate(
        apps=Count("second_factors", filter=Q(second_factors__until=None), distinct=True),
        keys=Count("passkeys", filter=Q(passkeys__until=None), distinct=True),
        until=F("one_time_password__expires_at"),
        last_in=Max("sign_ins__since"),
    )
    return [
        LocalAccount(
            user=user,
            has_app=user.apps > 0,
            passkeys=user.keys,
            one_time_until=user.until,
            last_signed_in=user.last_in,
        )
        for user in counted.order_by("user_name_folded")
    ]


def _require_email(email: str) -> None:
    try:
        validate_email(email)
    except ValidationError:
        raise InvalidValue("email", _("%(email)s is no e-mail address."), email=repr(email)) from None
