"""The members of IdP groups: who is locked, added and removed by one change, and what follows from it."""

from collections.abc import Collection
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.directory.access.loaders import SLICE
from gatekeeper.directory.changes import MembersChange
from gatekeeper.directory.deprovisioning_limits.limits import apply_deprovisioning_limits
from gatekeeper.directory.deprovisioning_limits.privilege_gains import (
    default_mapping_is_top_level,
    watching_privilege_gains,
)
from gatekeeper.directory.groups.membership_rows import insert_members
from gatekeeper.directory.levels import Level
from gatekeeper.directory.lockout_protection import protected_from_lockout
from gatekeeper.directory.models import EndedBecause, IdpGroup, Membership, SessionEnd
from gatekeeper.directory.outbox_events import members_changed
from gatekeeper.directory.row_locks import Lock, lock_users
from gatekeeper.directory.sessions.open_sessions import end_sign_ins
from gatekeeper.errors import UnknownMembers
from gatekeeper.events.outbox import emit_all
from gatekeeper.runtime.statements.fixed_sql import Statement, among, as_uuid, change, run, same_plan_for_any

_NAMED_IN_LOG = 50  # ids; of a longer list of members the audit trail has the length


_AMONG = among("%(ids)s")

# Columns: the id; whether the Default Mapping, and whether that or the group's, makes people Global Administrators.
_TOP_LEVEL = "SELECT 1 FROM directory_mappingversion WHERE until IS NULL AND level = %(level)s"
_PEOPLE = f"""
SELECT id, EXISTS ({_TOP_LEVEL} AND group_id IS NULL),
       EXISTS ({_TOP_LEVEL} AND (group_id IS NULL OR group_id = %(group)s))
  FROM directory_user
 WHERE id {{among}} AND deleted_at IS NULL AND origin || '' = 'scim'
 ORDER BY id"""
_JOINING = Statement(
    _PEOPLE.format(among=_AMONG.postgresql) + f" {Lock.REFER} OF directory_user",
    _PEOPLE.format(among=_AMONG.sqlite),
)


@dataclass(slots=True)
class LockedPeople:
    """The people who join or leave a group by a change, locked: who joins is not deleted meanwhile, and who leaves
    leaves one group at a time.

    ``known``: who may join, and whether joining a group may take the right to configure from them.
    ``may_gain``: who may become Global Administrator by it.
    """

    known: dict[UUID, bool] = field(default_factory=dict)
    may_gain: frozenset[UUID] = frozenset()
    leaving: frozenset[UUID] = frozenset()
    group_id: UUID | None = None

    def lock(self, joining: frozenset[UUID] = frozenset(), leaving: frozenset[UUID] = frozenset()) -> None:
        asked = {"group": self.group_id, "level": Level.GLOBAL_ADMINISTRATOR.value}
        for some in _slices(joining - self.known.keys()):
            found = [(as_uuid(row[0]), *row[1:]) for row in run(_JOINING, {**asked, "ids": some})]
            self.known.update({user_id: bool(may_shut_out) for user_id, may_shut_out, _ in found})
            self.may_gain |= {user_id for user_id, _, may_gain in found if may_gain}
        for some in _slices(leaving - self.leaving):
            lock_users(some, Lock.CHANGE)
        self.leaving |= leaving

    def require(self, joining: frozenset[UUID]) -> bool:
        """Whether joining may take the right to configure from one of them. Raises: UnknownMembers."""
        unknown = joining - self.known.keys()
        if unknown:
            raise UnknownMembers(unknown)
        return any(self.known[user_id] for user_id in joining)


def lock_people(group_id: UUID, members: MembersChange) -> LockedPeople:
    """Lock the people whom a change is about, before the group itself (``row_locks.py``). Who stays needs no lock."""
    people = LockedPeople(group_id=group_id)
    people.lock(*_joining_and_leaving(group_id, members))
    return people


def _joining_and_leaving(group_id: UUID, members: MembersChange) -> tuple[frozenset[UUID], frozenset[UUID]]:
    if members.base is None:
        return members.add, members.remove
    current = frozenset(Membership.objects.live().filter(group=group_id).values_list("user_id", flat=True))
    wanted = members.applied_to(current)
    return wanted - current, current - wanted


def change_members(
    group: IdpGroup, members: MembersChange, people: LockedPeople, now: datetime, *, actor: Actor
) -> tuple[frozenset[UUID], frozenset[UUID]]:
    """Add and remove members of a locked group. Returns who really joined and who really left.

    Raises: UnknownMembers before anything is written; NobodyCouldConfigure; HeldForApproval.
    """
    add, remove = _joining_and_leaving(group.id, members)
    people.lock(add, remove)  # nobody, unless somebody came or went before the group was locked
    may_shut_out = people.require(add)
    may_gain = people.may_gain & add | (remove if remove and default_mapping_is_top_level() else frozenset())
    guard = protected_from_lockout() if remove or may_shut_out else nullcontext()
    with guard, watching_privilege_gains(may_gain, actor=actor):
        removed = _remove(group, remove, now)
        added = _add(group, add, now)
    _record_members(group, added, removed, actor=actor)
    if removed:
        _end_sessions_of_the_groupless(removed, now, actor=actor)
        apply_deprovisioning_limits(actor=actor)
    return added, removed


def add_first_members(
    group: IdpGroup, people: LockedPeople, ids: frozenset[UUID], now: datetime, *, actor: Actor
) -> None:
    """Fill a group that was just created. Raises: PrivilegeHeld.

    A new group has the Default Mapping, so joining it takes nothing away that being in no group gave.
    """
    may_gain = ids if any(people.known.values()) else ()  # the Default Mapping grants the top level
    with watching_privilege_gains(may_gain, actor=actor):
        insert_members(group, ids, now)
    _record_members(group, ids, frozenset(), actor=actor)


def _add(group: IdpGroup, ids: frozenset[UUID], now: datetime) -> frozenset[UUID]:
    """Add who is not a member yet. The group's row is locked, so nobody adds one between query and insert."""
    new = ids - _members_among(group, ids)
    insert_members(group, new, now)
    return new


def _remove(group: IdpGroup, ids: frozenset[UUID], now: datetime) -> frozenset[UUID]:
    present = _members_among(group, ids)
    for some in _slices(present):
        change(_REMOVE, {"group": group.pk, "ids": some, "now": now, "because": EndedBecause.REMOVED.value})
    return present


def _members_among(group: IdpGroup, ids: frozenset[UUID]) -> frozenset[UUID]:
    return frozenset(
        as_uuid(user_id)
        for some in _slices(ids)
        for (user_id,) in run(_MEMBERS_AMONG, {"group": group.pk, "ids": some})
    )


# Each person is looked for in the index over group and user, also while PostgreSQL knows nothing about the table yet:
# with ``= ANY`` it would read the whole group then.
_EACH = f"""FROM unnest({same_plan_for_any("%(ids)s", "uuid")}) AS wanted(id) CROSS JOIN LATERAL (
       SELECT id, user_id FROM directory_membership
        WHERE group_id = %(group)s AND user_id = wanted.id AND until IS NULL LIMIT 1) AS member"""
_OF_THESE = f"group_id = %(group)s AND until IS NULL AND user_id {_AMONG.sqlite}"
_END = "UPDATE directory_membership SET until = %(now)s, ended_because = %(because)s WHERE"
_MEMBERS_AMONG = Statement(
    f"SELECT member.user_id {_EACH}", f"SELECT user_id FROM directory_membership WHERE {_OF_THESE}"
)
_REMOVE = Statement(f"{_END} id = ANY (ARRAY (SELECT member.id {_EACH}))", f"{_END} {_OF_THESE}")
# Those who have a session and no group any more.
_GROUPLESS = """
SELECT DISTINCT session.user_id FROM directory_signin AS session
 WHERE session.until IS NULL AND session.user_id {among}
   AND NOT EXISTS (SELECT 1 FROM directory_membership WHERE user_id = session.user_id AND until IS NULL)"""
_GROUPLESS_WITH_SESSIONS = Statement(_GROUPLESS.format(among=_AMONG.postgresql), _GROUPLESS.format(among=_AMONG.sqlite))


def _slices(ids: Collection[UUID]) -> list[list[UUID]]:
    ordered = sorted(ids)
    return [ordered[start : start + SLICE] for start in range(0, len(ordered), SLICE)]


def _end_sessions_of_the_groupless(ids: frozenset[UUID], now: datetime, *, actor: Actor) -> None:
    """End the sessions of who lost their last group: revocation does not wait for a request (docs/rules.md#6)."""
    for some in _slices(ids):
        ids_out = [as_uuid(user_id) for (user_id,) in run(_GROUPLESS_WITH_SESSIONS, {"ids": some})]
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
    emit_all([members_changed(group, added, removed, actor=actor)])


def _named(ids: frozenset[UUID]) -> dict[str, Any]:
    return {"count": len(ids), "ids": [str(user_id) for user_id in sorted(ids)[:_NAMED_IN_LOG]]}
