"""The deprovisioning limit (docs/rules.md#10): an alert when many people lose access at once; on request a hold.

No counter is kept: how many people lost access lately is derived from the facts when somebody loses it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.audit.models import AuditEntry, Outcome, ProvisioningEntry
from gatekeeper.directory.access.affected_scope import could_affect, in_no_group, who_have
from gatekeeper.directory.access.loaders import site_facts
from gatekeeper.directory.access.resolver import SiteFacts
from gatekeeper.directory.changes import MappingRecord
from gatekeeper.directory.deprovisioning_limits.approvals import approved_until
from gatekeeper.directory.deprovisioning_limits.certainty import (
    limit_and_certainty,
    note_active,
    people_losing,
    present_limit,
)
from gatekeeper.directory.deprovisioning_limits.privilege_gains import gained_since
from gatekeeper.directory.levels import Level
from gatekeeper.directory.models import (
    ActivePeriod,
    DeprovisioningLimit,
    EndedBecause,
    HeldChangesApproval,
    MappingVersion,
    Membership,
    Origin,
    SiteChoice,
    User,
)
from gatekeeper.directory.row_locks import lock_site
from gatekeeper.errors import HeldForApproval, InvalidValue, PrivilegeHeld
from gatekeeper.events.codes import EventCode
from gatekeeper.events.outbox import emit
from gatekeeper.runtime.transactions import one_transaction

APPROVAL_LASTS = timedelta(hours=24)  # how long an approval lets held changes through; Entra retries within it


@dataclass(frozen=True, kw_only=True, slots=True)
class DeprovisioningState:
    """How many of how many active people lost access within the window, and what follows from it.

    ``active_before``: how many were active at some time within the window, since on a new site nobody was at its
    beginning. ``exceeded``: the losses exceed the limit. ``held``: requests that were refused within the window because
    they would have exceeded it. ``gained``: how many people became Global Administrator within the window;
    ``held_gains``: requests that were refused because somebody would have.
    """

    lost: int
    active_before: int
    share: int
    minutes: int
    exceeded: bool
    hold: bool
    held: int = 0
    gained: int = 0
    held_gains: int = 0
    approved_until: datetime | None = None

    @property
    def alarming(self) -> bool:
        """Whether every page says that people lose access."""
        return self.exceeded or self.held > 0

    @property
    def holding(self) -> bool:
        return self.hold and (self.alarming or self.held_gains > 0) and self.approved_until is None


def deprovisioning_state(
    now: datetime | None = None,
    *,
    limit: DeprovisioningLimit | None = None,
    present: Callable[[], SiteFacts] = site_facts,
) -> DeprovisioningState:
    """The present state. Four queries while little happens, five where changes are held, a few more with losses.

    ``limit`` and ``present``: the limit that holds, and what reads the site's facts of now, for whoever knows them.
    """
    moment = now or timezone.now()
    setting = limit or present_limit()
    start = moment - timedelta(minutes=setting.minutes)
    state = replace(_losses(setting, moment, present), gained=gained_since(start))
    if not setting.hold:
        return state
    found = held_entries(start).aggregate(all=Count("pk"), gains=Count("pk", filter=_is_gain()))
    held = found["all"] - found["gains"]
    if not found["all"] and not state.exceeded:
        return state
    return replace(
        state,
        held=held,
        held_gains=found["gains"],
        active_before=state.active_before or (_active_before(start) if held else 0),
        approved_until=approved_until(moment),
    )


def _losses(
    setting: DeprovisioningLimit, moment: datetime, present: Callable[[], SiteFacts] = site_facts
) -> DeprovisioningState:
    """The losses within the window that ends at ``moment``, without what was held."""
    start = moment - timedelta(minutes=setting.minutes)
    lost = people_losing(start) + _losing_by_decisions(start, present).count()
    active_before = _active_before(start) if lost >= setting.minimum else 0  # below it nobody asks for them
    return DeprovisioningState(
        lost=lost,
        active_before=active_before,
        share=setting.share,
        minutes=setting.minutes,
        exceeded=lost >= setting.minimum and lost * 100 > setting.share * active_before,
        hold=setting.hold,
    )


def apply_deprovisioning_limits(*, actor: Actor) -> None:
    """Check a change of the identity provider by which people lose access, at its end, inside its transaction.

    Raises: HeldForApproval when the change exceeds the limit and holding is switched on. The transaction is then rolled
            back, and the endpoint raises the alert by ``alert_held``.
    """
    if not actor.is_provisioning:
        return
    now = timezone.now()
    limit, is_surely_within = limit_and_certainty(now)
    if is_surely_within:
        return
    start = now - timedelta(minutes=limit.minutes)
    holds = limit.hold and approved_until(now) is None
    if not holds and _was_alerted(start, held=False):
        return  # nothing more would follow: to count everybody for each further loss would be quadratic
    state = _losses(limit, now)
    if not state.exceeded:
        return
    if holds:
        raise HeldForApproval(state.lost, state.active_before, state.minutes)
    _alert_once(lost=state.lost, active=state.active_before, minutes=state.minutes, held=False, actor=actor)


def alert_losses(*, actor: Actor) -> None:
    """Raise an alert about an administrator's change. It is not held: the administrator has confirmed it already."""
    state = _losses(present_limit(), timezone.now())
    if state.exceeded:
        _alert_once(lost=state.lost, active=state.active_before, minutes=state.minutes, held=False, actor=actor)


@one_transaction()
def alert_held(held: HeldForApproval, *, actor: Actor) -> None:
    """Alert about a change that is held. The endpoint calls it after the change's transaction was rolled back."""
    _alert_once(lost=held.lost, active=held.active, minutes=held.minutes, held=True, actor=actor)


def held_entries(since: datetime) -> QuerySet[ProvisioningEntry]:
    """The requests that were held since ``since``, from the provisioning log."""
    return ProvisioningEntry.objects.filter(
        at__gte=since, outcome=Outcome.REFUSED, reason__in=(HeldForApproval.code, PrivilegeHeld.code)
    )


@one_transaction()
def set_deprovisioning_limits(*, share: int, minimum: int, minutes: int, hold: bool, actor: Actor) -> None:
    """Choose when to alert (percent of the active people, least number of them, window) and whether to hold.

    Raises: InvalidValue.
    """
    for name, value, limit in (("share", share, 100), ("minimum", minimum, 1_000_000), ("minutes", minutes, 10_080)):
        if not 1 <= value <= limit:
            raise InvalidValue(name, _("choose a number from 1 to %(limit)s."), limit=limit)
    lock_site()
    current = DeprovisioningLimit.objects.live().first()
    before = current.as_document() if current else DeprovisioningLimit().as_document()
    wanted = DeprovisioningLimit(share=share, minimum=minimum, minutes=minutes, hold=hold, since=timezone.now())
    if wanted.as_document() == before:
        return
    DeprovisioningLimit.objects.all().end(wanted.since)
    wanted.save()
    record(
        Event.DEPROVISIONING_LIMITS_SET,
        actor=actor,
        kind="site",
        object_id="deprovisioning_limits",
        label="hold" if hold else "alert only",
        before=before,
        after=wanted.as_document(),
    )


@one_transaction()
def approve_held_changes(*, actor: Actor) -> datetime:
    """Let the held changes through for a day: the identity provider repeats what was held. Returns until when."""
    now = timezone.now()
    release = HeldChangesApproval.objects.create(since=now, until=now + APPROVAL_LASTS, made_by=actor.name[:300])
    record(
        Event.HELD_CHANGES_APPROVED,
        actor=actor,
        kind="site",
        object_id="deprovisioning_limits",
        label="held changes let through",
        after={"until": release.until},
    )
    return now + APPROVAL_LASTS


def _is_gain() -> Q:
    return Q(reason=PrivilegeHeld.code)


def _losing_by_decisions(start: datetime, present: Callable[[], SiteFacts]) -> QuerySet[User]:
    """People who lost access by a change of mappings or of the policy since ``start``, as the groups are now.

    One query without such a change: what groups granted before is loaded only when a change may have taken access.
    """
    own = MappingVersion.objects.live().filter(group=OuterRef("group"))
    reset = Q(~Exists(own), until__gte=start, group__isnull=False, group__deleted_at=None)
    taking = MappingVersion.objects.filter(Q(until=None, since__gte=start, level=Level.NONE.value) | reset)
    if not SiteChoice.objects.filter(Q(until__gte=start) | Exists(taking)).exists():
        return User.objects.none()
    before, after = site_facts(start), present()
    if not could_affect(before, after, _gives_access):
        return User.objects.none()
    people = User.objects.provisioned().filter(active=True)
    counted_already = Exists(
        Membership.objects.filter(user=OuterRef("pk"), until__gte=start, ended_because=EndedBecause.REMOVED)
    ) & Q(in_no_group())
    return people.filter(who_have(before, _gives_access)).filter(~who_have(after, _gives_access), ~counted_already)


def _gives_access(mapping: MappingRecord) -> bool:
    return mapping.level is not Level.NONE


def _active_before(start: datetime) -> int:
    """How many people were active at some time since ``start``: those who are now, and those who no longer are."""
    now, still = timezone.now(), User.objects.provisioned().filter(active=True).count()
    note_active(now, still)
    stopped = User.objects.filter(~Q(active=True, deleted_at=None), origin=Origin.SCIM)
    return still + stopped.filter(pk__in=ActivePeriod.objects.filter(until__gte=start).values("user")).count()


def _was_alerted(start: datetime, *, held: bool) -> bool:
    alerts = AuditEntry.objects.filter(event=Event.DEPROVISIONING_ALERTED, at__gte=start)
    return any((alert.after or {}).get("held") == held for alert in alerts)


def _alert_once(*, lost: int, active: int, minutes: int, held: bool, actor: Actor) -> None:
    """Raise one alert a window, however many more people lose access in it, and another when changes are held."""
    if _was_alerted(timezone.now() - timedelta(minutes=minutes), held=held):
        return
    facts = {"lost": lost, "active_before": active, "minutes": minutes, "held": held}
    happens = "would have lost access, and are held," if held else "lost access"
    record(
        Event.DEPROVISIONING_ALERTED,
        actor=actor,
        kind="site",
        object_id="deprovisioning_limits",
        label=f"{lost} of {active} active users {happens} within {minutes} minutes",
        after=facts,
    )
    emit(EventCode.DEPROVISIONING_ALERT, actor=actor, kind="site", object_id="deprovisioning_limits", data=facts)
