"""The services that create, rename, merge and delete teams."""

from contextlib import suppress
from dataclasses import replace
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.directory.access.past import remember_name
from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.mappings.decisions import mapping_decision
from gatekeeper.directory.mappings.mappings import choose_fallback_team, set_mapping
from gatekeeper.directory.models import MappingVersion, SiteChoice, Team
from gatekeeper.directory.outbox_events import AccessChange, team_event
from gatekeeper.directory.row_locks import lock_site
from gatekeeper.errors import GroupNotFound, InvalidValue, TeamIsFallback, TeamNameTaken, TeamNotFound
from gatekeeper.events.outbox import emit_all
from gatekeeper.runtime.transactions import one_transaction

NAME_LIMIT = 120  # characters


@one_transaction()
def create_team(name: str, *, actor: Actor) -> Team:
    """Raises TeamNameTaken, InvalidValue."""
    team = Team()
    _save_name(team, name)
    record(Event.TEAM_CREATED, actor=actor, kind="team", object_id=team.id, label=team.name)
    return team


@one_transaction()
def rename_team(team_id: UUID, name: str, *, actor: Actor) -> Team:
    """Raises TeamNotFound, TeamNameTaken, InvalidValue."""
    team = _lock_team(team_id)
    before = team.name
    if before == name.strip():
        return team
    remember_name(team.id, before, timezone.now())
    _save_name(team, name)
    record(
        Event.TEAM_RENAMED,
        actor=actor,
        kind="team",
        object_id=team.id,
        label=team.name,
        before={"name": before},
        after={"name": team.name},
    )
    return team


@one_transaction()
def delete_team(team_id: UUID, *, actor: Actor) -> Team:
    """End a team: mappings that name it go on without it, and whoever has no other team is in the fallback team.

    Raises: TeamNotFound; TeamIsFallback.
    """
    lock_site()  # so that no choice and no mapping names the team meanwhile
    team = _lock_team(team_id)
    if _is_fallback(team):
        raise TeamIsFallback(team.name)
    _end(team)
    record(Event.TEAM_DELETED, actor=actor, kind="team", object_id=team.id, label=team.name)
    emit_all([team_event(AccessChange.TEAM_DELETED, team, actor=actor)])
    return team


@one_transaction()
def merge_teams(source_id: UUID, target_id: UUID, *, actor: Actor) -> Team:
    """End ``source`` and put its people into ``target``: every mapping that names the one names the other instead.

    Where ``source`` is the fallback team, ``target`` becomes it. Each mapping gets a new version and its own entry.
    Returns: the target. Raises: TeamNotFound; InvalidValue when both are the same.
    """
    if source_id == target_id:
        raise InvalidValue("team", _("choose another team to merge it into."))
    lock_site()
    teams = {team_id: _lock_team(team_id) for team_id in sorted((source_id, target_id))}
    source, target = teams[source_id], teams[target_id]
    named = [version for version in MappingVersion.objects.live() if source_id in version.record().team_ids]
    with mapping_decision(actor=actor):  # levels and permissions stay, so one check serves for all the mappings
        for version in named:
            now = version.record()
            wanted = replace(now, team_ids=now.team_ids - {source_id} | {target_id})
            # The identity provider may have deleted the group just now, and its mapping with it.
            with suppress(GroupNotFound), transaction.atomic():
                set_mapping(version.group_id, wanted, actor=actor, confirmed=True)
        if _is_fallback(source):
            choose_fallback_team(target_id, actor=actor)
        _end(source)
    record(
        Event.TEAM_MERGED,
        actor=actor,
        kind="team",
        object_id=source.id,
        label=f"{source.name} into {target.name}",
        before={"name": source.name},
        after={"into": target.name, "mappings": len(named)},
    )
    into = {"id": str(target.id), "name": target.name}
    emit_all([team_event(AccessChange.TEAM_MERGED, source, actor=actor, into=into, mappings=len(named))])
    return target


def _is_fallback(team: Team) -> bool:
    return SiteChoice.objects.live().filter(fallback_team=team).exists()


def _end(team: Team) -> None:
    team.deleted_at = timezone.now()
    team.save(update_fields=["deleted_at"])


def _save_name(team: Team, name: str) -> None:
    team.name = name.strip()
    team.name_folded = fold(team.name)
    if not team.name or len(team.name) > NAME_LIMIT or "\x00" in team.name:
        raise InvalidValue("name", _("a team's name has 1 to %(limit)s characters."), limit=NAME_LIMIT)
    try:
        team.save()
    except IntegrityError:
        raise TeamNameTaken(team.name) from None


def _lock_team(team_id: UUID) -> Team:
    team = Team.objects.live().select_for_update().filter(pk=team_id).first()
    if team is None:
        raise TeamNotFound(team_id)
    return team
