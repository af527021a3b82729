"""What may be done to an IdP group and its members."""

from dataclasses import replace
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gatekeeper.directory.access.loaders import access_of
from gatekeeper.directory.changes import MembersChange
from gatekeeper.directory.groups.idp_groups import delete_group, edit_group
from gatekeeper.directory.models import IdpGroup, Membership, SignIn, User
from gatekeeper.directory.sessions.open_sessions import open_sign_in
from gatekeeper.errors import GroupNameTaken, GroupNotFound, UnknownMembers
from tests.builders import ADMIN, ENTRA, add_members, make_group, make_user, make_users, map_group, remove_members

pytestmark = pytest.mark.django_db


def members(group: IdpGroup) -> set[object]:
    return set(Membership.objects.live().filter(group=group).values_list("user_id", flat=True))


def test_a_display_name_is_unique_among_live_groups_in_any_case() -> None:
    group = make_group("GK Legal")
    with pytest.raises(GroupNameTaken):
        make_group("gk legal")

    delete_group(group.id, actor=ENTRA)

    assert make_group("GK LEGAL").id != group.id


def test_adding_twice_and_removing_somebody_else_succeed_silently() -> None:
    ada, bo = make_users(2)
    group = make_group(members=[ada])

    again = edit_group(group.id, None, MembersChange(add=frozenset({ada.id}), remove=frozenset({bo.id})), actor=ENTRA)

    assert not again.changed
    assert again.group.version == group.version


def test_an_unknown_member_is_named_and_nothing_changes() -> None:
    ada = make_user()
    group = make_group()
    unknown = uuid4()

    with pytest.raises(UnknownMembers, match=str(unknown)):
        edit_group(group.id, None, MembersChange(add=frozenset({ada.id, unknown})), actor=ENTRA)

    assert members(group) == set()


def test_replacing_states_the_whole_membership() -> None:
    ada, bo, cy = make_users(3)
    group = make_group(members=[ada, bo])

    edited = edit_group(group.id, None, MembersChange(base=frozenset({bo.id, cy.id})), actor=ENTRA)

    assert members(group) == {bo.id, cy.id}
    assert (edited.added, edited.removed) == ({cy.id}, {ada.id})


def test_replacing_by_nobody_empties_the_group_and_no_other() -> None:
    ada, bo = make_users(2)
    group, other = make_group(members=[ada]), make_group(members=[bo])

    edit_group(group.id, None, MembersChange(base=frozenset()), actor=ENTRA)

    assert members(group) == set()
    assert members(other) == {bo.id}


def test_membership_counts_as_a_change_of_the_group() -> None:
    group = make_group()

    add_members(group, make_user())

    assert IdpGroup.objects.get(pk=group.pk).version == group.version + 1


def test_losing_the_last_group_ends_the_sessions_and_losing_another_does_not() -> None:
    map_group(None, "collaborator")
    ada, bo = make_users(2)
    group, other = make_group(members=[ada, bo]), make_group(members=[bo])
    for person in (ada, bo):
        open_sign_in(person, actor=ADMIN)

    remove_members(group, ada, bo)

    assert [sign_in.user_id for sign_in in SignIn.objects.live()] == [bo.id]
    assert access_of(ada).blocked_because == "no_group_access"
    assert other.memberships.live().count() == 1


def test_a_rename_keeps_members_and_a_removed_group_is_not_found() -> None:
    ada = make_user()
    group = make_group("GK A", members=[ada])

    edit_group(group.id, lambda current: replace(current, display_name="GK B"), MembersChange.keep(), actor=ENTRA)
    assert members(group) == {ada.id}

    delete_group(group.id, actor=ENTRA)
    with pytest.raises(GroupNotFound):
        edit_group(group.id, None, MembersChange.keep(), actor=ENTRA)


def test_a_group_is_on_the_page_once_it_has_had_a_member() -> None:
    group = make_group()
    assert not IdpGroup.objects.on_the_page().exists()

    ada = make_user()
    add_members(group, ada)
    remove_members(group, ada)

    assert list(IdpGroup.objects.on_the_page()) == [group]


@pytest.mark.parametrize("size", [10, 1000])
def test_adding_and_removing_one_costs_the_same_in_a_large_group(size: int) -> None:
    others = User.objects.bulk_create(
        User(user_name=f"u{number}@example.com", user_name_folded=f"u{number}@example.com") for number in range(size)
    )
    group = make_group(members=others)
    newcomer = make_user()

    with CaptureQueriesContext(connection) as adding:
        add_members(group, newcomer)
    with CaptureQueriesContext(connection) as removing:
        remove_members(group, newcomer)

    locks = connection.vendor == "postgresql"  # there whoever leaves is locked
    assert (len(adding), len(removing)) == (9, 12 + locks)  # one of each writes the event
