"""How many people are in teams: who is in one follows from mappings, so it is counted over groups, up to a bound."""

from collections.abc import Collection, Mapping
from uuid import UUID

from django.db.models import IntegerField, QuerySet, Value
from django.db.models.functions import Coalesce

from gatekeeper.directory.access.affected_scope import default_mapping_applies, groups_where, outside_the_largest_group
from gatekeeper.directory.access.group_sets import GroupSet
from gatekeeper.directory.access.holders import Wanted, holders_among
from gatekeeper.directory.access.people_pages import are_few
from gatekeeper.directory.access.people_parts import Parts, gives_level
from gatekeeper.directory.access.resolver import SiteFacts
from gatekeeper.directory.models import Membership, Origin, Team, User
from gatekeeper.runtime import row_counts
from gatekeeper.runtime.row_counts import RowCount, RowsFound

_MEMBERSHIPS = 2  # read for each person that is counted: some people have several, and some are not active


def people_of_teams(team_ids: Collection[UUID], site: SiteFacts) -> Mapping[UUID, RowCount]:
    """The active people of each of these teams. Four statements, which stop counting beyond a bound for each team."""
    most, active = row_counts.COUNTED_SOME, User.objects.filter(active=True, deleted_at=None)
    # A database that counts holders looks through everybody for the first of them; memberships stand by group.
    numbers = {} if are_few() else _numbers(_some_of_each(team_ids, site, active, most), most)
    undecided = [team for team in team_ids if numbers.get(team, 0) <= most]
    numbers |= _numbers({team: holders_among(active, Wanted(team=team), site) for team in undecided}, most)
    return {
        team: RowCount(most, is_more=True) if number > most else RowCount(number) for team, number in numbers.items()
    }


def _some_of_each(
    team_ids: Collection[UUID], site: SiteFacts, active: QuerySet[User], most: int
) -> Mapping[UUID, Parts]:
    """People who are in each team for sure."""
    by_default = active.filter(outside_the_largest_group(), default_mapping_applies(site), origin=Origin.SCIM)
    return {team: _some_of(team, site, active, by_default, most) for team in team_ids}


def _some_of(team: UUID, site: SiteFacts, active: QuerySet[User], by_default: QuerySet[User], most: int) -> Parts:
    """The first members of groups whose mappings give the team, and who has no group, if they are in it."""
    if team not in site.teams:
        return []
    provisioned = active.filter(origin=Origin.SCIM)
    parts = [by_default] if team in GroupSet().access(site).teams else []
    giving = groups_where(site, lambda mapping: gives_level(mapping) and team in mapping.team_ids)
    if giving is not None:
        memberships = Membership.objects.live().filter(giving).order_by("group_id", "user_id")
        parts.append(provisioned.filter(pk__in=memberships[: _MEMBERSHIPS * (most + 1)].values("user")))
    return parts


def _numbers(people: Mapping[UUID, Parts], most: int) -> dict[UUID, int]:
    """How many people are in each of these, counted up to one more than ``most`` in each part. One statement."""
    counted = {
        f"team_{number}_{at}": (team, RowsFound(part.order_by()[: most + 1]))
        for number, (team, parts) in enumerate(people.items())
        for at, part in enumerate(parts)
    }
    numbers = dict.fromkeys(people, 0)
    if counted:
        none = Value(0, output_field=IntegerField())
        # Any one row carries the numbers of all of them.
        row = Team.objects.order_by().annotate(**{name: Coalesce(rows, none) for name, (_, rows) in counted.items()})
        for name, number in next(iter(row.values(*counted)[:1]), {}).items():
            numbers[counted[name][0]] += number
    return numbers
