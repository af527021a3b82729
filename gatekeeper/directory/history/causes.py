"""Which facts of a person's history began or ended at a moment, in words, and which audit entry tells of each. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from gatekeeper.audit.events import Event
from gatekeeper.directory.access.resolver import DEFAULT_MAPPING_NAME
from gatekeeper.directory.history.facts import History
from gatekeeper.directory.models import EndedBecause, LastGroupPolicy, MappingVersion, SiteChoice


@dataclass(frozen=True, slots=True)
class Cause:
    """``events`` and ``object_id`` name the audit entry; ``by`` is who it was where the fact itself keeps that."""

    text: str
    events: tuple[Event, ...]
    object_id: str
    by: str = ""


def causes_at(history: History, moment: datetime) -> Iterator[Cause]:
    """What happened at this very moment, the person's own facts first."""
    yield from _person(history, moment)
    yield from _memberships(history, moment)
    yield from _links(history, moment)
    yield from _connections(history, moment)
    yield from _names(history, moment)
    yield from _mappings(history, moment)
    yield from _site(history, moment)


def _person(history: History, moment: datetime) -> Iterator[Cause]:
    user = history.user
    own = str(user.id)
    if user.created_at == moment:
        created = Event.ADMINISTRATOR_CREATED if user.is_local else Event.USER_CREATED
        yield Cause("Created as a local administrator" if user.is_local else "Provisioned", (created,), own)
    if user.deleted_at == moment:
        yield Cause("Deleted", (Event.USER_DELETED,), own)
    for period in history.active:
        if period.since == moment != user.created_at:
            yield Cause("Activated", (Event.USER_REACTIVATED, Event.USER_REVIVED), own)
        if period.until == moment != user.deleted_at:
            yield Cause("Deactivated", (Event.USER_DEACTIVATED,), own)


def _memberships(history: History, moment: datetime) -> Iterator[Cause]:
    for membership in history.memberships:
        group_id = str(membership.group_id)
        name = history.name_at(membership.group_id, membership.group.display_name, moment)
        if membership.since == moment:
            yield Cause(f"Joined {name}", (Event.GROUP_MEMBERS_CHANGED,), group_id)
        if membership.until == moment and membership.ended_because == EndedBecause.REMOVED:
            yield Cause(f"Removed from {name}", (Event.GROUP_MEMBERS_CHANGED,), group_id)
        if membership.until == moment and membership.ended_because == EndedBecause.GROUP_DELETED:
            yield Cause(f"{name} was deleted", (Event.GROUP_DELETED,), group_id)


def _links(history: History, moment: datetime) -> Iterator[Cause]:
    own = str(history.user.id)
    for link in history.links:
        if link.since == moment:
            yield Cause(f"Linked to {link.provider.name} as {link.name_id}", (Event.IDENTITY_LINKED,), own)
        if link.until == moment and moment not in (link.provider.until, history.user.deleted_at):
            yield Cause(f"Link to {link.provider.name} as {link.name_id} ended", (Event.IDENTITY_UNLINKED,), own)


def _connections(history: History, moment: datetime) -> Iterator[Cause]:
    for provider in history.providers:
        if provider.since == moment:
            yield Cause(f"{provider.name} was connected", (Event.CONNECTION_CREATED,), str(provider.id))
        if provider.until == moment:
            yield Cause(f"{provider.name} was disconnected", (Event.CONNECTION_DELETED,), str(provider.id))
    changed = {domain.provider for domain in history.domains if moment in (domain.since, domain.until)}
    for provider in sorted(changed, key=lambda provider: provider.name):
        if provider.until != moment:
            text = f"The e-mail domains of {provider.name} were changed"
            yield Cause(text, (Event.CONNECTION_DOMAINS_SET,), str(provider.id))


def _names(history: History, moment: datetime) -> Iterator[Cause]:
    user = history.user
    groups = {membership.group_id: membership.group.display_name for membership in history.memberships}
    teams = {team.id: team.name for team in history.teams}
    for object_id, formers in history.names.items():
        for former in formers:
            if former.until != moment:
                continue
            if object_id == user.id:
                changed = (Event.USER_CHANGED, Event.USER_REVIVED, Event.USER_DEACTIVATED, Event.USER_REACTIVATED)
                yield Cause("User name or work e-mail changed", changed, str(user.id))
                continue
            present = history.name_at(object_id, groups.get(object_id) or teams[object_id], moment)
            event = Event.GROUP_CHANGED if object_id in groups else Event.TEAM_RENAMED
            yield Cause(f"{former.name} was renamed to {present}", (event,), str(object_id))
    for team in history.teams:
        if team.deleted_at == moment:
            yield Cause(f"Team {team.name} was deleted", (Event.TEAM_DELETED, Event.TEAM_MERGED), str(team.id))


def _mappings(history: History, moment: datetime) -> Iterator[Cause]:
    begun = {version.group_id for version in history.versions if version.since == moment}
    for version in history.versions:
        if version.since == moment:
            yield _mapping_set(history, version)
        if version.until == moment and version.group and version.group_id not in begun:
            if version.group.deleted_at == moment:
                continue
            name = history.name_at(version.group.id, version.group.display_name, moment)
            text = f"{name} was put back on the {DEFAULT_MAPPING_NAME}"
            yield Cause(text, (Event.MAPPING_RESET,), str(version.group_id))


def _mapping_set(history: History, version: MappingVersion) -> Cause:
    if version.group is None:
        text = f"The {DEFAULT_MAPPING_NAME} was changed"
        return Cause(text, (Event.DEFAULT_MAPPING_SET,), "default", version.made_by)
    name = history.name_at(version.group.id, version.group.display_name, version.since)
    return Cause(f"The mapping of {name} was changed", (Event.MAPPING_SET,), str(version.group_id), version.made_by)


def _site(history: History, moment: datetime) -> Iterator[Cause]:
    ended = [choice for choice in history.choices if choice.until == moment]
    begun = [choice for choice in history.choices if choice.since == moment]
    for before, after in zip(ended, begun, strict=False):
        if before.fallback_team_id != after.fallback_team_id:
            yield Cause(_chosen(history, after), (Event.FALLBACK_TEAM_CHOSEN,), "fallback_team")
        if before.last_group_policy != after.last_group_policy:
            label = LastGroupPolicy(after.last_group_policy).label.lower()
            text = f"After removal from the last group: {label}"
            yield Cause(text, (Event.LAST_GROUP_POLICY_SET,), "last_group_policy")


def _chosen(history: History, choice: SiteChoice) -> str:
    names = {team.id: history.name_at(team.id, team.name, choice.since) for team in history.teams}
    team = names.get(choice.fallback_team_id) if choice.fallback_team_id else None
    return f"{team} became the fallback team" if team else "The site has no fallback team any more"
