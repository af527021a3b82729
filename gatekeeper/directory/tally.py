"""Adding up what two states of the site's facts mean for people of each signature. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from gatekeeper.directory.access import Access, SiteFacts
from gatekeeper.directory.changes import MappingRecord
from gatekeeper.directory.levels import Level
from gatekeeper.directory.permissions import Permission
from gatekeeper.directory.signatures import Signature


@dataclass(frozen=True, slots=True)
class Shift:
    """How many people would gain and lose one level, permission or team."""

    name: str
    gained: int
    lost: int


class Tally:
    """Adds up what changes for whom. Groups of equal worth before and after count as one group."""

    def __init__(self, before: SiteFacts, after: SiteFacts) -> None:
        self.before, self.after = before, after
        self.affected = 0
        self.levels: Counter[tuple[Level, bool]] = Counter()
        self.permissions: Counter[tuple[Permission, bool]] = Counter()
        self.teams: Counter[tuple[UUID, bool]] = Counter()
        self.moves: Counter[tuple[Level, Level]] = Counter()
        self._twins: dict[UUID, UUID] = {}
        self._first_of: dict[tuple[MappingRecord | None, MappingRecord | None], UUID] = {}
        self._known: dict[Signature, tuple[Access, Access]] = {}

    def add(self, signature: Signature, count: int) -> None:
        """Count ``count`` people of this signature."""
        before, after = self.both(signature)
        if worth_of(before) == worth_of(after):
            return
        self.affected += count
        if before.level is not after.level:
            self.moves[before.level, after.level] += count
        _count(self.levels, {before.level}, {after.level}, count)
        _count(self.permissions, before.permissions, after.permissions, count)
        _count(self.teams, before.teams.keys(), after.teams.keys(), count)

    def both(self, signature: Signature) -> tuple[Access, Access]:
        """Access before and after, worked out once for each combination."""
        plain = replace(signature, groups=frozenset(map(self._twin, signature.groups)))
        known = self._known.get(plain)
        if known is None:
            known = self._known[plain] = plain.access(self.before), plain.access(self.after)
        return known

    def _twin(self, group_id: UUID) -> UUID:
        """One group for all that are worth the same, before and after."""
        twin = self._twins.get(group_id)
        if twin is None:
            worth = self.before.mappings.get(group_id), self.after.mappings.get(group_id)
            twin = self._twins[group_id] = self._first_of.setdefault(worth, group_id)
        return twin


def worth_of(access: Access) -> tuple[Level, frozenset[Permission], frozenset[UUID]]:
    """What a change of access is about; why somebody has it plays no part."""
    return access.level, access.permissions, frozenset(access.teams)


def _count(counter: Counter[Any], before: Any, after: Any, people: int) -> None:
    for gained in after - before:
        counter[gained, True] += people
    for lost in before - after:
        counter[lost, False] += people


def shifts(names: Mapping[Any, str], counter: Counter[tuple[Any, bool]]) -> tuple[Shift, ...]:
    """The counts by name, without those that do not move."""
    return tuple(
        Shift(name, counter[key, True], counter[key, False])
        for key, name in names.items()
        if counter[key, True] or counter[key, False]
    )
