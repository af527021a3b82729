"""Teams: what becomes of mappings, the fallback choice and people when one ends."""

import pytest
from django.db import connection
from django.db.models import Q

from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.access.affected_scope import outside_the_largest_group
from gatekeeper.directory.access.loaders import access_of, access_of_many, site_facts
from gatekeeper.directory.access.people_parts import united
from gatekeeper.directory.groups.idp_groups import delete_group
from gatekeeper.directory.impact.proposals import ProposedChange
from gatekeeper.directory.mappings.mappings import choose_fallback_team, set_last_group_policy
from gatekeeper.directory.models import MappingVersion, Team, User
from gatekeeper.directory.teams.fallback_members import explain_fallback, people_without_own_team
from gatekeeper.directory.teams.teams import delete_team, merge_teams
from gatekeeper.errors import InvalidValue, TeamIsFallback, TeamNotFound
from tests.builders import (
    ADMIN,
    ENTRA,
    make_administrator,
    make_group,
    make_team,
    make_user,
    make_users,
    map_group,
    preview_of,
    remove_members,
)

pytestmark = pytest.mark.django_db


def teams_of(user: User) -> set[str]:
    return set(access_of(user).teams.values())


def test_a_merger_gives_every_mapping_the_other_team_instead() -> None:
    source, target, other = make_team("Source"), make_team("Target"), make_team("Other")
    ada, bob = make_users(2)
    map_group(make_group(members=[ada]), teams=[source, other])
    map_group(make_group(members=[bob]), teams=[source, target])
    map_group(None, teams=[source])
    carl = make_user()

    merge_teams(source.id, target.id, actor=ADMIN)

    assert [teams_of(user) for user in (ada, bob, carl)] == [{"Target", "Other"}, {"Target"}, {"Target"}]
    assert not any(source.id in version.record().team_ids for version in MappingVersion.objects.live())
    assert Team.objects.get(pk=source.id).deleted_at is not None


def test_a_merger_is_what_its_preview_said() -> None:
    source, target = make_team("Source"), make_team("Target")
    choose_fallback_team(source.id, actor=ADMIN)
    people = make_users(4)
    map_group(make_group(members=people[:2]), teams=[source])
    map_group(make_group(members=people[1:3]), teams=[target])
    site, before = site_facts(), access_of_many(people)
    change = ProposedChange.merged_teams(site, source.id, target.id)
    preview = preview_of(change)

    merge_teams(source.id, target.id, actor=ADMIN)

    assert change.applied_to(site) == site_facts()
    differing = [user for user in people if access_of(user).teams != before[user.id].teams]
    assert preview.affected == len(differing) == 3


def test_the_fallback_choice_moves_along_with_a_merger() -> None:
    source, target = make_team("Source"), make_team("Target")
    choose_fallback_team(source.id, actor=ADMIN)

    merge_teams(source.id, target.id, actor=ADMIN)

    assert site_facts().fallback_team_id == target.id


def test_a_merger_leaves_one_entry_and_one_for_each_mapping() -> None:
    source, target = make_team("Source"), make_team("Target")
    map_group(make_group(), teams=[source])
    before = AuditEntry.objects.count()

    merge_teams(source.id, target.id, actor=ADMIN)

    events = list(AuditEntry.objects.order_by("id").values_list("event", "object_label")[before:])
    assert [event for event, _ in events] == ["mapping.set", "team.merged"]
    assert events[-1][1] == "Source into Target"


def test_a_team_is_not_merged_into_itself_nor_into_one_that_is_gone() -> None:
    source, gone = make_team(), make_team()
    delete_team(gone.id, actor=ADMIN)

    with pytest.raises(InvalidValue):
        merge_teams(source.id, source.id, actor=ADMIN)
    with pytest.raises(TeamNotFound):
        merge_teams(source.id, gone.id, actor=ADMIN)
    assert Team.objects.live().get() == source


def test_the_fallback_team_is_not_deleted() -> None:
    team = make_team()
    choose_fallback_team(team.id, actor=ADMIN)

    with pytest.raises(TeamIsFallback):
        delete_team(team.id, actor=ADMIN)


def reasons() -> dict[str, str]:
    site = site_facts()
    return {
        person.user.user_name: person.why.text
        for person in explain_fallback(united(people_without_own_team(site)), site)
    }


def test_whoever_is_in_the_fallback_team_only_by_fallback_is_listed_with_the_reason() -> None:
    choose_fallback_team(make_team("General").id, actor=ADMIN)
    gone, kept = make_team("Gone"), make_team("Kept")
    names = ["deleted", "default", "unmapped", "teamless", "both", "fine", "nothing"]
    people = {name: make_user(f"{name}@x.com") for name in names}
    make_administrator()
    map_group(make_group("A", [people["deleted"]]), teams=[gone])
    delete_team(gone.id, actor=ADMIN)
    make_group("B", [people["unmapped"], people["both"]])
    map_group(make_group("C", [people["teamless"], people["both"]]))
    map_group(make_group("D", [people["fine"]]), teams=[kept])
    map_group(make_group("E", [people["nothing"]]), "none")

    assert reasons() == {
        "deleted@x.com": "Gone was deleted, and no mapping names another team.",
        "default@x.com": "In no group, and the Default Mapping names no team.",
        "unmapped@x.com": "B has no mapping of its own, and the Default Mapping names no team.",
        "teamless@x.com": "The mapping of C names no team.",
        "both@x.com": "Neither the mapping of C nor the Default Mapping, for B, names a team.",
        "root@example.com": "A local administrator; no mapping gives them a team.",
    }


@pytest.mark.parametrize("policy", ["revoke", "fallback"])
@pytest.mark.parametrize("level", ["none", "collaborator"])
@pytest.mark.parametrize("teamed", [True, False])
def test_the_list_is_whoever_has_a_fallback_source(policy: str, level: str, teamed: bool) -> None:
    general = make_team("General")
    choose_fallback_team(general.id, actor=ADMIN)
    set_last_group_policy(policy, actor=ADMIN)
    people = make_users(5)
    one, other = make_group(members=people[:2]), make_group(members=people[1:4])
    map_group(other, "administrator", teams=[make_team()])
    map_group(None, level, teams=[make_team()] if teamed else [])
    remove_members(other, people[3])
    delete_group(one.id, actor=ENTRA)
    make_group(members=people[:1])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # the largest group is known from then on

    listed = set(united(people_without_own_team(site_facts())))

    by_fallback = {user for user in people if any(source.kind == "fallback" for source in access_of(user).sources)}
    assert listed == by_fallback
    assert set(united(people_without_own_team(site_facts(), outside_the_largest_group()))) == by_fallback


@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL knows the most common values")
def test_whoever_is_in_no_group_is_looked_for_outside_the_largest() -> None:
    people = make_users(5)
    make_group(members=people[:1])
    assert outside_the_largest_group() == Q(), "nothing is known of memberships before they are analysed"
    make_group(members=people[:4])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE directory_membership")

    assert list(User.objects.filter(outside_the_largest_group())) == people[4:]
