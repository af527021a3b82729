"""The preview of a proposed change: what it would change for how many people.

Access is a pure function of facts, so a preview is that function over the facts plus the proposal. It is evaluated once
for all who are granted the same (``counts.py``), not once for each person.
"""

import hashlib
import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gatekeeper.directory.access.affected_scope import affected_scope_between
from gatekeeper.directory.access.group_sets import groupless_rows, member_rows
from gatekeeper.directory.access.resolver import Access, SiteFacts
from gatekeeper.directory.impact.counts import ImpactCounts, Kind, Shift, shifts
from gatekeeper.directory.impact.warnings import Consequence, consequences
from gatekeeper.directory.levels import Level
from gatekeeper.directory.models import User
from gatekeeper.directory.permissions import Permission


@dataclass(frozen=True, slots=True)
class Move:
    """How many people would go from one level to another."""

    before: Level
    after: Level
    people: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """What would change, counted in people. ``affected``: whose level, permissions or teams would differ."""

    affected: int
    levels: tuple[Shift, ...]
    permissions: tuple[Shift, ...]
    teams: tuple[Shift, ...]
    moves: tuple[Move, ...]
    warnings: tuple[Consequence, ...]
    kinds: tuple[Kind, ...]

    @property
    def sentence(self) -> str:
        """The first line of the preview."""
        if not self.affected:
            return _("Nobody's access changes.")
        changes = ngettext(
            "%(people)s person's access changes.", "The access of %(people)s people changes.", self.affected
        )
        return changes % {"people": f"{self.affected:,}"}

    @property
    def fingerprint(self) -> str:
        """A digest of the preview. Save sends it: where a fresh preview has another one, facts changed meanwhile.

        It covers who is affected and how, not only how many: one person more and another one fewer is a change. It
        covers no text, which is another one in another language.
        """
        covered = hashlib.sha256(json.dumps([warning.values for warning in self.warnings]).encode())
        who = defaultdict[str, list[str]](list)
        for kind in self.kinds:
            who[_as_text(kind)] += kind.people
        for what, people in sorted(who.items()):
            covered.update("".join([what, *sorted(people)]).encode())
        return covered.hexdigest()[:32]

    def kind_of_affected(self) -> dict[str, Kind]:
        """Everybody whose access would differ, by their id as text."""
        found: dict[str, Kind] = {}
        for kind in self.kinds:
            found.update(dict.fromkeys(kind.people, kind))
        return found

    def as_document(self) -> dict[str, Any]:
        """The same as JSON."""
        return {
            "people": self.affected,
            "levels": _shifts_document(self.levels),
            "permissions": _shifts_document(self.permissions),
            "teams": _shifts_document(self.teams),
            "moves": [{"from": move.before.slug, "to": move.after.slug, "people": move.people} for move in self.moves],
            "warnings": [{"code": warning.code, "text": warning.text} for warning in self.warnings],
        }


def preview_between(before: SiteFacts, after: SiteFacts, *, by: User | None = None) -> Preview:
    """What differs between two states of the site's facts, for the people as they are now.

    Cost: two queries over memberships (and two over people in no group, when they are in scope), a few for warnings;
    none where nothing differs. Access is computed once for all who are granted the same.
    """
    counts, scope = ImpactCounts(before, after), affected_scope_between(before, after)
    counts.add_members(member_rows(scope))
    counts.add_groupless(groupless_rows(scope))
    kinds = counts.changing()
    moves = Counter[tuple[Level, Level]]()
    for kind in kinds:
        if kind.before.level is not kind.after.level:
            moves[kind.before.level, kind.after.level] += len(kind.people)
    return Preview(
        affected=sum(len(kind.people) for kind in kinds),
        levels=_level_shifts(kinds),
        permissions=shifts(
            {permission: permission.label for permission in Permission},
            ((kind.before.permissions, kind.after.permissions, len(kind.people)) for kind in kinds),
        ),
        teams=shifts(
            {**before.teams, **after.teams},
            ((kind.before.teams.keys(), kind.after.teams.keys(), len(kind.people)) for kind in kinds),
        ),
        moves=tuple(Move(*pair, count) for pair, count in sorted(moves.items())),
        warnings=tuple(consequences(before, after, kinds, by)) if before != after else (),
        kinds=tuple(kinds),
    )


def _level_shifts(kinds: list[Kind]) -> tuple[Shift, ...]:
    """Gains and losses by level. Going to no level counts as access lost, and not as a level gained."""
    moves = [(frozenset([kind.before.level]), frozenset([kind.after.level]), len(kind.people)) for kind in kinds]
    nothing = shifts({Level.NONE: _("Access")}, moves)
    levels = shifts({level: level.label for level in Level if level is not Level.NONE}, moves)
    return (*(Shift(each.name, each.lost, each.gained) for each in nothing), *levels)


def _as_text(kind: Kind) -> str:
    """What changes for people of a kind, as a text that is the same in every process."""
    sides = ((access.level.slug, sorted(access.permissions), sorted(map(str, access.teams))) for access in _sides(kind))
    return json.dumps(list(sides))


def _sides(kind: Kind) -> tuple[Access, Access]:
    return kind.before, kind.after


def _shifts_document(some: tuple[Shift, ...]) -> list[dict[str, Any]]:
    return [{"name": shift.name, "gained": shift.gained, "lost": shift.lost} for shift in some]
