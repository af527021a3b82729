"""What a change would do, said before it is made: the same as making it and asking everybody."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatekeeper.directory.access.loaders import access_of_many, site_facts
from gatekeeper.directory.access.people_pages import Place
from gatekeeper.directory.access.resolver import Access
from gatekeeper.directory.changes import MappingRecord
from gatekeeper.directory.groups.idp_groups import delete_group
from gatekeeper.directory.impact.affected_people import affected_people
from gatekeeper.directory.impact.counts import Shift
from gatekeeper.directory.impact.proposals import ProposedChange
from gatekeeper.directory.levels import Level
from gatekeeper.directory.mappings.mappings import choose_fallback_team
from gatekeeper.directory.models import User
from gatekeeper.directory.permissions import Permission
from tests.builders import (
    ADMIN,
    ENTRA,
    add_members,
    link,
    make_administrator,
    make_group,
    make_provider,
    make_team,
    make_user,
    make_users,
    map_group,
    preview_of,
    remove_members,
)
from tests.transactions import rolled_back

pytestmark = pytest.mark.django_db

LEADER = MappingRecord(level=Level.GLOBAL_ADMINISTRATOR, permissions=frozenset({Permission.CONFIGURATION}))
PEOPLE, GROUPS, TEAMS = 5, 3, 3


def worth(level: str, *permissions: Permission) -> MappingRecord:
    return MappingRecord(level=Level.from_slug(level), permissions=frozenset(permissions))


def test_nothing_changes_for_nobody() -> None:
    group = make_group(members=make_users(2))

    preview = preview_of(ProposedChange.mapping(group.id, site_facts().default_mapping))

    assert (preview.affected, preview.sentence) == (0, "Nobody's access changes.")
    assert affected_people(preview)[0] == []


def test_a_mapping_says_who_gains_and_loses_what() -> None:
    group = make_group(members=make_users(2))
    other = make_group(members=make_users(1))
    map_group(group, "collaborator", ["reports"])
    map_group(other, "collaborator", ["reports"])

    preview = preview_of(ProposedChange.mapping(group.id, worth("administrator", Permission.USERS)))

    assert preview.sentence == "The access of 2 people changes."
    assert preview.levels == (Shift("Collaborator", 0, 2), Shift("Administrator", 2, 0))
    assert preview.permissions == (Shift("Users", 2, 0), Shift("Reports", 0, 2))
    assert preview.warnings == ()


def test_somebody_whose_other_group_gives_as_much_is_not_affected() -> None:
    [ada, bob] = make_users(2)
    low, high = make_group(members=[ada, bob]), make_group(members=[ada])
    map_group(low, "collaborator")
    map_group(high, "administrator")

    assert preview_of(ProposedChange.mapping(low.id, worth("employee_portal"))).affected == 1


def test_without_a_team_people_go_to_the_fallback_team() -> None:
    finance, general = make_team("Finance"), make_team("General")
    choose_fallback_team(general.id, actor=ADMIN)
    map_group(make_group(members=make_users(3)), teams=[finance])

    preview = preview_of(ProposedChange.without_team(site_facts(), finance.id))

    assert preview.teams == (Shift("Finance", 0, 3), Shift("General", 3, 0))


def test_whoever_becomes_global_administrator_is_warned_of() -> None:
    group = make_group(members=make_users(2))

    [warning] = preview_of(ProposedChange.mapping(group.id, worth("global_administrator"))).warnings

    assert (warning.code, warning.text) == ("becomes_global_administrator", "2 people become Global Administrator.")


def test_an_administrator_default_is_warned_of() -> None:
    codes = [w.code for w in preview_of(ProposedChange.mapping(None, worth("administrator"))).warnings]
    assert codes == ["administrator_default"]


@pytest.mark.parametrize(
    ("level", "expected"),
    [("none", ["lose_access", "lose_own_access"]), ("collaborator", ["lose_own_configuration"])],
)
def test_who_would_lose_their_own_access_is_warned(level: str, expected: list[str]) -> None:
    make_provider()
    ada = make_user()
    group = make_group(members=[ada])
    map_group(group, "global_administrator", ["configuration"])
    link()

    codes = [w.code for w in preview_of(ProposedChange.mapping(group.id, worth(level)), by=ada).warnings]
    assert codes == [*expected, "nobody_could_configure"]

    make_administrator()
    warnings = preview_of(ProposedChange.mapping(group.id, worth(level)), by=ada).warnings
    assert [w.code for w in warnings] == expected


def test_the_list_is_searched_and_paged_in_both_directions() -> None:
    names = [make_user(f"p{number:02}@example.com", display_name=f"Person {number:02}") for number in range(7)]
    group = make_group(members=names)
    preview = preview_of(ProposedChange.mapping(group.id, worth("administrator")))

    first, page = affected_people(preview, limit=3)
    second, middle = affected_people(preview, place=Place(after=page.last), limit=3)
    third, end = affected_people(preview, place=Place(after=middle.last), limit=3)
    back, _ = affected_people(preview, place=Place(before=end.first), limit=3)
    [found], _ = affected_people(preview, search="PERSON 03")

    assert [person.user for person in first + second + third] == names
    assert back == second
    assert (page.first, end.last) == (None, None)
    assert found.user == names[3]
    assert (found.before.level, found.after.level) == (Level.EMPLOYEE_PORTAL, Level.ADMINISTRATOR)


def test_a_page_before_the_beginning_is_the_first_page() -> None:
    names = [make_user(f"p{number:02}@example.com") for number in range(5)]
    preview = preview_of(ProposedChange.mapping(make_group(members=names).id, worth("administrator")))

    found, page = affected_people(preview, place=Place(before=names[1].id), limit=3)

    assert [person.user for person in found] == names[:3]
    assert page.first is None


def test_the_fingerprint_changes_when_facts_do() -> None:
    group = make_group(members=make_users(1))
    change = ProposedChange.mapping(group.id, worth("administrator"))
    shown = preview_of(change).fingerprint
    assert preview_of(change).fingerprint == shown

    add_members(group, make_user())

    assert preview_of(change).fingerprint != shown


def test_the_fingerprint_changes_when_others_are_affected_in_the_same_number() -> None:
    ada, bob = make_users(2)
    group = make_group(members=[ada])
    change = ProposedChange.mapping(group.id, worth("administrator"))
    shown = preview_of(change).fingerprint

    remove_members(group, ada)
    add_members(group, bob)

    assert preview_of(change).affected == 1
    assert preview_of(change).fingerprint != shown


@pytest.mark.parametrize("size", [2, 40])
def test_a_preview_costs_the_same_number_of_queries_for_many_people(size: int) -> None:
    make_administrator()
    group = make_group(members=make_users(size))
    change = ProposedChange.mapping(group.id, worth("administrator"))

    with CaptureQueriesContext(connection) as queries:
        preview_of(change)

    assert len(queries) == 7


mappings = st.builds(
    lambda level, permissions, teams: (level, permissions, teams),
    st.sampled_from(list(Level)),
    st.frozensets(st.sampled_from(list(Permission)[:3]), max_size=2),
    st.frozensets(st.integers(0, TEAMS - 1), max_size=2),
)
places = st.dictionaries(st.integers(-1, GROUPS - 1), mappings, max_size=GROUPS)
changes = st.fixed_dictionaries(
    {
        "mappings": st.dictionaries(st.integers(0, GROUPS - 1), st.none() | mappings, max_size=2),
        "default": st.none() | mappings,
        "fallback": st.sampled_from([(), (None,), (0,), (1,)]),
        "policy": st.sampled_from([None, "revoke", "fallback"]),
        "without_team": st.sampled_from([None, 0, 2]),
    }
)


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(
    join=st.frozensets(st.tuples(st.integers(0, GROUPS - 1), st.integers(0, PEOPLE - 1))),
    leave=st.frozensets(st.tuples(st.integers(0, GROUPS - 1), st.integers(0, PEOPLE - 1))),
    deleted=st.frozensets(st.integers(0, GROUPS - 1), max_size=1),
    worth=places,
    change=changes,
)
def test_a_preview_is_what_asking_everybody_would_give(
    db: None, join: Any, leave: Any, deleted: Any, worth: Any, change: Any
) -> None:
    with rolled_back():
        _compare(join, leave, deleted, worth, change)


def _compare(join: Any, leave: Any, deleted: Any, places: Any, change: Any) -> None:
    people = [*make_users(PEOPLE), make_administrator(), make_user(active=False)]
    groups = [make_group(f"GK {number}") for number in range(GROUPS)]
    teams = [make_team(f"Team {number}") for number in range(TEAMS)]
    for group, person in sorted(join):
        add_members(groups[group], people[person])
    for place, (level, permissions, named) in places.items():
        map_group(None if place < 0 else groups[place], level.slug, permissions, [teams[team] for team in named])
    for group, person in sorted(leave):
        remove_members(groups[group], people[person])
    for group in deleted:
        delete_group(groups[group].id, actor=ENTRA)

    def record(mapping: Any) -> MappingRecord | None:
        if mapping is None:
            return None
        level, permissions, named = mapping
        return MappingRecord(level=level, permissions=permissions, team_ids=frozenset(teams[team].id for team in named))

    site = site_facts()
    gone = change["without_team"]
    proposal = ProposedChange(
        mappings={groups[number].id: record(mapping) for number, mapping in change["mappings"].items()},
        default_mapping=record(change["default"]),
        fallback_team=tuple(None if team is None else teams[team].id for team in change["fallback"]),  # type: ignore[arg-type]
        last_group_policy=change["policy"],
        teams=None if gone is None else {k: v for k, v in site.teams.items() if k != teams[gone].id},
    )
    preview = preview_of(proposal)
    _expect_naive(preview, people, access_of_many(people), access_of_many(people, site=proposal.applied_to(site)))


def _expect_naive(preview: Any, people: list[User], before: dict[Any, Access], after: dict[Any, Access]) -> None:
    """Each person on their own, before and after."""

    def has(access: Access) -> Any:
        return access.level, access.permissions, set(access.teams)

    affected = {user.id for user in people if has(before[user.id]) != has(after[user.id])}
    listed, page = affected_people(preview)
    assert (preview.affected, {person.user.id for person in listed}) == (len(affected), affected)
    assert page.last is None
    for person in listed:
        assert has(person.before) == has(before[person.user.id])
        assert has(person.after) == has(after[person.user.id])
    for level in Level:
        gained = sum(after[u].level is level and before[u].level is not level for u in affected)
        lost = sum(before[u].level is level and after[u].level is not level for u in affected)
        # Who comes to have no level loses access.
        shift = ("Access", lost, gained) if level is Level.NONE else (level.label, gained, lost)
        assert (shift in {(s.name, s.gained, s.lost) for s in preview.levels}) == bool(gained or lost)
    for shift in preview.permissions:
        permission = next(p for p in Permission if p.label == shift.name)
        assert shift.gained == sum(
            permission in after[u].permissions and permission not in before[u].permissions for u in affected
        )
    for shift in preview.teams:
        assert shift.lost == sum(
            shift.name in before[u].teams.values() and shift.name not in after[u].teams.values() for u in affected
        )
