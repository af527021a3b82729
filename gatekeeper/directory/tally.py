"""Adding up what two states of the site's facts mean for people of each signature. Pure."""

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
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
    """Adds up what changes for whom.

    Access is worked out once for all who are granted the same, whichever groups grant it: what a person's groups grant
    together is kept as the bits of one number, which is quick to put together for a hundred thousand people.
    """

    def __init__(self, before: SiteFacts, after: SiteFacts) -> None:
        self.before, self.after = before, after
        self.affected = 0
        self.levels: Counter[tuple[Level, bool]] = Counter()
        self.permissions: Counter[tuple[Permission, bool]] = Counter()
        self.teams: Counter[tuple[UUID, bool]] = Counter()
        self.moves: Counter[tuple[Level, Level]] = Counter()
        self._grants: dict[UUID, int] = {}
        self._positions: dict[Hashable, int] = {}
        self._known: dict[Hashable, tuple[Access, Access, bool]] = {}

    def add(self, signature: Signature, count: int) -> None:
        """Count ``count`` people of this signature."""
        before, after, differs = self.both(signature)
        if not differs:
            return
        self.affected += count
        if before.level is not after.level:
            self.moves[before.level, after.level] += count
        _count(self.levels, {before.level}, {after.level}, count)
        _count(self.permissions, before.permissions, after.permissions, count)
        _count(self.teams, before.teams.keys(), after.teams.keys(), count)

    def both(self, signature: Signature) -> tuple[Access, Access, bool]:
        """Access before and after, and whether level, permissions or teams differ."""
        granted = 0
        for group_id in signature.groups:
            granted |= self._grants.get(group_id) or self.grant(group_id)
        key = signature.local, signature.last_ended, bool(signature.groups), granted
        known = self._known.get(key)
        if known is None:
            before, after = signature.access(self.before), signature.access(self.after)
            known = self._known[key] = before, after, worth_of(before) != worth_of(after)
        return known

    def grant(self, group_id: UUID) -> int:
        """What a group grants before and after, in bits: one for each level reached, permission and team."""
        grant = 0
        for side, site in enumerate((self.before, self.after)):
            for thing in _granted(site.mappings.get(group_id, site.default_mapping)):
                grant |= 1 << self._positions.setdefault((side, thing), len(self._positions))
        self._grants[group_id] = grant
        return grant


def worth_of(access: Access) -> tuple[Level, frozenset[Permission], frozenset[UUID]]:
    """What a change of access is about; why somebody has it plays no part."""
    return access.level, access.permissions, frozenset(access.teams)


def shifts(names: Mapping[Any, str], counter: Counter[tuple[Any, bool]]) -> tuple[Shift, ...]:
    """The counts by name, without those that do not move."""
    return tuple(
        Shift(name, counter[key, True], counter[key, False])
        for key, name in names.items()
        if counter[key, True] or counter[key, False]
    )


def _granted(mapping: MappingRecord) -> Iterator[Hashable]:
    """Of levels every one up to the mapping's own, so that the highest of several wins."""
    # A number and the name of a permission never equal each other, nor an id.
    yield from range(mapping.level.value + 1)
    yield from (permission.value for permission in mapping.permissions)
    yield from mapping.team_ids


def _count(counter: Counter[Any], before: Any, after: Any, people: int) -> None:
    for gained in after - before:
        counter[gained, True] += people
    for lost in before - after:
        counter[lost, False] += people
