"""The origin of something that a person has: since when they have had it without a break, and who decided it."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from functools import cached_property, reduce
from operator import or_
from typing import TypeVar
from uuid import UUID

from django.db.models import Q

from gatekeeper.audit.events import Event
from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.access.resolver import Access, Source
from gatekeeper.directory.changes import MappingRecord
from gatekeeper.directory.history.facts import History, holds
from gatekeeper.directory.models import EndedBecause, MappingVersion, SiteChoice

# Whether a mapping grants the thing that is asked about.
Gives = Callable[[MappingRecord], bool]
Decision = tuple[datetime | None, str]
Change = tuple[str, datetime]  # the audit entry's object_id, and when the change was made
Fact = TypeVar("Fact", MappingVersion, SiteChoice)

UNDECIDED: Decision = (None, "")
# The service that writes a fact writes its audit entry a moment later, in the same transaction.
WRITTEN_WITHIN = timedelta(minutes=1)
_AT_ONCE = 100  # changes that one statement is about


class Trace:
    """One person's history up to a moment, walked backwards."""

    def __init__(self, history: History, at: datetime) -> None:
        self.history, self.at = history, at
        self._known: dict[tuple[Event, Change], str] = {}
        self._back: list[tuple[datetime, Access]] = [
            (moment, history.access_at(moment)) for moment in reversed(history.moments) if moment <= at
        ]

    def since(self, source: Source, gives: Gives) -> datetime | None:
        """Since when, without a break, this source has granted it."""
        began = None
        for moment, access in self._back:
            if not any(_same(source, other) and gives(other.mapping) for other in access.sources):
                break
            began = moment
        return began

    def member_since(self, source: Source) -> datetime | None:
        """When the person joined the group that the source is; None where it is none."""
        joined = (
            membership.since
            for membership in self.history.memberships
            if membership.group_id == source.group_id and holds(membership, self.at)
        )
        return next(joined, None)

    def decision(self, source: Source, gives: Gives) -> Decision:
        """When and by whom it was decided that the source grants it."""
        if source.kind == "local":
            created = self.history.user.created_at
            return created, self._who(Event.ADMINISTRATOR_CREATED, self.history.user.id, created)
        if source.kind == "fallback":
            return self._choice(Event.FALLBACK_TEAM_CHOSEN, lambda choice: choice.fallback_team_id)
        if not source.uses_default:
            return self._version(source.group_id, gives)
        return _latest(self._version(None, gives), self._why_default(source.group_id))

    def _version(self, group_id: UUID | None, gives: Gives) -> Decision:
        """The first of the versions, without a gap up to the present one, that granted it."""
        versions = [version for version in self.history.versions if version.group_id == group_id]
        first = self._first(versions, lambda version: gives(version.record()))
        return (first.since, first.made_by) if first else UNDECIDED

    def _why_default(self, group_id: UUID | None) -> Decision:
        """The decision that gave the person the Default Mapping: the reset of a group's own one, or the policy."""
        if group_id is None:
            if self.history.last_ended(self.at) != EndedBecause.REMOVED:
                return UNDECIDED
            return self._choice(Event.LAST_GROUP_POLICY_SET, lambda choice: choice.last_group_policy)
        reset = self._reset(group_id)
        return (reset, self._resetters[str(group_id), reset]) if reset else UNDECIDED

    def _reset(self, group_id: UUID) -> datetime | None:
        """When the group's own mapping was reset the last time."""
        ends = (version.until for version in self.history.versions if version.group_id == group_id)
        return max((end for end in ends if end and end <= self.at), default=None)

    @cached_property
    def _resetters(self) -> dict[Change, str]:
        """Who reset the mappings of the person's groups; of all at once, since somebody may be in many."""
        groups = {membership.group_id for membership in self.history.memberships}
        resets = ((str(group_id), self._reset(group_id)) for group_id in groups)
        return who(Event.MAPPING_RESET, [(group_id, reset) for group_id, reset in resets if reset])

    def _who(self, event: Event, object_id: object, at: datetime) -> str:
        """Asked a single time, however many things somebody has by that decision."""
        change = (str(object_id), at)
        if (event, change) not in self._known:
            self._known[event, change] = who(event, [change])[change]
        return self._known[event, change]

    def _choice(self, event: Event, chosen: Callable[[SiteChoice], object]) -> Decision:
        present = self.history.choice_at(self.at)
        if present is None:
            return UNDECIDED
        first = self._first(self.history.choices, lambda choice: chosen(choice) == chosen(present))
        return (first.since, self._who(event, event.value.partition(".")[0], first.since)) if first else UNDECIDED

    def _first(self, facts: Sequence[Fact], wanted: Callable[[Fact], bool]) -> Fact | None:
        """The first of the wanted facts that lead, without a gap, to the one that holds."""
        first = next((fact for fact in facts if holds(fact, self.at)), None)
        before = first
        while first and before:
            first, since = before, before.since
            earlier = (fact for fact in facts if fact.since < since == fact.until and wanted(fact))
            before = next(earlier, None)
        return first


def who(event: Event, changes: Collection[Change]) -> dict[Change, str]:
    """Who made each of these changes, from its audit entry; "" where that is past its retention.

    One query for a hundred of them.
    """
    ordered = sorted(changes, key=lambda change: change[1])
    found: dict[Change, str] = {}
    for start in range(0, len(ordered), _AT_ONCE):
        some = ordered[start : start + _AT_ONCE]
        entries = list(
            AuditEntry.objects.filter(reduce(or_, map(_entry_of, some)), event=event)
            .order_by("id")
            .values_list("object_id", "at", "actor_name")
        )
        for object_id, moment in some:
            until = moment + WRITTEN_WITHIN
            names = (name for entry_of, at, name in entries if entry_of == object_id and moment <= at <= until)
            found[object_id, moment] = next(names, "")
    return found


def _entry_of(change: Change) -> Q:
    object_id, moment = change
    return Q(object_id=object_id, at__range=(moment, moment + WRITTEN_WITHIN))


def _same(one: Source, other: Source) -> bool:
    return (one.kind, one.group_id, one.uses_default) == (other.kind, other.group_id, other.uses_default)


def _latest(one: Decision, other: Decision) -> Decision:
    """The later of two decisions: only with it did both hold."""
    return max(one, other, key=lambda decision: decision[0].timestamp() if decision[0] else float("-inf"))
