"""What may be done to a team."""

from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.directory.folding import fold
from gatekeeper.directory.models import SiteChoice, Team
from gatekeeper.directory.past import remember_name
from gatekeeper.errors import InvalidValue, TeamIsFallback, TeamNameTaken, TeamNotFound

NAME_LIMIT = 120  # characters


@transaction.atomic
def create_team(name: str, *, actor: Actor) -> Team:
    """Raises TeamNameTaken, InvalidValue."""
    team = Team()
    _save_name(team, name)
    record(Event.TEAM_CREATED, actor=actor, kind="team", object_id=team.id, label=team.name)
    return team


@transaction.atomic
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


@transaction.atomic
def delete_team(team_id: UUID, *, actor: Actor) -> Team:
    """End a team: mappings that name it go on without it, and whoever has no other team is in the fallback team.

    Raises: TeamNotFound; TeamIsFallback.
    """
    team = _lock_team(team_id)
    if SiteChoice.objects.live().filter(fallback_team=team).exists():
        raise TeamIsFallback(team.name)
    team.deleted_at = timezone.now()
    team.save(update_fields=["deleted_at"])
    record(Event.TEAM_DELETED, actor=actor, kind="team", object_id=team.id, label=team.name)
    return team


def _save_name(team: Team, name: str) -> None:
    team.name = name.strip()
    team.name_folded = fold(team.name)
    if not team.name or len(team.name) > NAME_LIMIT or "\x00" in team.name:
        raise InvalidValue("name", f"a team's name has 1 to {NAME_LIMIT} characters.")
    try:
        with transaction.atomic():
            team.save()
    except IntegrityError:
        raise TeamNameTaken(team.name) from None


def _lock_team(team_id: UUID) -> Team:
    team = Team.objects.live().select_for_update().filter(pk=team_id).first()
    if team is None:
        raise TeamNotFound(team_id)
    return team
