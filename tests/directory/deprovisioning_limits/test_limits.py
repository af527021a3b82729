"""docs/rules.md#10: unusually many people losing access at once."""

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from gatekeeper.audit.models import AuditEntry
from gatekeeper.config_as_code.apply import apply_document
from gatekeeper.config_as_code.document import read_document
from gatekeeper.directory.deprovisioning_limits.limits import (
    approve_held_changes,
    deprovisioning_state,
    set_deprovisioning_limits,
)
from gatekeeper.directory.models import IdpGroup, MappingVersion, User
from gatekeeper.directory.people.users import delete_user, edit_user
from gatekeeper.errors import HeldForApproval, InvalidValue
from tests.builders import ADMIN, ENTRA, add_members, make_group, make_users, map_group, remove_members

pytestmark = pytest.mark.django_db


def deactivate(*users: User) -> None:
    for user in users:
        edit_user(user.id, lambda current: replace(current, active=False), actor=ENTRA)


def hold_after(minimum: int, *, hold: bool = True) -> None:
    set_deprovisioning_limits(share=30, minimum=minimum, minutes=60, hold=hold, actor=ADMIN)


@pytest.fixture
def people() -> list[User]:
    """Ten people who were active before the window began."""
    users = make_users(10)
    for user in users:
        user.active_periods.update(since="2020-01-01T00:00:00Z")
    return users


def test_few_losses_trip_nothing(people: list[User]) -> None:
    deactivate(*people)

    assert not deprovisioning_state().exceeded


def test_many_losses_alert_once_and_go_through(people: list[User]) -> None:
    hold_after(3, hold=False)

    deactivate(*people)

    assert deprovisioning_state().exceeded
    assert alerts() == 1
    assert not User.objects.filter(active=True).exists()


def test_losses_are_counted_and_alerted_within_the_window_and_anew_after_it(people: list[User]) -> None:
    hold_after(3, hold=False)
    now = timezone.now()

    with time_machine.travel(now, tick=False):
        deactivate(*people[:2])
    with time_machine.travel(now + timedelta(minutes=60, seconds=1), tick=False):
        deactivate(*people[2:4])
        assert not deprovisioning_state().exceeded  # two and two, an hour apart
        deactivate(*people[4:6])
        assert alerts() == 1
    with time_machine.travel(now + timedelta(minutes=119), tick=False):
        deactivate(people[6])
        assert alerts() == 1  # the same window
    with time_machine.travel(now + timedelta(minutes=122), tick=False):
        assert not deprovisioning_state().exceeded
        deactivate(*people[7:10])
        assert alerts() == 2


def alerts() -> int:
    return AuditEntry.objects.filter(event="deprovisioning.alert").count()


def test_a_small_share_of_many_trips_nothing(people: list[User]) -> None:
    hold_after(3)

    deactivate(*people[:3])

    assert not deprovisioning_state().exceeded


def test_people_who_came_within_the_window_count_among_the_active() -> None:
    hold_after(3)
    newcomers = make_users(10)

    deactivate(*newcomers[:3])
    assert not deprovisioning_state().alarming

    with pytest.raises(HeldForApproval) as held:
        deactivate(newcomers[3])
    assert (held.value.lost, held.value.active) == (4, 10)


def test_held_losses_wait_and_change_nothing_until_they_are_let_through(people: list[User]) -> None:
    hold_after(3)
    deactivate(*people[:3])

    with pytest.raises(HeldForApproval):
        deactivate(people[3])
    assert User.objects.get(pk=people[3].pk).active

    approve_held_changes(actor=ADMIN)
    deactivate(people[3])
    assert not User.objects.get(pk=people[3].pk).active


def test_deleting_and_emptying_groups_count_as_losses(people: list[User]) -> None:
    hold_after(3)
    group = make_group()
    add_members(group, *people)
    delete_user(people[0].id, actor=ENTRA)

    with pytest.raises(HeldForApproval):
        remove_members(group, *people[1:6])

    assert group.memberships.live().count() == 9


def test_whoever_is_still_in_a_group_or_came_back_has_lost_nothing(people: list[User]) -> None:
    hold_after(1)
    group, other = make_group(members=people), make_group(members=people)
    remove_members(group, *people)
    assert other.memberships.live().count() == 10

    assert deprovisioning_state().lost == 0


def test_what_an_administrator_does_is_never_held(people: list[User]) -> None:
    hold_after(1)

    for person in people:
        edit_user(person.id, lambda current: replace(current, active=False), actor=ADMIN)

    assert not User.objects.filter(active=True).exists()


@pytest.mark.parametrize("limits", [{"share": 0}, {"share": 101}, {"minimum": 0}, {"minutes": 0}])
def test_limits_that_make_no_sense_are_refused(limits: dict[str, int]) -> None:
    with pytest.raises(InvalidValue):
        set_deprovisioning_limits(**{"share": 30, "minimum": 20, "minutes": 60, **limits}, hold=False, actor=ADMIN)


def decided(*users: User) -> IdpGroup:
    group = make_group(members=users)
    map_group(group, "collaborator")
    MappingVersion.objects.update(since="2020-01-01T00:00:00Z")
    return group


def test_people_who_lose_access_by_a_mapping_count_as_losses(people: list[User]) -> None:
    hold_after(3, hold=False)
    group = decided(*people[:5])
    assert not deprovisioning_state().exceeded

    map_group(group, "none")

    state = deprovisioning_state()
    assert (state.lost, state.active_before, state.exceeded) == (5, 10, True)
    assert AuditEntry.objects.get(event="deprovisioning.alert").after["lost"] == 5


def test_people_who_lose_access_by_the_default_mapping_or_the_policy_count(people: list[User]) -> None:
    hold_after(3, hold=False)
    map_group(None, "collaborator")
    MappingVersion.objects.update(since="2020-01-01T00:00:00Z")

    map_group(None, "none")
    assert deprovisioning_state().lost == 10
    map_group(None, "collaborator")
    assert deprovisioning_state().lost == 0  # it was undone: everybody has what they had


def test_losses_by_a_mapping_and_by_the_identity_provider_add_up_and_hold(people: list[User]) -> None:
    hold_after(4)
    map_group(decided(*people[:3]), "none")
    deactivate(people[0])  # has lost it already

    with pytest.raises(HeldForApproval) as held:
        deactivate(people[5])

    assert held.value.lost == 4


def test_a_mapping_that_is_only_tried_trips_nothing(people: list[User]) -> None:
    hold_after(3, hold=False)
    group = decided(*people[:5])

    document = read_document(f'{{"group_mappings": {{"{group.display_name}": {{"level": "none"}}}}}}')
    apply_document(document, actor=ADMIN, dry_run=True)

    assert not AuditEntry.objects.filter(event="deprovisioning.alert").exists()
