"""What would put back what a decision replaced: read from the audit entries that it left. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar
from uuid import UUID

from gatekeeper.audit.events import Event
from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.access.resolver import INITIAL_DEFAULT_MAPPING, SiteFacts
from gatekeeper.directory.changes import MappingRecord
from gatekeeper.directory.impact.proposals import ProposedChange
from gatekeeper.directory.levels import Level
from gatekeeper.directory.permissions import Permission

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Replaced(Generic[T]):
    """``before``: what was replaced, and would come back. ``left``: what the decision left in its place."""

    before: T
    left: T


@dataclass(frozen=True, kw_only=True, slots=True)
class Reversal:
    """What a decision replaced. ``mappings``: by group id (None: the Default Mapping); None for no mapping of its own.

    ``created`` and ``ended``: teams that the decision made and ended, by their ids, with their names.
    """

    mappings: Mapping[UUID | None, Replaced[MappingRecord | None]] = field(default_factory=dict)
    fallback: Replaced[UUID | None] | None = None
    policy: Replaced[str] | None = None
    created: Mapping[UUID, str] = field(default_factory=dict)
    ended: Mapping[UUID, str] = field(default_factory=dict)
    renamed: Mapping[UUID, Replaced[str]] = field(default_factory=dict)

    def named_teams(self) -> set[UUID]:
        """The teams that would have to be there again."""
        mappings = (each.before for each in self.mappings.values())
        named = {team for mapping in mappings if mapping for team in mapping.team_ids}
        return named | ({self.fallback.before} if self.fallback and self.fallback.before else set())

    def without_teams(self, gone: Iterable[UUID]) -> "Reversal":
        """The same where mappings name none of these teams, which grant nothing any more."""
        left_out = frozenset(gone)

        def living(mapping: MappingRecord | None) -> MappingRecord | None:
            return replace(mapping, team_ids=mapping.team_ids - left_out) if mapping else None

        mappings = {key: Replaced(living(each.before), each.left) for key, each in self.mappings.items()}
        return replace(self, mappings=mappings)

    def proposal(self, site: SiteFacts) -> ProposedChange:
        """The change of the present facts that it comes to. A team that comes back has its former id here.

        Mappings that named it still do, so in a preview it is given again by what gave it.
        """
        default = self.mappings.get(None)
        groups = {key: each.before for key, each in self.mappings.items() if key is not None}
        return ProposedChange(
            mappings=groups,
            default_mapping=default.before if default else None,
            fallback_team=(self.fallback.before,) if self.fallback else (),
            last_group_policy=self.policy.before if self.policy else None,
            teams=self.teams_after(site) if self.created or self.ended or self.renamed else None,
        )

    def teams_after(self, site: SiteFacts) -> dict[UUID, str]:
        """All teams as they would be, by id."""
        kept = {team: name for team, name in site.teams.items() if team not in self.created}
        renamed = {team: each.before for team, each in self.renamed.items() if team in kept}
        return {**kept, **self.ended, **renamed}


def reversal_of(entries: Iterable[AuditEntry]) -> Reversal:
    """What the decision that left these entries replaced; they are in the order in which they were written.

    Raises: KeyError, ValueError, DomainError for an entry that this version does not understand.
    """
    found = _Found()
    for entry in entries:
        _READERS[Event(entry.event)](found, entry)
    return Reversal(**vars(found))


@dataclass
class _Found:
    """The parts of a reversal while entries are read: of several about one thing the first says what was before."""

    mappings: dict[UUID | None, Replaced[MappingRecord | None]] = field(default_factory=dict)
    fallback: Replaced[UUID | None] | None = None
    policy: Replaced[str] | None = None
    created: dict[UUID, str] = field(default_factory=dict)
    ended: dict[UUID, str] = field(default_factory=dict)
    renamed: dict[UUID, Replaced[str]] = field(default_factory=dict)

    def mapping(self, entry: AuditEntry) -> None:
        key = None if entry.object_id == "default" else UUID(entry.object_id)
        first = self.mappings[key].before if key in self.mappings else _mapping(key, entry.before)
        self.mappings[key] = Replaced(first, _mapping(key, entry.after))

    def choice_of_fallback(self, entry: AuditEntry) -> None:
        before, left = (_id(_stated(each, "fallback_team_id")) for each in (entry.before, entry.after))
        self.fallback = Replaced(self.fallback.before if self.fallback else before, left)

    def choice_of_policy(self, entry: AuditEntry) -> None:
        before, left = (_stated(each, "last_group_policy") for each in (entry.before, entry.after))
        self.policy = Replaced(self.policy.before if self.policy else before, left)

    def new_team(self, entry: AuditEntry) -> None:
        self.created[UUID(entry.object_id)] = entry.object_label

    def other_name(self, entry: AuditEntry) -> None:
        self.renamed[UUID(entry.object_id)] = Replaced(_stated(entry.before, "name"), _stated(entry.after, "name"))

    def end_of_team(self, entry: AuditEntry) -> None:
        self.ended[UUID(entry.object_id)] = entry.object_label

    def merger(self, entry: AuditEntry) -> None:
        self.ended[UUID(entry.object_id)] = _stated(entry.before, "name")


_READERS: Mapping[Event, Callable[[_Found, AuditEntry], None]] = {
    Event.MAPPING_SET: _Found.mapping,
    Event.MAPPING_RESET: _Found.mapping,
    Event.DEFAULT_MAPPING_SET: _Found.mapping,
    Event.FALLBACK_TEAM_CHOSEN: _Found.choice_of_fallback,
    Event.LAST_GROUP_POLICY_SET: _Found.choice_of_policy,
    Event.TEAM_CREATED: _Found.new_team,
    Event.TEAM_RENAMED: _Found.other_name,
    Event.TEAM_DELETED: _Found.end_of_team,
    Event.TEAM_MERGED: _Found.merger,
}
# The changes that can be undone. Whatever else a decision did (a custom attribute of a document) stays.
REVERSIBLE = frozenset(_READERS)


def _mapping(key: UUID | None, document: Mapping[str, Any] | None) -> MappingRecord | None:
    """A mapping as the trail keeps it. Nothing: the group had none of its own, and the default was the initial one."""
    if document is None:
        return INITIAL_DEFAULT_MAPPING if key is None else None
    return MappingRecord(
        level=Level.from_slug(document["level"]),
        permissions=frozenset(Permission.parse(name) for name in document["permissions"]),
        team_ids=frozenset(UUID(team_id) for team_id in document["teams"]),
    )


def _stated(document: Mapping[str, Any] | None, name: str) -> Any:
    return (document or {})[name]


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None
