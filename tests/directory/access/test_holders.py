"""The database finds the same people by level, permission and team as each one's effective access names."""

from itertools import product
from uuid import UUID, uuid4

import pytest

from gatekeeper.directory.access.group_sets import active_people
from gatekeeper.directory.access.holders import Wanted, holders_among
from gatekeeper.directory.access.loaders import access_of_many, site_facts
from gatekeeper.directory.levels import Level
from gatekeeper.directory.mappings.mappings import choose_fallback_team, set_last_group_policy
from gatekeeper.directory.models import Team, User
from gatekeeper.directory.permissions import Permission
from gatekeeper.directory.teams.teams import delete_team
from tests.builders import (
    ADMIN,
    make_administrator,
    make_group,
    make_team,
    make_user,
    map_group,
    remove_members,
)

LEVELS = (None, *Level)
PERMISSIONS = (None, Permission.REPORTS, Permission.CONFIGURATION, Permission.API)


@pytest.fixture
def company(db: None) -> list[UUID]:
    """People in every set of five groups, in none, and removed from their last one; the teams, one of them ended."""
    north, south, ended, general = (make_team(name) for name in ("North", "South", "Ended", "General"))
    choose_fallback_team(general.pk, actor=ADMIN)
    people = [make_user() for _ in range(32)]
    granted = [
        ("collaborator", ["reports"], [north]),
        ("administrator", [], [south, general]),
        ("none", ["reports", "api"], [north, south]),
        ("employee_portal", ["api"], [ended]),
        ("global_administrator", ["configuration"], []),
    ]
    for bit, mapping in enumerate(granted):
        group = make_group(f"GK {bit}", [each for number, each in enumerate(people) if number >> bit & 1])
        map_group(group, *mapping)
    make_group("GK on default", people[:3])
    for number in (5, 6):
        gone = make_user()
        group = make_group(f"GK left {number}", [gone])
        map_group(group, "collaborator", ["reports"])
        remove_members(group, gone)
    make_administrator()
    make_user(active=False)
    delete_team(ended.pk, actor=ADMIN)
    return [north.pk, south.pk, ended.pk, general.pk]


@pytest.mark.parametrize("default", ["none", "employee_portal"])
@pytest.mark.parametrize("policy", ["revoke", "fallback"])
def test_the_database_finds_whom_effective_access_names(company: list[UUID], default: str, policy: str) -> None:
    map_group(None, default, ["reports"], [Team.objects.get(name="North")])
    set_last_group_policy(policy, actor=ADMIN)
    site = site_facts()
    everybody = list(User.objects.filter(active=True))
    access = access_of_many(everybody, site=site)

    for level, permission, team in product(LEVELS, PERMISSIONS, (None, uuid4(), *company)):
        wanted = Wanted(level=level, permission=permission, team=team)
        if not wanted:
            continue
        found = [person.pk for part in holders_among(active_people(), wanted, site) for person in part]
        assert len(found) == len(set(found)), f"{wanted}: the parts overlap"
        assert set(found) == {pk for pk, theirs in access.items() if wanted.is_held_by(theirs)}, wanted
