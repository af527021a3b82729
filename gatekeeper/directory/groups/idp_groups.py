"""The services that create, change and delete IdP groups, with their members."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError
from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.directory.access.past import remember_name
from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.changes import GroupRecord, MembersChange, as_document, difference
from gatekeeper.directory.deprovisioning_limits.privilege_gains import (
    top_level_default_mapping,
    watching_privilege_gains,
)
from gatekeeper.directory.field_values import require_valid_group
from gatekeeper.directory.groups.members import LockedPeople, add_first_members, change_members, lock_people
from gatekeeper.directory.lockout_protection import protected_from_lockout
from gatekeeper.directory.models import EndedBecause, IdpGroup, MappingVersion, Membership
from gatekeeper.directory.outbox_events import AccessChange, group_event
from gatekeeper.directory.people.users import VersionCheck
from gatekeeper.directory.row_locks import Lock, lock_group
from gatekeeper.errors import GroupNameTaken, GroupNotFound, VersionMismatch
from gatekeeper.events.outbox import emit_all
from gatekeeper.runtime.statements.stored_rows import insert as insert_rows
from gatekeeper.runtime.statements.stored_rows import update, update_later
from gatekeeper.runtime.transactions import one_transaction

GroupEdit = Callable[[GroupRecord], GroupRecord]


@dataclass(frozen=True, slots=True)
class EditedGroup:
    """What an edit came to: the group as it is now, and who really came and went."""

    group: IdpGroup
    changed: bool
    added: frozenset[UUID]
    removed: frozenset[UUID]


@one_transaction()
def create_group(wanted: GroupRecord, member_ids: Collection[UUID], *, actor: Actor) -> IdpGroup:
    """Add a group; Entra creates it empty and adds members later.

    Raises: GroupNameTaken; UnknownMembers; InvalidValue.
    """
    require_valid_group(wanted)
    ids = frozenset(member_ids)
    people = LockedPeople()
    people.lock(joining=ids)
    people.require(ids)
    now = timezone.now()
    group = IdpGroup(created_at=now)
    _save(group, wanted, now, insert=True)
    record(
        Event.GROUP_CREATED,
        actor=actor,
        kind="group",
        object_id=group.id,
        label=group.display_name,
        after=as_document(wanted),
    )
    add_first_members(group, people, ids, now, actor=actor)
    return group


@one_transaction()
def edit_group(
    group_id: UUID,
    edit: GroupEdit | None,
    members: MembersChange,
    *,
    actor: Actor,
    expect: VersionCheck | None = None,
) -> EditedGroup:
    """Change a group's own attributes by a pure function, and its membership, under one lock.

    Adding a member who is there and removing one who is not succeed silently: Entra repeats itself.
    Cost:    a fixed number of queries; rows read do not grow with the group, unless ``members`` states a whole set.
    Raises:  GroupNotFound; VersionMismatch; GroupNameTaken; UnknownMembers before anything is written; InvalidValue;
             NobodyCouldConfigure; HeldForApproval.
    Spec:    RFC 7644 §3.5.1, §3.5.2.
    """
    people = lock_people(group_id, members)
    group = _lock_group(group_id, expect, Lock.CHANGE)
    now = timezone.now()
    renamed = edit is not None and _apply(group, edit, now, actor=actor)
    added, removed = frozenset[UUID](), frozenset[UUID]()
    if members:
        added, removed = change_members(group, members, people, now, actor=actor)
    if (added or removed) and not renamed:
        group.version += 1
        group.updated_at = now
        update_later(group, "version", "updated_at")
    return EditedGroup(group, renamed or bool(added or removed), added, removed)


@one_transaction()
def delete_group(group_id: UUID, *, actor: Actor, expect: VersionCheck | None = None) -> IdpGroup:
    """End a group. Its members stay; whoever loses their last group by this falls back to the Default Mapping.

    Raises: GroupNotFound; VersionMismatch; NobodyCouldConfigure.
    """
    group = _lock_group(group_id, expect, Lock.END)
    now = timezone.now()
    members = Membership.objects.live().filter(group=group).values_list("user_id", flat=True)
    with (
        protected_from_lockout(),
        watching_privilege_gains(list(members) if top_level_default_mapping().exists() else (), actor=actor),
    ):
        _end(group, now, actor=actor)
    return group


def _end(group: IdpGroup, now: datetime, *, actor: Actor) -> None:
    group.deleted_at = group.updated_at = now
    group.version += 1
    group.save(update_fields=["deleted_at", "updated_at", "version"])
    count = Membership.objects.filter(group=group).end(now, ended_because=EndedBecause.GROUP_DELETED)
    MappingVersion.objects.filter(group=group).end(now)
    record(
        Event.GROUP_DELETED,
        actor=actor,
        kind="group",
        object_id=group.id,
        label=group.display_name,
        before={"members": count},
    )
    emit_all([group_event(AccessChange.GROUP_DELETED, group, actor=actor, people=count)])


def _apply(group: IdpGroup, edit: GroupEdit, now: datetime, *, actor: Actor) -> bool:
    """Write the attributes that the edit wants; False when none differs."""
    current = group.record()
    wanted = edit(current)
    if wanted == current:
        return False
    require_valid_group(wanted)
    group.version += 1
    if wanted.display_name != current.display_name:
        remember_name(group.id, current.display_name, now)
    _save(group, wanted, now, insert=False)
    record(
        Event.GROUP_CHANGED,
        actor=actor,
        kind="group",
        object_id=group.id,
        label=group.display_name,
        **difference(current, wanted),
    )
    return True


def _save(group: IdpGroup, wanted: GroupRecord, now: datetime, *, insert: bool) -> None:
    group.display_name, group.display_name_folded = wanted.display_name, fold(wanted.display_name)
    group.external_id = wanted.external_id
    group.attributes = dict(wanted.attributes)
    group.updated_at = now
    try:
        if insert:
            insert_rows([group])
        else:
            update(group)
    except IntegrityError:
        raise GroupNameTaken(wanted.display_name) from None


def _lock_group(group_id: UUID, expect: VersionCheck | None, lock: Lock) -> IdpGroup:
    group = lock_group(group_id, lock)
    if group is None:
        raise GroupNotFound(group_id)
    if expect is not None and not expect(group.version):
        raise VersionMismatch
    return group
