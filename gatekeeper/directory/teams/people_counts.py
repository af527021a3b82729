"""How many people are in teams: who is in one follows from mappings, so it is counted over groups, up to a bound."""

from collections.abc import Collection, Mapping
from uuid import UUID

from django.db.models import IntegerField, Value
from django.db.models.functions import Coalesce

from gatekeeper.directory.access.holders import Wanted, holders_among
from gatekeeper.directory.access.resolver import SiteFacts
from gatekeeper.directory.models import Team, User
from gatekeeper.runtime import row_counts
from gatekeeper.runtime.row_counts import RowCount, RowsFound


def people_of_teams(team_ids: Collection[UUID], site: SiteFacts) -> Mapping[UUID, RowCount]:
    """The active people of each of these teams. One statement, which stops counting beyond a bound for each team."""
    most, active = row_counts.COUNTED_SOME, User.objects.filter(active=True, deleted_at=None)
    counted = {
        f"team_{number}_{part}": (team, RowsFound(people.order_by()[: most + 1]))
        for number, team in enumerate(team_ids)
        for part, people in enumerate(holders_among(active, Wanted(team=team), site))
    }
    numbers = dict.fromkeys(team_ids, 0)
    if counted:
        none = Value(0, output_field=IntegerField())
        # Any one row carries the numbers of all of them.
        row = Team.objects.order_by().annotate(**{name: Coalesce(rows, none) for name, (_, rows) in counted.items()})
        for name, number in next(iter(row.values(*counted)[:1]), {}).items():
            numbers[counted[name][0]] += number
    return {
        team: RowCount(most, is_more=True) if number > most else RowCount(number) for team, number in numbers.items()
    }
