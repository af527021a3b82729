"""Whether local (break-glass) accounts need a second factor beside their password, and who has one."""

from django.db import models
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.directory.local_accounts.passkeys import passkeys_of, remove_passkey
from gatekeeper.directory.local_accounts.second_factors import remove_second_factor, second_factor_of
from gatekeeper.directory.models import LocalAccountRule, Passkey, SecondFactor, SessionEnd, User
from gatekeeper.directory.row_locks import lock_site
from gatekeeper.directory.sessions.open_sessions import end_sign_ins
from gatekeeper.errors import SecondFactorDemanded, SecondFactorMissing
from gatekeeper.runtime.transactions import one_transaction


def _with(proof: type[SecondFactor | Passkey]) -> Exists:
    return Exists(proof.objects.live().filter(user=OuterRef("pk")))


def has_second_factor(user: User) -> bool:
    """Whether this local administrator has a code or a passkey besides the password. One query."""
    return User.objects.filter(_with(SecondFactor) | _with(Passkey), pk=user.pk).exists()


def misses_second_factor(user: User) -> bool:
    """Whether the pages should urge this person to set one up."""
    return user.is_local and not has_second_factor(user)


def without_second_factor() -> models.QuerySet[User]:
    """The active local administrators whose password alone lets them in."""
    return User.objects.local().filter(~_with(SecondFactor), ~_with(Passkey), active=True)


def second_factor_is_demanded() -> bool:
    """Whether every local account needs one."""
    rule = LocalAccountRule.objects.live().first()
    return rule is not None and rule.second_factor


@one_transaction()
def demand_second_factor(demanded: bool, *, actor: Actor, by: User | None = None) -> bool:
    """Set whether every local account needs a second factor. Returns whether that differs from before.

    Effect: sessions that a password alone has opened end; at the next sign-in their account sets a second factor up.
    Raises: SecondFactorDemanded when ``by``, who demands it, has none: their own session would end.
    """
    lock_site()
    if second_factor_is_demanded() == demanded:
        return False
    if demanded and by is not None and by.is_local and not has_second_factor(by):
        raise SecondFactorDemanded(_("Set up a second factor for your own account first."))
    now = timezone.now()
    LocalAccountRule.objects.all().end(now)
    LocalAccountRule.objects.create(second_factor=demanded, since=now)
    if demanded:
        without = list(without_second_factor().values_list("pk", flat=True))
        end_sign_ins(without, actor=actor, because=SessionEnd.REVOKED_BY_ADMIN, now=now)
    record(
        Event.LOCAL_ACCOUNT_RULE_SET,
        actor=actor,
        kind="site",
        object_id="local_accounts",
        label="a second factor" if demanded else "a password",
        before={"second_factor": not demanded},
        after={"second_factor": demanded},
    )
    return True


@one_transaction()
def remove_every_second_factor(user: User, *, actor: Actor) -> None:
    """End the app, its recovery codes and every passkey of a person who lost them. Raises: SecondFactorMissing.

    Where the site demands a second factor, the next sign-in sets up another one.
    """
    passkeys = list(passkeys_of(user))
    if second_factor_of(user) is not None:
        remove_second_factor(user.id, actor=actor)
    elif not passkeys:
        raise SecondFactorMissing(user.label)
    for passkey in passkeys:
        remove_passkey(user.id, passkey.pk, actor=actor)


def require_that_one_is_left(user: User, *, but: int) -> None:
    """Raises: SecondFactorDemanded if removing ``but`` second factors leaves none where one is demanded."""
    theirs = SecondFactor.objects.live().filter(user=user).count() + Passkey.objects.live().filter(user=user).count()
    if theirs <= but and second_factor_is_demanded():
        raise SecondFactorDemanded(_("This site demands a second factor of local accounts: add another one first."))
