"""Proposed changes of the site's facts, as values: a preview is made of them before anything is written."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from gatekeeper.directory.access.resolver import SiteFacts
from gatekeeper.directory.changes import MappingRecord


@dataclass(frozen=True, kw_only=True, slots=True)
class ProposedChange:
    """A change of one or several of the site's facts; what is left out stays as it is.

    ``mappings``: by group id, None puts the group back on the Default Mapping. ``fallback_team``: (id,) or (None,),
    empty keeps the present one. ``teams``: all teams as they would be, by id; None keeps them.
    """

    mappings: Mapping[UUID, MappingRecord | None] = field(default_factory=dict)
    default_mapping: MappingRecord | None = None
    fallback_team: tuple[UUID | None] | tuple[()] = ()
    last_group_policy: str | None = None
    teams: Mapping[UUID, str] | None = None

    @classmethod
    def mapping(cls, group_id: UUID | None, wanted: MappingRecord | None) -> "ProposedChange":
        """The change of one mapping; ``group_id`` None is the Default Mapping."""
        if group_id is None:
            return cls(default_mapping=wanted)
        return cls(mappings={group_id: wanted})

    @classmethod
    def without_team(cls, site: SiteFacts, team_id: UUID) -> "ProposedChange":
        """The deletion of a team."""
        return cls(teams=_others(site, team_id))

    @classmethod
    def merged_teams(cls, site: SiteFacts, source: UUID, target: UUID) -> "ProposedChange":
        """The merger of a team into another: whatever names ``source`` names ``target`` instead."""

        def renamed(mapping: MappingRecord) -> MappingRecord:
            return replace(mapping, team_ids=mapping.team_ids - {source} | {target})

        naming = {group: mapping for group, mapping in site.mappings.items() if source in mapping.team_ids}
        return cls(
            mappings={group_id: renamed(mapping) for group_id, mapping in naming.items()},
            default_mapping=renamed(site.default_mapping) if source in site.default_mapping.team_ids else None,
            fallback_team=(target,) if site.fallback_team_id == source else (),
            teams=_others(site, source),
        )

    def applied_to(self, site: SiteFacts) -> SiteFacts:
        """The facts as they would be."""
        mappings = {**site.mappings, **self.mappings}
        return replace(
            site,
            mappings={group_id: record for group_id, record in mappings.items() if record is not None},
            default_mapping=self.default_mapping or site.default_mapping,
            fallback_team_id=self.fallback_team[0] if self.fallback_team else site.fallback_team_id,
            last_group_policy=self.last_group_policy or site.last_group_policy,
            teams=dict(self.teams) if self.teams is not None else site.teams,
        )

    def replaced_in(self, site: SiteFacts) -> "ProposedChange":
        """The change that would undo this one: the facts of ``site`` in its place."""
        return ProposedChange(
            mappings={group_id: site.mappings.get(group_id) for group_id in self.mappings},
            default_mapping=site.default_mapping if self.default_mapping else None,
            fallback_team=(site.fallback_team_id,) if self.fallback_team else (),
            last_group_policy=str(site.last_group_policy) if self.last_group_policy else None,
            teams=site.teams if self.teams is not None else None,
        )

    @property
    def digest(self) -> str:
        """A digest of the change, the same in every process."""
        parts: list[Any] = [
            sorted((str(group_id), _plain(record)) for group_id, record in self.mappings.items()),
            _plain(self.default_mapping),
            [str(team_id) for team_id in self.fallback_team],
            self.last_group_policy,
            None if self.teams is None else sorted((str(team_id), name) for team_id, name in self.teams.items()),
        ]
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _plain(mapping: MappingRecord | None) -> str:
    if mapping is None:
        return ""
    return repr((mapping.level.slug, sorted(map(str, mapping.permissions)), sorted(map(str, mapping.team_ids))))


def _others(site: SiteFacts, team_id: UUID) -> dict[UUID, str]:
    return {known: name for known, name in site.teams.items() if known != team_id}
