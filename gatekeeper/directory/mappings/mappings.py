"""The services for an administrator's decisions: mappings, the fallback team, and what a lost last group means."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.directory.access.resolver import DEFAULT_MAPPING_NAME, SiteFacts
from gatekeeper.directory.changes import MappingRecord
from gatekeeper.directory.levels import ADMINISTRATOR_LEVELS
from gatekeeper.directory.mappings.decisions import mapping_decision
from gatekeeper.directory.models import IdpGroup, LastGroupPolicy, MappingVersion, SiteChoice, Team
from gatekeeper.directory.outbox_events import AccessChange, group_event, site_event
from gatekeeper.directory.row_locks import Lock, lock_group, lock_site
from gatekeeper.errors import GroupNotFound, InvalidValue, NeedsConfirmation, TeamNotFound
from gatekeeper.events.models import OutboxEvent
from gatekeeper.events.outbox import emit_all
from gatekeeper.runtime.transactions import one_transaction


@one_transaction()
def set_mapping(
    group_id: UUID | None,
    wanted: MappingRecord,
    *,
    actor: Actor,
    confirmed: bool = False,
    site: SiteFacts | None = None,
) -> MappingVersion:
    """Give a group a mapping of its own, or change the Default Mapping (``group_id`` None).

    It takes effect for every member at once, by one row: access is derived when it is read (docs/rules.md#4).
    ``site``: the site's facts, where the caller has read them under the site's lock.
    Raises: GroupNotFound; TeamNotFound; NeedsConfirmation for an administrator level in the Default Mapping that was
            not ``confirmed``; NobodyCouldConfigure.
    """
    lock_site()
    group = _lock_group(group_id)
    _require_teams(wanted.team_ids)
    current = _live(group)
    if current is not None and current.record() == wanted:
        return current
    if group is None and wanted.level in ADMINISTRATOR_LEVELS and not confirmed:
        raise NeedsConfirmation(
            _("The Default Mapping would make everybody without a group's own mapping %(level)s. Confirm it to go on.")
            % {"level": wanted.level.label}
        )
    with mapping_decision(actor=actor, site=site, effect=lambda facts: facts.with_mapping(group_id, wanted)):
        version = _replace(group, wanted, actor=actor)
    record(
        Event.MAPPING_SET if group else Event.DEFAULT_MAPPING_SET,
        actor=actor,
        kind="mapping",
        object_id=group.id if group else "default",
        label=group.display_name if group else DEFAULT_MAPPING_NAME,
        before=_document(current.record()) if current else None,
        after=_document(wanted),
    )
    emit_all([_event(group, wanted, actor)])
    return version


@one_transaction()
def reset_mapping(group_id: UUID, *, actor: Actor, site: SiteFacts | None = None) -> None:
    """Put a group back on the Default Mapping; ``site`` as for ``set_mapping``.

    Raises: GroupNotFound; NobodyCouldConfigure.
    """
    lock_site()
    group = _lock_group(group_id)
    current = _live(group)
    if group is None or current is None:
        return
    with mapping_decision(actor=actor, site=site, effect=lambda facts: facts.with_mapping(group_id, None)):
        MappingVersion.objects.filter(pk=current.pk).end(timezone.now())
    record(
        Event.MAPPING_RESET,
        actor=actor,
        kind="mapping",
        object_id=group.id,
        label=group.display_name,
        before=_document(current.record()),
    )
    emit_all([group_event(AccessChange.MAPPING_RESET, group, actor=actor)])


def choose_fallback_team(team_id: UUID | None, *, actor: Actor) -> None:
    """Choose the team of whoever has access and no other team; None chooses none. Raises TeamNotFound."""
    with one_transaction():
        current = _lock_choice()
        team = _living_team(team_id)
        if current.fallback_team_id == team_id:
            return
        before = current.fallback_team
        _choose(fallback_team=team, last_group_policy=current.last_group_policy)
        record(
            Event.FALLBACK_TEAM_CHOSEN,
            actor=actor,
            kind="site",
            object_id="fallback_team",
            label=team.name if team else "no team",
            before=_named_team(before),
            after=_named_team(team),
        )
        chosen = {"id": str(team.id), "name": team.name} if team else None
        emit_all([site_event(AccessChange.FALLBACK_TEAM_CHOSEN, actor=actor, team=chosen)])


def set_last_group_policy(policy: str, *, actor: Actor) -> None:
    """``revoke`` or ``fallback``: what is left to whoever was removed from their last group. Raises InvalidValue."""
    if policy not in LastGroupPolicy.values:
        raise InvalidValue("last_group_policy", _("choose one of %(known)s."), known=", ".join(LastGroupPolicy.values))
    with one_transaction():
        current = _lock_choice()
        if current.last_group_policy == policy:
            return
        before = current.last_group_policy
        with mapping_decision(actor=actor):
            _choose(fallback_team=current.fallback_team, last_group_policy=policy)
        record(
            Event.LAST_GROUP_POLICY_SET,
            actor=actor,
            kind="site",
            object_id="last_group_policy",
            label=policy,
            before={"last_group_policy": before},
            after={"last_group_policy": policy},
        )
        emit_all([site_event(AccessChange.LAST_GROUP_POLICY_SET, actor=actor, policy=policy)])


def _replace(group: IdpGroup | None, wanted: MappingRecord, *, actor: Actor) -> MappingVersion:
    now = timezone.now()
    MappingVersion.objects.filter(group=group).end(now)
    return MappingVersion.objects.create(
        group=group,
        level=wanted.level.value,
        permissions=sorted(wanted.permissions),
        team_ids=sorted(str(team_id) for team_id in wanted.team_ids),
        made_by=actor.name[:300],
        since=now,
    )


def _lock_choice() -> SiteChoice:
    """Lock the site and return its live choice."""
    lock_site()
    return SiteChoice.objects.live().first() or SiteChoice()


def _choose(*, fallback_team: Team | None, last_group_policy: str) -> None:
    now = timezone.now()
    SiteChoice.objects.all().end(now)
    SiteChoice.objects.create(fallback_team=fallback_team, last_group_policy=last_group_policy, since=now)


def _live(group: IdpGroup | None) -> MappingVersion | None:
    return MappingVersion.objects.live().filter(group=group).first()


def _lock_group(group_id: UUID | None) -> IdpGroup | None:
    """Lock a group against deletion, which would end its mapping. Its members may change meanwhile."""
    if group_id is None:
        return None
    group = lock_group(group_id, Lock.REFER)
    if group is None:
        raise GroupNotFound(group_id)
    return group


def _living_team(team_id: UUID | None) -> Team | None:
    """A team that was not deleted. It stays so under the site's lock, which a deletion takes as well."""
    if team_id is None:
        return None
    team = Team.objects.live().filter(pk=team_id).first()
    if team is None:
        raise TeamNotFound(team_id)
    return team


def _require_teams(team_ids: frozenset[UUID]) -> None:
    known = set(Team.objects.live().filter(pk__in=team_ids).values_list("id", flat=True))
    for unknown in sorted(team_ids - known):
        raise TeamNotFound(unknown)


def _event(group: IdpGroup | None, wanted: MappingRecord, actor: Actor) -> OutboxEvent:
    if group is None:
        return site_event(AccessChange.DEFAULT_MAPPING_SET, actor=actor, mapping=_document(wanted))
    return group_event(AccessChange.MAPPING_SET, group, actor=actor, mapping=_document(wanted))


def _named_team(team: Team | None) -> dict[str, Any]:
    return {"fallback_team": team.name if team else None, "fallback_team_id": str(team.id) if team else None}


def _document(mapping: MappingRecord) -> dict[str, Any]:
    return {
        "level": mapping.level.slug,
        "permissions": sorted(mapping.permissions),
        "teams": sorted(str(team_id) for team_id in mapping.team_ids),
    }
