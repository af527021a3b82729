"""Which facts of a person's history began or ended at a moment, and which audit entry is about each. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gatekeeper.audit.events import Event
from gatekeeper.directory.history.cause_texts import CauseCode, cause_text
from gatekeeper.directory.history.facts import History
from gatekeeper.directory.models import EndedBecause, MappingVersion, SiteChoice


@dataclass(frozen=True, slots=True)
class Cause:
    """``events`` and ``object_id`` name the audit entry; ``by`` is who it was where the fact itself keeps that.

    ``parameters``: the values in the text of ``code``.
    """

    code: CauseCode
    events: tuple[Event, ...]
    object_id: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    by: str = ""

    @property
    def text(self) -> str:
        return cause_text(self.code, self.parameters)


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
        if user.is_local:
            yield Cause(CauseCode.ADMINISTRATOR_CREATED, (Event.ADMINISTRATOR_CREATED,), own)
        else:
            yield Cause(CauseCode.PROVISIONED, (Event.USER_CREATED,), own)
    if user.deleted_at == moment:
        yield Cause(CauseCode.DELETED, (Event.USER_DELETED,), own)
    for period in history.active:
        if period.since == moment != user.created_at:
            yield Cause(CauseCode.ACTIVATED, (Event.USER_REACTIVATED, Event.USER_REVIVED), own)
        if period.until == moment != user.deleted_at:
            yield Cause(CauseCode.DEACTIVATED, (Event.USER_DEACTIVATED,), own)


def _memberships(history: History, moment: datetime) -> Iterator[Cause]:
    for membership in history.memberships:
        group_id = str(membership.group_id)
        named = {"group": history.name_at(membership.group_id, membership.group.display_name, moment)}
        if membership.since == moment:
            yield Cause(CauseCode.JOINED, (Event.GROUP_MEMBERS_CHANGED,), group_id, named)
        if membership.until == moment and membership.ended_because == EndedBecause.REMOVED:
            yield Cause(CauseCode.REMOVED, (Event.GROUP_MEMBERS_CHANGED,), group_id, named)
        if membership.until == moment and membership.ended_because == EndedBecause.GROUP_DELETED:
            yield Cause(CauseCode.GROUP_DELETED, (Event.GROUP_DELETED,), group_id, named)


def _links(history: History, moment: datetime) -> Iterator[Cause]:
    own = str(history.user.id)
    for link in history.links:
        named = {"connection": link.provider.name, "name_id": link.name_id}
        if link.since == moment:
            yield Cause(CauseCode.LINKED, (Event.IDENTITY_LINKED,), own, named)
        if link.until == moment and moment not in (link.provider.until, history.user.deleted_at):
            yield Cause(CauseCode.UNLINKED, (Event.IDENTITY_UNLINKED,), own, named)


def _connections(history: History, moment: datetime) -> Iterator[Cause]:
    for provider in history.providers:
        own, named = str(provider.id), {"connection": provider.name}
        if provider.since == moment:
            yield Cause(CauseCode.CONNECTED, (Event.CONNECTION_CREATED,), own, named)
        if provider.until == moment:
            yield Cause(CauseCode.DISCONNECTED, (Event.CONNECTION_DELETED,), own, named)
    changed = {domain.provider for domain in history.domains if moment in (domain.since, domain.until)}
    for provider in sorted(changed, key=lambda provider: provider.name):
        if provider.until != moment:
            named = {"connection": provider.name}
            yield Cause(CauseCode.DOMAINS_CHANGED, (Event.CONNECTION_DOMAINS_SET,), str(provider.id), named)


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
                yield Cause(CauseCode.USER_RENAMED, changed, str(user.id))
                continue
            present = history.name_at(object_id, groups.get(object_id) or teams[object_id], moment)
            event = Event.GROUP_CHANGED if object_id in groups else Event.TEAM_RENAMED
            yield Cause(CauseCode.RENAMED, (event,), str(object_id), {"was": former.name, "name": present})
    for team in history.teams:
        if team.deleted_at == moment:
            ended = (Event.TEAM_DELETED, Event.TEAM_MERGED)
            yield Cause(CauseCode.TEAM_DELETED, ended, str(team.id), {"team": team.name})


def _mappings(history: History, moment: datetime) -> Iterator[Cause]:
    begun = {version.group_id for version in history.versions if version.since == moment}
    for version in history.versions:
        if version.since == moment:
            yield _mapping_set(history, version)
        if version.until == moment and version.group and version.group_id not in begun:
            if version.group.deleted_at == moment:
                continue
            named = {"group": history.name_at(version.group.id, version.group.display_name, moment)}
            yield Cause(CauseCode.MAPPING_RESET, (Event.MAPPING_RESET,), str(version.group_id), named)


def _mapping_set(history: History, version: MappingVersion) -> Cause:
    if version.group is None:
        return Cause(CauseCode.DEFAULT_MAPPING_SET, (Event.DEFAULT_MAPPING_SET,), "default", by=version.made_by)
    named = {"group": history.name_at(version.group.id, version.group.display_name, version.since)}
    return Cause(CauseCode.MAPPING_SET, (Event.MAPPING_SET,), str(version.group_id), named, version.made_by)


def _site(history: History, moment: datetime) -> Iterator[Cause]:
    ended = [choice for choice in history.choices if choice.until == moment]
    begun = [choice for choice in history.choices if choice.since == moment]
    for before, after in zip(ended, begun, strict=False):
        if before.fallback_team_id != after.fallback_team_id:
            yield _chosen(history, after)
        if before.last_group_policy != after.last_group_policy:
            named = {"policy": after.last_group_policy}
            yield Cause(CauseCode.LAST_GROUP_POLICY_SET, (Event.LAST_GROUP_POLICY_SET,), "last_group_policy", named)


def _chosen(history: History, choice: SiteChoice) -> Cause:
    names = {team.id: history.name_at(team.id, team.name, choice.since) for team in history.teams}
    team = names.get(choice.fallback_team_id) if choice.fallback_team_id else None
    code = CauseCode.FALLBACK_TEAM_CHOSEN if team else CauseCode.NO_FALLBACK_TEAM
    return Cause(code, (Event.FALLBACK_TEAM_CHOSEN,), "fallback_team", {"team": team or ""})
