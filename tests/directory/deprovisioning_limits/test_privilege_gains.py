"""Who becomes Global Administrator is recorded each time; on request the change waits (docs/rules.md#10)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from gatekeeper.audit.models import AuditEntry
from gatekeeper.config_as_code.apply import apply_document
from gatekeeper.config_as_code.document import read_document
from gatekeeper.directory.access.loaders import access_of
from gatekeeper.directory.changes import GroupRecord, MembersChange, UserRecord
from gatekeeper.directory.deprovisioning_limits.limits import (
    approve_held_changes,
    deprovisioning_state,
    set_deprovisioning_limits,
)
from gatekeeper.directory.groups.idp_groups import create_group, delete_group, edit_group
from gatekeeper.directory.levels import Level
from gatekeeper.directory.mappings.mappings import reset_mapping, set_last_group_policy
from gatekeeper.directory.models import IdpGroup, PrivilegeGain, User
from gatekeeper.directory.people.users import create_user, create_users, edit_user
from gatekeeper.errors import PrivilegeHeld
from tests.builders import ADMIN, ENTRA, add_members, make_group, make_user, map_group, remove_members

pytestmark = pytest.mark.django_db

TOP = "global_administrator"


@dataclass
class Scene:
    user: User
    top: IdpGroup  # its mapping makes Global Administrators
    plain: IdpGroup  # has no mapping of its own


@pytest.fixture
def scene() -> Scene:
    scene = Scene(make_user("ada@x.com"), make_group("Top"), make_group("Plain"))
    map_group(scene.top, TOP)
    map_group(None, "collaborator")
    return scene


def put_members(group: IdpGroup, *users: User) -> None:
    change = MembersChange(base=frozenset(user.id for user in users))
    edit_group(group.id, None, change, actor=ENTRA)


def activate(user: User, active: bool) -> None:
    edit_user(user.id, lambda record: replace(record, active=active), actor=ENTRA)


def inactive_member(scene: Scene) -> None:
    activate(scene.user, active=False)
    add_members(scene.top, scene.user)


def removed(scene: Scene) -> None:
    add_members(scene.plain, scene.user)
    remove_members(scene.plain, scene.user)
    map_group(None, TOP)


def member(scene: Scene) -> None:
    add_members(scene.plain, scene.user)


def top_default(scene: Scene) -> None:
    map_group(scene.plain, "collaborator")
    add_members(scene.plain, scene.user)
    map_group(None, TOP)


def new_user() -> UserRecord:
    return UserRecord(user_name="new@x.com")


def revive(scene: Scene) -> None:
    create_user(UserRecord(user_name="ada@x.com"), actor=ENTRA)


Step = Callable[[Scene], Any]
NOTHING: Step = lambda scene: None  # noqa: E731

# How the identity provider can make somebody Global Administrator: (what was before, what makes them)
BY_DIRECTORY: dict[str, tuple[Step, Step]] = {
    "add to a group": (NOTHING, lambda scene: add_members(scene.top, scene.user)),
    "state a group's members": (NOTHING, lambda scene: put_members(scene.top, scene.user)),
    "activation": (inactive_member, lambda scene: activate(scene.user, active=True)),
    "revival": (inactive_member, revive),
    "a new group, while the default leads there": (
        removed,
        lambda scene: create_group(GroupRecord(display_name="New"), [scene.user.id], actor=ENTRA),
    ),
    "deletion of a group": (top_default, lambda scene: delete_group(scene.plain.id, actor=ENTRA)),
    "creation, while the default leads there": (
        lambda scene: map_group(None, TOP),
        lambda scene: create_user(new_user(), actor=ENTRA),
    ),
    "creation of several": (
        lambda scene: map_group(None, TOP),
        lambda scene: create_users([new_user()], actor=ENTRA),
    ),
}
# How an administrator can.
BY_DECISION: dict[str, tuple[Step, Step]] = {
    "mapping of a group": (member, lambda scene: map_group(scene.plain, TOP)),
    "Default Mapping": (member, lambda scene: map_group(None, TOP)),
    "reset of a mapping": (top_default, lambda scene: reset_mapping(scene.plain.id, actor=ADMIN)),
    "last group policy": (removed, lambda scene: set_last_group_policy("fallback", actor=ADMIN)),
    "a document": (
        member,
        lambda scene: apply_document(
            read_document('{"default_mapping": {"level": "global_administrator"}}'), actor=ADMIN, confirmed=True
        ),
    ),
}


def prepared(before: Step, scene: Scene) -> set[Any]:
    """Who is Global Administrator already, after what comes before; what was recorded then does not matter."""
    before(scene)
    PrivilegeGain.objects.all().delete()
    return administrators()


def administrators() -> set[Any]:
    return {user.pk for user in User.objects.all() if access_of(user).level is Level.GLOBAL_ADMINISTRATOR}


def recorded(event: str = "privilege.gained") -> set[str]:
    return set(AuditEntry.objects.filter(event=event).values_list("object_id", flat=True))


@pytest.mark.parametrize("name", BY_DIRECTORY | BY_DECISION)
def test_each_way_is_told_with_the_person(scene: Scene, name: str) -> None:
    before, change = (BY_DIRECTORY | BY_DECISION)[name]
    already = prepared(before, scene)

    change(scene)

    gained = administrators() - already
    assert len(gained) == 1
    assert set(PrivilegeGain.objects.values_list("user", flat=True)) == gained
    assert {str(pk) for pk in gained} <= recorded()
    assert deprovisioning_state().gained == 1


@pytest.mark.parametrize("name", BY_DIRECTORY)
def test_with_hold_the_identity_provider_has_to_wait(scene: Scene, name: str) -> None:
    before, change = BY_DIRECTORY[name]
    already = prepared(before, scene)
    set_deprovisioning_limits(share=30, minimum=20, minutes=60, hold=True, actor=ADMIN)

    with pytest.raises(PrivilegeHeld):
        change(scene)

    assert administrators() == already
    assert not PrivilegeGain.objects.exists()
    approve_held_changes(actor=ADMIN)
    change(scene)
    assert len(administrators() - already) == 1
    assert PrivilegeGain.objects.count() == 1


@pytest.mark.parametrize("name", BY_DECISION)
def test_an_administrator_was_asked_and_is_not_held(scene: Scene, name: str) -> None:
    before, change = BY_DECISION[name]
    already = prepared(before, scene)
    set_deprovisioning_limits(share=30, minimum=20, minutes=60, hold=True, actor=ADMIN)

    change(scene)

    assert len(administrators() - already) == 1


def test_who_was_one_before_or_becomes_none_is_not_told(scene: Scene) -> None:
    add_members(scene.top, scene.user)
    PrivilegeGain.objects.all().delete()
    second = make_group("Top 2")
    map_group(second, TOP)

    add_members(second, scene.user)
    remove_members(scene.top, scene.user)
    activate(scene.user, active=False)
    add_members(scene.plain, make_user())

    assert not PrivilegeGain.objects.exists()


def test_a_dry_run_tells_nothing(scene: Scene) -> None:
    member(scene)

    document = read_document('{"default_mapping": {"level": "global_administrator"}}')
    apply_document(document, actor=ADMIN, confirmed=True, dry_run=True)

    assert not PrivilegeGain.objects.exists()
    assert recorded() == set()
