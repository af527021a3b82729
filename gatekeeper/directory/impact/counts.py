"""Impact counts: how many people gain and lose what between two states of the site's facts. Pure functions."""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from gatekeeper.directory.access.group_sets import GroupSet
from gatekeeper.directory.access.resolver import Access, SiteFacts
from gatekeeper.directory.changes import MappingRecord
from gatekeeper.directory.levels import Level
from gatekeeper.directory.permissions import Permission


@dataclass(frozen=True, slots=True)
class Shift:
    """How many people would gain and lose one level, permission or team."""

    name: str
    gained: int
    lost: int


@dataclass(slots=True)
class Kind:
    """People to whom the same happens: their access before and after, and their ids as texts if that differs."""

    before: Access
    after: Access
    differs: bool
    people: list[str] = field(default_factory=list)


class ImpactCounts:
    """Counts people by what changes for them.

    Access is computed once for all who are granted the same, whichever groups grant it. What a person's groups grant
    together is held as the bits of one number, which is fast to combine for a hundred thousand people.
    """

    def __init__(self, before: SiteFacts, after: SiteFacts) -> None:
        self.before, self.after = before, after
        self._grants = _Grants(self)
        self._positions: dict[Hashable, int] = {}
        self._members: dict[int, Kind] = {}
        self._groupless: dict[tuple[bool, str | None], Kind] = {}

    def add_members(self, rows: Iterable[tuple[str, str]]) -> None:
        """Count people who are in groups, given with the ids of their groups as one text."""
        known, granted_by = self._members, self._grants.together
        for user_id, joined in rows:
            granted = granted_by(joined)
            kind = known.get(granted)
            if kind is None:
                kind = known[granted] = self._kind(GroupSet(groups=_ids(joined)))
            if kind.differs:
                kind.people.append(user_id)

    def add_groupless(self, rows: Iterable[tuple[str, bool, str | None]]) -> None:
        """Count people in no group, given with whether they are local and why their last membership ended."""
        for user_id, local, last_ended in rows:
            kind = self._of_groupless(GroupSet(local=local, last_ended=last_ended))
            if kind.differs:
                kind.people.append(user_id)

    def changing(self) -> list[Kind]:
        """The kinds of people whose access differs, without those that nobody is of."""
        return [kind for kind in (*self._members.values(), *self._groupless.values()) if kind.people]

    def grant(self, group_id: UUID) -> int:
        """What a group grants before and after, in bits: one for each level reached, permission and team."""
        grant = 0
        for side, site in enumerate((self.before, self.after)):
            for thing in _granted(site.mappings.get(group_id, site.default_mapping)):
                grant |= 1 << self._positions.setdefault((side, thing), len(self._positions))
        return grant

    def _of_groupless(self, group_set: GroupSet) -> Kind:
        key = group_set.local, group_set.last_ended
        if key not in self._groupless:
            self._groupless[key] = self._kind(group_set)
        return self._groupless[key]

    def _kind(self, group_set: GroupSet) -> Kind:
        before, after = group_set.access(self.before), group_set.access(self.after)
        return Kind(before, after, grants_of(before) != grants_of(after))


class _Grants(dict[str, int]):
    """What each group grants, by the text of its id; computed once for each group."""

    def __init__(self, counts: ImpactCounts) -> None:
        super().__init__()
        self._counts = counts

    def __missing__(self, text: str) -> int:
        self[text] = self._counts.grant(UUID(text))
        return self[text]

    def together(self, joined: str) -> int:
        return reduce(or_, map(self.__getitem__, joined.split(",")))


def _ids(joined: str) -> frozenset[UUID]:
    return frozenset(map(UUID, joined.split(",")))


def grants_of(access: Access) -> tuple[Level, frozenset[Permission], frozenset[UUID]]:
    """What somebody is granted, without the sources: two accesses with the same grants do not differ."""
    return access.level, access.permissions, frozenset(access.teams)


def shifts(names: Mapping[Any, str], moves: Iterable[tuple[Any, Any, int]]) -> tuple[Shift, ...]:
    """How many gain and lose each thing, by name, without those that do not move.

    ``moves``: what some people have before, what they have after, how many people these are.
    """
    gained, lost = Counter[Any](), Counter[Any]()
    for before, after, people in moves:
        gained.update(dict.fromkeys(after - before, people))
        lost.update(dict.fromkeys(before - after, people))
    return tuple(Shift(name, gained[key], lost[key]) for key, name in names.items() if gained[key] or lost[key])


def _granted(mapping: MappingRecord) -> Iterator[Hashable]:
    """What a mapping grants, as values to be united: every level up to its own, so that the highest level wins."""
    # A number and the name of a permission never equal each other, nor an id.
    yield from range(mapping.level.value + 1)
    yield from (permission.value for permission in mapping.permissions)
    yield from mapping.team_ids
