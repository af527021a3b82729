"""What may be done to an IdP group and its members."""

from collections.abc import Callable, Collection
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.directory.access.loaders import SLICE
from gatekeeper.directory.access.past import remember_name
from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.changes import GroupRecord, MembersChange, as_document, difference
from gatekeeper.directory.deprovisioning_limits.limits import apply_deprovisioning_limits
from gatekeeper.directory.deprovisioning_limits.privilege_gains import (
    default_mapping_grants_top_level,
    may_grant_top_level,
    watching_privilege_gains,
)
from gatekeeper.directory.groups.membership_rows import insert_members
from gatekeeper.directory.lockout_protection import default_mapping_could_configure, protected_from_lockout
from gatekeeper.directory.models import EndedBecause, IdpGroup, MappingVersion, Membership, SessionEnd, User
from gatekeeper.directory.people.users import VersionCheck, require_storable
from gatekeeper.directory.row_locks import Lock, lock_group, lock_users, locked_values
from gatekeeper.directory.sessions.sign_in import end_sign_ins
from gatekeeper.errors import GroupNameTaken, GroupNotFound, InvalidValue, UnknownMembers, VersionMismatch

GroupEdit = Callable[[GroupRecord], GroupRecord]

_NAMED_IN_LOG = 50  # ids; a longer list of members is told by its length


@dataclass(frozen=True, slots=True)
class EditedGroup:
    """What an edit came to: the group as it is now, and who really came and went."""

    group: IdpGroup
    changed: bool
    added: frozenset[UUID]
    removed: frozenset[UUID]


@transaction.atomic
def create_group(wanted: GroupRecord, member_ids: Collection[UUID], *, actor: Actor) -> IdpGroup:
    """Add a group; Entra creates it empty and adds members later.

    Raises: GroupNameTaken; UnknownMembers; InvalidValue.
    """
    _validate(wanted)
    people = _People()
    people.lock(joining=frozenset(member_ids))
    people.require(frozenset(member_ids))
    may_gain = member_ids if any(people.known.values()) else ()  # the Default Mapping is one of top level
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
    # A new group has the Default Mapping, so joining it takes nothing away that being in no group gave.
    with watching_privilege_gains(may_gain, actor=actor):
        added = _add(group, frozenset(member_ids), now)
    _record_members(group, added, frozenset(), actor=actor)
    return group


@transaction.atomic
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
    people = _lock_people(group_id, members)
    group = _lock_group(group_id, expect, Lock.CHANGE)
    now = timezone.now()
    renamed = edit is not None and _apply(group, edit, now, actor=actor)
    added, removed = frozenset[UUID](), frozenset[UUID]()
    if members:
        added, removed = _change_members(group, members, people, now, actor=actor)
    if (added or removed) and not renamed:
        group.version += 1
        group.updated_at = now
        group.save(update_fields=["version", "updated_at"])
    return EditedGroup(group, renamed or bool(added or removed), added, removed)


@transaction.atomic
def delete_group(group_id: UUID, *, actor: Actor, expect: VersionCheck | None = None) -> IdpGroup:
    """End a group. Its members stay; whoever loses their last group by this falls back to the Default Mapping.

    Raises: GroupNotFound; VersionMismatch; NobodyCouldConfigure.
    """
    group = _lock_group(group_id, expect, Lock.END)
    now = timezone.now()
    members = Membership.objects.live().filter(group=group).values_list("user_id", flat=True)
    with (
        protected_from_lockout(),
        watching_privilege_gains(list(members) if default_mapping_grants_top_level() else (), actor=actor),
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


def _apply(group: IdpGroup, edit: GroupEdit, now: datetime, *, actor: Actor) -> bool:
    """Write what the edit asks for; False when that is nothing new."""
    current = group.record()
    wanted = edit(current)
    if wanted == current:
        return False
    _validate(wanted)
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


@dataclass(slots=True)
class _People:
    """Whom a change takes in or leaves out, locked: who joins stays alive, who leaves leaves one group at a time.

    ``known``: who may join, and whether joining a group may take the right to configure from them.
    ``may_gain``: who may become Global Administrator by it.
    """

    known: dict[UUID, bool] = field(default_factory=dict)
    may_gain: frozenset[UUID] = frozenset()
    leaving: frozenset[UUID] = frozenset()
    group_id: UUID | None = None

    def lock(self, joining: frozenset[UUID] = frozenset(), leaving: frozenset[UUID] = frozenset()) -> None:
        people = User.objects.provisioned().annotate(
            may_shut_out=default_mapping_could_configure(), may_gain=may_grant_top_level(self.group_id)
        )
        for some in _slices(joining - self.known.keys()):
            found = locked_values(people.filter(pk__in=some), "pk", "may_shut_out", "may_gain", lock=Lock.REFER)
            self.known.update({user_id: may_shut_out for user_id, may_shut_out, _ in found})
            self.may_gain |= {user_id for user_id, _, may_gain in found if may_gain}
        for some in _slices(leaving - self.leaving):
            lock_users(some, Lock.CHANGE)
        self.leaving |= leaving

    def require(self, joining: frozenset[UUID]) -> bool:
        """Raises UnknownMembers. Returns whether joining may take the right to configure from one of them."""
        unknown = joining - self.known.keys()
        if unknown:
            raise UnknownMembers(unknown)
        return any(self.known[user_id] for user_id in joining)


def _lock_people(group_id: UUID, members: MembersChange) -> _People:
    """Before the group itself, as everybody does. Who is in it already needs no lock to stay in."""
    people = _People(group_id=group_id)
    people.lock(*_coming_and_going(group_id, members))
    return people


def _coming_and_going(group_id: UUID, members: MembersChange) -> tuple[frozenset[UUID], frozenset[UUID]]:
    if members.base is None:
        return members.add, members.remove
    current = frozenset(Membership.objects.live().filter(group=group_id).values_list("user_id", flat=True))
    wanted = members.applied_to(current)
    return wanted - current, current - wanted


def _change_members(
    group: IdpGroup, members: MembersChange, people: _People, now: datetime, *, actor: Actor
) -> tuple[frozenset[UUID], frozenset[UUID]]:
    add, remove = _coming_and_going(group.id, members)
    people.lock(add, remove)  # nobody, unless somebody came or went before the group was locked
    may_shut_out = people.require(add)
    may_gain = people.may_gain & add | (remove if remove and default_mapping_grants_top_level() else frozenset())
    guard = protected_from_lockout() if remove or may_shut_out else nullcontext()
    with guard, watching_privilege_gains(may_gain, actor=actor):
        removed = _remove(group, remove, now)
        added = _add(group, add, now)
    _record_members(group, added, removed, actor=actor)
    if removed:
        _end_sessions_of_the_groupless(removed, now, actor=actor)
        apply_deprovisioning_limits(actor=actor)
    return added, removed


def _add(group: IdpGroup, ids: frozenset[UUID], now: datetime) -> frozenset[UUID]:
    """Add whoever is not there yet. The group's row is locked, so nobody else adds between the look and the insert."""
    new = ids - _members_among(group, ids)
    insert_members(group, new, now)
    return new


def _remove(group: IdpGroup, ids: frozenset[UUID], now: datetime) -> frozenset[UUID]:
    present = _members_among(group, ids)
    for some in _slices(present):
        Membership.objects.filter(group=group, user__in=some).end(now, ended_because=EndedBecause.REMOVED)
    return present


def _members_among(group: IdpGroup, ids: frozenset[UUID]) -> frozenset[UUID]:
    live = Membership.objects.live().filter(group=group)
    return frozenset(
        user_id for some in _slices(ids) for user_id in live.filter(user__in=some).values_list("user_id", flat=True)
    )


def _slices(ids: Collection[UUID]) -> list[list[UUID]]:
    ordered = sorted(ids)
    return [ordered[start : start + SLICE] for start in range(0, len(ordered), SLICE)]


def _end_sessions_of_the_groupless(ids: frozenset[UUID], now: datetime, *, actor: Actor) -> None:
    """Whoever just lost their last group is out in this moment, not at their next request (rule 6)."""
    other = Membership.objects.live().filter(user=OuterRef("pk"))
    for some in _slices(ids):
        groupless = User.objects.filter(~Exists(other), pk__in=some, sign_ins__until=None, sign_ins__isnull=False)
        ids_out = list(groupless.values_list("id", flat=True).distinct())
        if ids_out:
            end_sign_ins(ids_out, actor=actor, because=SessionEnd.LOST_ACCESS, now=now)


def _record_members(group: IdpGroup, added: frozenset[UUID], removed: frozenset[UUID], *, actor: Actor) -> None:
    if not added and not removed:
        return
    record(
        Event.GROUP_MEMBERS_CHANGED,
        actor=actor,
        kind="group",
        object_id=group.id,
        label=group.display_name,
        after={"added": _named(added), "removed": _named(removed)},
    )


def _named(ids: frozenset[UUID]) -> dict[str, Any]:
    return {"count": len(ids), "ids": [str(user_id) for user_id in sorted(ids)[:_NAMED_IN_LOG]]}


def _save(group: IdpGroup, wanted: GroupRecord, now: datetime, *, insert: bool) -> None:
    group.display_name, group.display_name_folded = wanted.display_name, fold(wanted.display_name)
    group.external_id = wanted.external_id
    group.attributes = dict(wanted.attributes)
    group.updated_at = now
    try:
        # A transaction of its own, so that a collision leaves the outer one usable on PostgreSQL.
        with transaction.atomic():
            group.save(force_insert=insert, force_update=not insert)
    except IntegrityError:
        raise GroupNameTaken(wanted.display_name) from None


def _lock_group(group_id: UUID, expect: VersionCheck | None, lock: Lock) -> IdpGroup:
    group = lock_group(group_id, lock)
    if group is None:
        raise GroupNotFound(group_id)
    if expect is not None and not expect(group.version):
        raise VersionMismatch
    return group


def _validate(wanted: GroupRecord) -> None:
    if not wanted.display_name.strip():
        raise InvalidValue("displayName", "a value is required.")
    require_storable("displayName", wanted.display_name)
    require_storable("externalId", wanted.external_id)
