"""Retention: personal data of deleted people is erased after a time (docs/rules.md#12); the facts about access stay."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.dispatch import Signal
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.chain.faults import ERASED
from gatekeeper.audit.chain.links import link_new_entries
from gatekeeper.audit.erasure import erase_from_logs
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.models import FormerName, RetentionSetting, SignIn, SignInIdentity, User
from gatekeeper.directory.people.saved_views import forget_lists_of
from gatekeeper.directory.row_locks import lock_site
from gatekeeper.errors import InvalidValue
from gatekeeper.events.retention import erase_from_outbox
from gatekeeper.runtime.transactions import one_transaction

user_erased = Signal()  # sent with user_id, in the transaction: packages above erase what they keep about that person

SHORTEST, LONGEST = 1, 36_500  # days


def retention_days() -> int:
    """For how many days after their deletion a person's data is kept."""
    setting = RetentionSetting.objects.live().first() or RetentionSetting()
    return setting.days


@one_transaction()
def set_retention(days: int, *, actor: Actor) -> None:
    """Set the retention time; a shorter one takes effect at the next daily run. Raises: InvalidValue."""
    if not SHORTEST <= days <= LONGEST:
        raise InvalidValue(
            "days", _("choose a number from %(shortest)s to %(longest)s."), shortest=SHORTEST, longest=LONGEST
        )
    lock_site()
    before = retention_days()
    if before == days:
        return
    now = timezone.now()
    RetentionSetting.objects.all().end(now)
    RetentionSetting.objects.create(days=days, since=now)
    record(
        Event.RETENTION_SET,
        actor=actor,
        kind="site",
        object_id="retention",
        label=f"{days} days",
        before={"days": before},
        after={"days": days},
    )


def due_for_erasure(now: datetime) -> QuerySet[User]:
    """Deleted people whose time is over, the earliest first."""
    return User.objects.filter(deleted_at__lte=now - timedelta(days=retention_days()), erased_at=None).order_by(
        "deleted_at", "pk"
    )


def erase_due(*, actor: Actor, now: datetime | None = None) -> int:
    """Erase everybody who is due, each in a transaction of their own: a run that was killed goes on where it was.

    Audit entries are linked first, since an erasure reaches linked entries only. Returns how many people were erased.
    """
    moment = now or timezone.now()
    ids = list(due_for_erasure(moment).values_list("pk", flat=True))
    if ids:
        link_new_entries()
    return sum(_erase(user_id, moment, actor=actor) for user_id in ids)


@one_transaction()
def _erase(user_id: UUID, now: datetime, *, actor: Actor) -> int:
    user = User.objects.select_for_update().filter(pk=user_id, erased_at=None).first()
    if user is None:
        return 0
    user.user_name = f"erased-{user.pk}"
    user.user_name_folded = fold(user.user_name)
    user.display_name, user.work_email, user.work_email_folded, user.external_id = ERASED, None, None, None
    user.attributes, user.language = {}, ""
    user.erased_at = now
    user.save()
    FormerName.objects.filter(object_id=user.pk).delete()
    SignInIdentity.objects.filter(user=user).update(
        name_id="", name_id_folded="", object_id="", persistent_id="", stated={}
    )
    SignIn.objects.filter(user=user).update(name_id="", session_index="", address="", user_agent="")
    forget_lists_of(user.pk)
    user_erased.send(sender=User, user_id=user.pk)
    erase_from_outbox(user.pk)
    erase_from_logs(user.pk, actor=actor)
    return 1
