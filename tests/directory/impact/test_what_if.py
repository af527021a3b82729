"""What if: the answer is what the same change of groups would really bring about, and nothing is written for it."""

from itertools import combinations

import pytest

from gatekeeper.directory.access.loaders import access_of
from gatekeeper.directory.impact.what_if import what_if
from gatekeeper.directory.mappings.mappings import choose_fallback_team, set_last_group_policy
from tests.builders import (
    ADMIN,
    add_members,
    link,
    make_group,
    make_provider,
    make_team,
    make_user,
    map_group,
    remove_members,
)

pytestmark = pytest.mark.django_db
SETS = [names for size in range(4) for names in combinations(("GK Finance", "GK Legal", "GK Unmapped"), size)]


@pytest.mark.parametrize("policy", ["revoke", "fallback"])
@pytest.mark.parametrize("after", SETS, ids=lambda names: "after: " + ", ".join(names))
@pytest.mark.parametrize("before", [SETS[0], SETS[1], SETS[4]], ids=lambda names: "before: " + ", ".join(names))
def test_the_answer_is_what_the_change_brings_about(
    before: tuple[str, ...], after: tuple[str, ...], policy: str
) -> None:
    make_provider()
    user, other = make_user(), make_user()
    choose_fallback_team(make_team("General").id, actor=ADMIN)
    set_last_group_policy(policy, actor=ADMIN)
    groups = {name: make_group(name, [other]) for name in SETS[-1]}
    map_group(groups["GK Finance"], "administrator", ["reports"], [make_team("Finance")])
    map_group(groups["GK Legal"], "none")
    map_group(None, "collaborator", ["history"])
    for name in before:
        add_members(groups[name], user)
    link()
    joined = [groups[name] for name in after if name not in before]
    left = [groups[name] for name in before if name not in after]

    answer = what_if(user, add=joined, take_out={group.id for group in left})

    assert answer.before.as_document() == access_of(user).as_document()
    for group in joined:
        add_members(group, user)
    for group in left:
        remove_members(group, user)
    assert answer.after.as_document() == access_of(user).as_document()


def test_a_group_without_a_mapping_of_its_own_is_named() -> None:
    user, mapped, unmapped = make_user(), make_group(), make_group()
    map_group(mapped, "collaborator")

    assert what_if(user, add=[mapped, unmapped], take_out=()).unmapped([mapped, unmapped]) == [unmapped]


def test_it_costs_the_same_however_many_groups_are_asked_about(django_assert_max_num_queries: object) -> None:
    user, groups = make_user(), [make_group() for _ in range(30)]
    add_members(groups[0], user)

    with django_assert_max_num_queries(7):  # type: ignore[operator]
        what_if(user, add=groups, take_out={groups[0].id})
