"""Effective access: the only place where facts become access. Pure functions; ``loaders.py`` loads the facts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from gatekeeper.directory.case_folding import domain_of
from gatekeeper.directory.changes import MappingRecord
from gatekeeper.directory.levels import Level
from gatekeeper.directory.models.groups import EndedBecause
from gatekeeper.directory.models.mappings import LastGroupPolicy
from gatekeeper.directory.permissions import NEED_GLOBAL_ADMINISTRATOR, Permission

DEFAULT_MAPPING_NAME = "Default Mapping"
# What holds until an administrator decides: the least level with which a person whom the IdP assigned can sign in.
INITIAL_DEFAULT_MAPPING = MappingRecord(level=Level.EMPLOYEE_PORTAL)


class Blocked(StrEnum):
    """Why somebody cannot sign in; the values of ``blocked_because``."""

    AWAITING_SAML_SYNC = "awaiting_saml_sync"
    DEACTIVATED = "deactivated"
    NO_GROUP_ACCESS = "no_group_access"
    NO_SAML_CONNECTION = "no_saml_connection"
    IDENTITY_CONFLICT = "identity_conflict"
    DELETED = "deleted"


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteFacts:
    """What holds for everybody at a moment. ``mappings`` has the groups with a mapping of their own, by group id.

    ``only_domains``: set when each connection is for stated e-mail domains; nobody else has a connection then.
    """

    default_mapping: MappingRecord
    mappings: dict[UUID, MappingRecord]
    teams: dict[UUID, str]
    fallback_team_id: UUID | None
    last_group_policy: str
    has_saml_connection: bool
    only_domains: frozenset[str] | None = None

    def with_mapping(self, group_id: UUID | None, record: MappingRecord | None) -> "SiteFacts":
        """The facts with another mapping of a group (None: it has the Default Mapping again), or of the default."""
        if group_id is None:
            return replace(self, default_mapping=record or self.default_mapping)
        others = {known: kept for known, kept in self.mappings.items() if known != group_id}
        return replace(self, mappings=others if record is None else {**others, group_id: record})

    def has_connection_for(self, email: str | None) -> bool:
        """Whether a connection would ever let this address in; without an address: whether there is a connection."""
        if not self.has_saml_connection or self.only_domains is None or email is None:
            return self.has_saml_connection
        return domain_of(email) in self.only_domains


class Removal(NamedTuple):
    """A membership that ended by a removal: of which group, with its present name, and when."""

    group_id: UUID
    group: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonFacts:
    """What holds for one person at a moment.

    ``groups``: (id, name) of the groups that they are in. ``last_ended``: why their last membership ended, None when
    they never were in a group. ``last_removal``: their last removal from a group, for whoever loaded it; no access
    follows from it. ``linked``: a sign-in identity for their present work e-mail exists. ``conflicting``: another
    active person has the same work e-mail.
    """

    user_id: UUID
    user_name: str
    email: str | None
    active: bool
    deleted: bool
    local: bool
    groups: Sequence[tuple[UUID, str]]
    last_ended: str | None
    linked: bool
    conflicting: bool
    last_removal: Removal | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """One reason for access. ``kind``: group, default, fallback or local."""

    kind: str
    name: str
    mapping: MappingRecord
    uses_default: bool = False
    group_id: UUID | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """Effective access at a moment, with its sources. ``teams`` maps team ids to names."""

    user_id: UUID
    user_name: str
    email: str | None
    active: bool
    blocked_because: Blocked | None
    level: Level
    permissions: frozenset[Permission]
    teams: dict[UUID, str]
    sources: tuple[Source, ...]
    team_names: dict[UUID, str]

    @property
    def can_sign_in(self) -> bool:
        return self.blocked_because is None

    @property
    def can_configure(self) -> bool:
        """docs/rules.md#8: Global Administrator *and* Configuration, and able to sign in."""
        return self.can_sign_in and self.has(Permission.CONFIGURATION)

    @property
    def can_read_people(self) -> bool:
        """The directory: configurators, and whoever holds Users in effect."""
        return self.can_configure or self.has(Permission.USERS)

    @property
    def can_read_logs(self) -> bool:
        """The logs: configurators, and whoever holds History."""
        return self.can_configure or self.has(Permission.HISTORY)

    @property
    def can_read_reports(self) -> bool:
        """Who had what: it is a report that reads the history, so Reports and History will do, each alone."""
        return self.can_read_logs or self.has(Permission.REPORTS)

    @property
    def can_use_api(self) -> bool:
        """Personal API tokens. Local administrators do not hold API, so that break-glass leaves no token behind."""
        return self.has(Permission.API)

    def has(self, permission: Permission) -> bool:
        """Whether the permission has effect; some do only beside Global Administrator."""
        if permission not in self.permissions:
            return False
        return permission not in NEED_GLOBAL_ADMINISTRATOR or self.level is Level.GLOBAL_ADMINISTRATOR

    def as_document(self) -> dict[str, Any]:
        """The JSON object of the ``access`` command and of ``/api/v1/me``."""
        return {
            "user_name": self.user_name,
            "email": self.email,
            "active": self.active,
            "can_sign_in": self.can_sign_in,
            "blocked_because": self.blocked_because.value if self.blocked_because else None,
            "level": self.level.slug,
            "permissions": sorted(self.permissions),
            "teams": sorted(self.teams.values()),
            "sources": [self._source_document(source) for source in self.sources],
        }

    def _source_document(self, source: Source) -> dict[str, Any]:
        return {
            "kind": source.kind,
            "name": source.name,
            "level": source.mapping.level.slug,
            "permissions": sorted(source.mapping.permissions),
            "teams": sorted(self.team_names[team] for team in source.mapping.team_ids if team in self.team_names),
        }


LOCAL_ADMINISTRATOR = MappingRecord(level=Level.GLOBAL_ADMINISTRATOR, permissions=frozenset({Permission.CONFIGURATION}))


def effective_access(person: PersonFacts, site: SiteFacts) -> Access:
    """Merge the mappings that apply to ``person``: highest level, union of permissions, union of teams.

    The order of groups and of operations plays no part. Nothing applies to somebody who is inactive or deleted.
    """
    sources = _sources(person, site)
    level = highest_level(source.mapping.level for source in sources)
    permissions = frozenset[Permission]().union(*(source.mapping.permissions for source in sources))
    team_ids = frozenset[UUID]().union(*(source.mapping.team_ids for source in sources)) & site.teams.keys()
    fallback = site.fallback_team_id
    if level is not Level.NONE and not team_ids and fallback in site.teams:
        team_ids = frozenset({fallback})
        sources.append(
            Source(kind="fallback", name=site.teams[fallback], mapping=MappingRecord(team_ids=frozenset({fallback})))
        )
    if level is Level.NONE:
        permissions, team_ids = frozenset(), frozenset()
    return Access(
        user_id=person.user_id,
        user_name=person.user_name,
        email=person.email,
        active=person.active and not person.deleted,
        blocked_because=_blocked_because(person, site, level),
        level=level,
        permissions=permissions,
        teams={team_id: site.teams[team_id] for team_id in team_ids},
        sources=tuple(sources),
        team_names=site.teams,
    )


def highest_level(levels: Iterable[Level]) -> Level:
    """The highest privilege wins; nothing granted is ``Level.NONE``."""
    return max(levels, default=Level.NONE)


def _sources(person: PersonFacts, site: SiteFacts) -> list[Source]:
    """Which mappings apply (docs/rules.md#3), in the order of their names: the same facts give the same list."""
    if person.deleted or not person.active:
        return []
    if person.local:
        return [Source(kind="local", name="Local administrator", mapping=LOCAL_ADMINISTRATOR)]
    if person.groups:
        return [_group_source(group_id, name, site) for group_id, name in sorted(person.groups, key=_by_name)]
    if person.last_ended == EndedBecause.REMOVED and site.last_group_policy == LastGroupPolicy.REVOKE:
        return []
    return [Source(kind="default", name=DEFAULT_MAPPING_NAME, mapping=site.default_mapping, uses_default=True)]


def _group_source(group_id: UUID, name: str, site: SiteFacts) -> Source:
    own = site.mappings.get(group_id)
    return Source(
        kind="group", name=name, mapping=own or site.default_mapping, uses_default=own is None, group_id=group_id
    )


def _by_name(group: tuple[UUID, str]) -> tuple[str, UUID]:
    return group[1], group[0]


def _blocked_because(person: PersonFacts, site: SiteFacts, level: Level) -> Blocked | None:
    """The first reason that prevents a sign-in, in the order in which somebody would have to remove them."""
    reasons = (
        (person.deleted, Blocked.DELETED),
        (not person.active, Blocked.DEACTIVATED),
        (level is Level.NONE, Blocked.NO_GROUP_ACCESS),
        # A local administrator signs in with a password and needs no link.
        (person.local, None),
        (not site.has_connection_for(person.email), Blocked.NO_SAML_CONNECTION),
        (person.linked, None),
        (person.conflicting, Blocked.IDENTITY_CONFLICT),
        (True, Blocked.AWAITING_SAML_SYNC),
    )
    return next(reason for applies, reason in reasons if applies)
