"""What a proposed change would do, before it is made: the facts of now beside the facts as they would be.

Access is a pure function of facts, so a preview is that same function over facts plus the proposal. It runs once for
all who are granted the same (``tally.py``), not once for each person.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from gatekeeper.directory.access import Access, SiteFacts
from gatekeeper.directory.changes import MappingRecord
from gatekeeper.directory.folding import fold
from gatekeeper.directory.guards import somebody_could_configure
from gatekeeper.directory.levels import ADMINISTRATOR_LEVELS, Level
from gatekeeper.directory.models import Membership, User
from gatekeeper.directory.permissions import Permission
from gatekeeper.directory.queries import access_of_many, site_facts
from gatekeeper.directory.signatures import active_people, count_groupless, count_members, each_signature
from gatekeeper.directory.tally import Shift, Tally, shifts

PAGE = 50  # people on a page of the list


@dataclass(frozen=True, kw_only=True, slots=True)
class ProposedChange:
    """What somebody thinks of saving; what is left out stays as it is. Several parts may be proposed at once.

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
        """The change behind one pencil; ``group_id`` None is the Default Mapping."""
        if group_id is None:
            return cls(default_mapping=wanted)
        return cls(mappings={group_id: wanted})

    @classmethod
    def without_team(cls, site: SiteFacts, team_id: UUID) -> "ProposedChange":
        """The deletion of a team."""
        return cls(teams={known: name for known, name in site.teams.items() if known != team_id})

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


@dataclass(frozen=True, slots=True)
class Move:
    """How many people would go from one level to another."""

    before: Level
    after: Level
    people: int


@dataclass(frozen=True, slots=True)
class Consequence:
    """What an administrator is warned of. ``code`` is stable; ``text`` names the consequence in one sentence."""

    code: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """What would change, counted in people. ``affected``: whose level, permissions or teams would differ."""

    affected: int
    levels: tuple[Shift, ...]
    permissions: tuple[Shift, ...]
    teams: tuple[Shift, ...]
    moves: tuple[Move, ...]
    warnings: tuple[Consequence, ...]
    before: SiteFacts
    after: SiteFacts

    @property
    def sentence(self) -> str:
        """The first line of the preview."""
        if not self.affected:
            return "Nobody's access changes."
        return (
            "1 person's access changes." if self.affected == 1 else f"The access of {self.affected:,} people changes."
        )

    @property
    def fingerprint(self) -> str:
        """Save carries it: where it differs from a fresh preview's, facts changed meanwhile."""
        return hashlib.sha256(json.dumps(self.as_document(), sort_keys=True).encode()).hexdigest()[:32]

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


@dataclass(frozen=True, slots=True)
class AffectedPerson:
    """One line of the list: the person, and their access before and after."""

    user: User
    before: Access
    after: Access


def preview_change(change: ProposedChange, *, by: User | None = None) -> Preview:
    """What ``change`` would do now; ``by`` is who would make it, and is warned about their own access."""
    site = site_facts()
    return preview_between(site, change.applied_to(site), by=by)


def preview_between(before: SiteFacts, after: SiteFacts, *, by: User | None = None) -> Preview:
    """What lies between two states of the site's facts, for the people as they are now.

    Cost: one query over memberships (two more when people in no group are in reach), a few for warnings; access is
    worked out once for all who are granted the same.
    """
    tally = Tally(before, after)
    touched = _touched(before, after)
    if touched is None:
        counts = chain(count_members(tally.grant), count_groupless())
    else:
        counts = chain(count_members(tally.grant, touched) if touched else ())
    for signature, count in counts:
        tally.add(signature, count)
    return Preview(
        affected=tally.affected,
        levels=shifts({level: level.label for level in Level}, tally.levels),
        permissions=shifts({permission: permission.label for permission in Permission}, tally.permissions),
        teams=shifts({**before.teams, **after.teams}, tally.teams),
        moves=tuple(Move(*pair, count) for pair, count in sorted(tally.moves.items())),
        warnings=tuple(_warnings(before, after, tally, by)),
        before=before,
        after=after,
    )


def affected_people(
    preview: Preview, *, search: str = "", start: int = 0, limit: int = PAGE
) -> tuple[list[AffectedPerson], bool]:
    """One page of the people whose access would change, by name; and whether there are more after it.

    ``search`` finds parts of the display name, userName and work e-mail in any case.
    """
    people, touched = active_people(), _touched(preview.before, preview.after)
    if touched is not None:
        people = people.filter(pk__in=Membership.objects.live().filter(group__in=touched).values("user"))
    tally = Tally(preview.before, preview.after)
    found = list(islice(_changing(_searched(people, search), tally), start, start + limit + 1))
    users = User.objects.in_bulk([user_id for user_id, _, _ in found[:limit]])
    page = [AffectedPerson(users[user_id], before, after) for user_id, before, after in found[:limit]]
    return page, len(found) > limit


def _changing(people: QuerySet[User], tally: Tally) -> Iterator[tuple[UUID, Access, Access]]:
    for user_id, signature in each_signature(people.order_by("user_name_folded", "id")):
        before, after, differs = tally.both(signature)
        if differs:
            yield user_id, before, after


def _searched(people: QuerySet[User], search: str) -> QuerySet[User]:
    text = search.strip()
    if not text:
        return people
    folded = fold(text)
    return people.filter(
        Q(display_name__icontains=text) | Q(user_name_folded__contains=folded) | Q(work_email_folded__contains=folded)
    )


def _touched(before: SiteFacts, after: SiteFacts) -> list[UUID] | None:
    """The groups whose members' access could differ; None when it could for anybody."""
    for_everybody = (
        before.teams.keys() != after.teams.keys()
        or before.fallback_team_id != after.fallback_team_id
        or before.last_group_policy != after.last_group_policy
        or before.default_mapping != after.default_mapping
    )
    if for_everybody:
        return None
    named = before.mappings.keys() | after.mappings.keys()
    return [group_id for group_id in named if before.mappings.get(group_id) != after.mappings.get(group_id)]


def _warnings(before: SiteFacts, after: SiteFacts, tally: Tally, by: User | None) -> Iterator[Consequence]:
    count = tally.levels[Level.GLOBAL_ADMINISTRATOR, True]
    if count:
        who = "1 person becomes" if count == 1 else f"{count:,} people become"
        yield Consequence("becomes_global_administrator", f"{who} Global Administrator.")
    if before.default_mapping != after.default_mapping and after.default_mapping.level in ADMINISTRATOR_LEVELS:
        label = after.default_mapping.level.label
        yield Consequence("administrator_default", f"Everybody who has the Default Mapping becomes {label}.")
    if by is not None:
        yield from _warnings_to(by, before, after)
    if somebody_could_configure(before) and not somebody_could_configure(after):
        yield Consequence("nobody_could_configure", "Nobody could configure Gatekeeper any more.")


def _warnings_to(by: User, before: SiteFacts, after: SiteFacts) -> Iterator[Consequence]:
    now = access_of_many([by], site=before)[by.id]
    then = access_of_many([by], site=after)[by.id]
    if now.can_sign_in and not then.can_sign_in:
        yield Consequence("lose_own_access", "You lose your own access.")
    elif now.can_configure and not then.can_configure:
        yield Consequence("lose_own_configuration", "You can no longer configure Gatekeeper yourself.")


def _shifts_document(some: tuple[Shift, ...]) -> list[dict[str, Any]]:
    return [{"name": shift.name, "gained": shift.gained, "lost": shift.lost} for shift in some]
