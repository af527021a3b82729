"""Who has a level, a permission and a team, all at once, as disjoint parts: ``resolver.py`` over everybody, in SQL."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from gatekeeper.directory.access.affected_scope import Holds
from gatekeeper.directory.access.group_sets import GroupSet
from gatekeeper.directory.access.people_parts import Parts, gives_level, granted, names_a_team, without_level
from gatekeeper.directory.access.resolver import Access, SiteFacts
from gatekeeper.directory.levels import Level
from gatekeeper.directory.models import Origin, User
from gatekeeper.directory.permissions import Permission


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What people are looked for by; None: by anything. ``level`` is exact, the others are among what somebody has."""

    level: Level | None = None
    permission: Permission | None = None
    team: UUID | None = None

    def __bool__(self) -> bool:
        return self != Wanted()

    def is_held_by(self, access: Access) -> bool:
        """The same question about one person, active now."""
        return (
            self.level in (None, access.level)
            and (self.permission is None or self.permission in access.permissions)
            and (self.team is None or self.team in access.teams)
        )


def holders_among(active: QuerySet[User], wanted: Wanted, site: SiteFacts, at: datetime | None = None) -> Parts:
    """Those of the ``active`` people whose effective access has all that is wanted."""
    provisioned = active.filter(origin=Origin.SCIM)
    if wanted.level is Level.NONE:
        return [] if wanted.permission or wanted.team else without_level(provisioned, site, at)
    parts = [
        part
        for holds, never in _ways(wanted, site)
        for part in granted(provisioned, site, *holds, never=_any_of(never), at=at)
    ]
    is_local = wanted.is_held_by(GroupSet(local=True).access(site))
    return [*parts, *([active.filter(origin=Origin.LOCAL)] if is_local else [])]


def _ways(wanted: Wanted, site: SiteFacts) -> Iterator[tuple[Sequence[Holds], Sequence[Holds]]]:
    """What mappings have to fulfil, each by one of somebody's, and what none of theirs may; nobody fulfils two ways."""
    level, permission, team = wanted.level, wanted.permission, wanted.team
    holds = [*([_is_of(level)] if level else []), *([_names(permission)] if permission else [])]
    never = [_is_above(level)] if level else []
    if team is None:
        yield _with_a_level(holds, site), never
    elif team in site.teams:
        yield _with_a_level([*holds, _gives(team)], site), never
        if team == site.fallback_team_id:
            yield _with_a_level(holds, site), [*never, names_a_team(site)]


def _is_of(level: Level) -> Holds:
    return lambda mapping: mapping.level is level


def _is_above(level: Level) -> Holds:
    return lambda mapping: mapping.level > level


def _names(permission: Permission) -> Holds:
    return lambda mapping: permission in mapping.permissions


def _gives(team: UUID) -> Holds:
    return lambda mapping: team in mapping.team_ids


def _with_a_level(holds: Sequence[Holds], site: SiteFacts) -> Sequence[Holds]:
    """Beside no level nothing has effect; it is asked unless whatever fulfils one of ``holds`` gives a level anyway."""
    mappings = (site.default_mapping, *site.mappings.values())
    is_sure = any(all(gives_level(mapping) for mapping in mappings if each(mapping)) for each in holds)
    return holds if is_sure else [*holds, gives_level]


def _any_of(conditions: Sequence[Holds]) -> Holds | None:
    if not conditions:
        return None
    return lambda mapping: any(each(mapping) for each in conditions)
