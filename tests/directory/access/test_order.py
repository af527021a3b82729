"""docs/rules.md#1 as a property: whatever the order of the same operations, everybody ends up with the same access."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatekeeper.directory.access.loaders import access_of_many
from gatekeeper.directory.groups.idp_groups import delete_group
from gatekeeper.directory.levels import Level
from gatekeeper.directory.permissions import Permission
from tests.builders import (
    ENTRA,
    add_members,
    make_group,
    make_team,
    make_users,
    map_group,
    remove_members,
)
from tests.transactions import rolled_back

pytestmark = pytest.mark.django_db

PEOPLE, GROUPS, TEAMS = 4, 3, 2
levels = st.sampled_from([level.slug for level in Level])
permissions = st.frozensets(st.sampled_from(list(Permission)), max_size=3)
teams = st.frozensets(st.integers(0, TEAMS - 1))
joins = st.frozensets(st.tuples(st.integers(0, GROUPS - 1), st.integers(0, PEOPLE - 1)))
# At most one mapping for a group, or two changes of it would differ by their order, as they should.
mappings = st.dictionaries(st.integers(-1, GROUPS - 1), st.tuples(levels, permissions, teams))


def _play(
    join: frozenset[tuple[int, int]], worth: dict[int, Any], leave: frozenset[tuple[int, int]], order: Random | None
) -> list[dict[str, Any]]:
    """Carry the operations out, shuffled; a person still joins before they leave. Returns everybody's access."""
    with rolled_back():
        groups = [make_group(f"GK {number}") for number in range(GROUPS)]
        people = make_users(PEOPLE)
        named = [make_team(f"Team {number}") for number in range(TEAMS)]
        steps: list[Callable[[], object]] = [
            lambda g=g, p=p: add_members(groups[g], people[p])
            for g, p in join  # type: ignore[misc]
        ]
        steps += [
            lambda g=g, w=w: map_group(None if g < 0 else groups[g], w[0], w[1], [named[t] for t in w[2]])  # type: ignore[misc]
            for g, w in worth.items()
        ]
        leavers: list[Callable[[], object]] = [
            lambda g=g, p=p: remove_members(groups[g], people[p])
            for g, p in leave  # type: ignore[misc]
        ]
        if order is not None:
            order.shuffle(steps)
            order.shuffle(leavers)
        for step in steps + leavers:
            step()
        found = access_of_many(people)
        return [{**found[person.id].as_document(), "user_name": "", "email": ""} for person in people]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(join=joins, worth=mappings, leave=joins, order=st.randoms(use_true_random=False))
def test_any_order_of_the_same_operations_gives_the_same_access(
    db: None, join: frozenset[tuple[int, int]], worth: dict[int, Any], leave: frozenset[tuple[int, int]], order: Random
) -> None:
    assert _play(join, worth, leave, order) == _play(join, worth, leave, None)


def test_deleting_a_group_leaves_its_members_with_the_default_mapping(db: None) -> None:
    map_group(None, "employee_portal")
    [ada] = make_users(1)
    group = make_group(members=[ada])
    map_group(group, "administrator")

    delete_group(group.id, actor=ENTRA)

    assert access_of_many([ada])[ada.id].level is Level.EMPLOYEE_PORTAL
