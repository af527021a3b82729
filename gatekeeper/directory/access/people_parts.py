"""Lists of people in disjoint parts, each a conjunction of EXISTS and NOT EXISTS.

A database joins such conditions as whole sets, or follows an index where a page ends after fifty people. Below OR each
of them is a sub-plan that runs for every person. So what holds for one of several reasons is a list of several parts.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from gatekeeper.directory.access.affected_scope import (
    Holds,
    default_mapping_applies,
    groups_where,
    in_no_group,
    members_where,
    was_left_with_nothing,
    was_removed_last,
)
from gatekeeper.directory.access.resolver import SiteFacts
from gatekeeper.directory.changes import MappingRecord
from gatekeeper.directory.levels import Level
from gatekeeper.directory.models import LastGroupPolicy, User
from gatekeeper.runtime.statements.unions import union_all

Parts = Sequence[QuerySet[User]]  # nobody is in two of them
NO_HINT = Q()


def granted(
    people: QuerySet[User],
    site: SiteFacts,
    *holds: Holds,
    never: Holds | None = None,
    at: datetime | None = None,
    groupless: Q = NO_HINT,
) -> list[QuerySet[User]]:
    """Those of ``people`` to whom, for each of ``holds``, a mapping applies that fulfils it (docs/rules.md#3).

    ``people``: active ones from the identity provider, now or at a moment. ``never``: and none that fulfils this.
    ``groupless``: what is true of whoever is in no group and finds them sooner.
    """
    parts, default = [], site.default_mapping
    if never:  # nobody's mapping may fulfil it, so those that do need not be looked for
        holds = tuple(_but_not(never, each) for each in holds)
    groups = [groups_where(site, each) for each in holds]
    if None not in groups:
        in_groups = people.filter(*(members_where(each, at) for each in groups))
        parts.append(in_groups.filter(~members_where(groups_where(site, never), at)) if never else in_groups)
    if all(each(default) for each in holds):
        parts.append(people.filter(groupless, default_mapping_applies(site, at)))
    return parts


def with_level_in_bulk(people: QuerySet[User], site: SiteFacts) -> list[QuerySet[User]]:
    """Those of ``people`` to whom a mapping gives a level, where these are nearly everybody.

    Where every mapping gives one, nobody's groups are looked for: without a level is only who was removed from their
    last group. All memberships that ended are read for these: of a page or a search ``granted`` reads less.
    """
    if not all(gives_level(mapping) for mapping in (site.default_mapping, *site.mappings.values())):
        return granted(people, site, gives_level)
    return [people.filter(~was_left_with_nothing())] if site.last_group_policy == LastGroupPolicy.REVOKE else [people]


def without_level(people: QuerySet[User], site: SiteFacts, at: datetime | None = None) -> list[QuerySet[User]]:
    """Those of ``people`` to whom no mapping gives a level; ``people`` as for ``granted``."""
    giving, giving_none = groups_where(site, gives_level), groups_where(site, _gives_no_level)
    parts = [] if giving_none is None else [people.filter(members_where(giving_none, at), ~members_where(giving, at))]
    if site.default_mapping.level is Level.NONE:
        parts.append(people.filter(in_no_group(at)))
    elif site.last_group_policy == LastGroupPolicy.REVOKE:
        parts.append(people.filter(in_no_group(at), was_removed_last(at)))
    return parts


def gives_level(mapping: MappingRecord) -> bool:
    """Whether a mapping lets anybody in."""
    return mapping.level is not Level.NONE


def _gives_no_level(mapping: MappingRecord) -> bool:
    return not gives_level(mapping)


def _but_not(never: Holds, holds: Holds) -> Holds:
    return lambda mapping: holds(mapping) and not never(mapping)


def names_a_team(site: SiteFacts) -> Holds:
    """Whether a mapping gives a team that still exists."""
    return lambda mapping: bool(mapping.team_ids & site.teams.keys())


def united(parts: Parts) -> QuerySet[User]:
    """All of them as one list, for callers that count and slice it."""
    return parts[0] if len(parts) == 1 else as_set(parts)


def as_set(parts: Parts) -> QuerySet[User]:
    """All of them as one list that the database works out as a whole, whatever part of it is asked for."""
    ids = [part.order_by().values("pk") for part in parts]
    if not ids:
        return User.objects.none()
    everybody: QuerySet[Any, Any] = union_all(ids) if len(ids) > 1 else ids[0].distinct()
    return User.objects.filter(pk__in=everybody)


def count_people(parts: Parts) -> int:
    """How many there are; one query for each part."""
    return sum(part.count() for part in parts)
