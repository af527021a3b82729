"""What a request does to a group: from the body to one verb of the directory, with the log.

Each function reads and judges the request, and returns what is left to be done in a transaction.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any
from uuid import UUID

from gatekeeper.directory.changes import GroupRecord
from gatekeeper.directory.groups.idp_groups import create_group, delete_group, edit_group
from gatekeeper.directory.models import IdpGroup
from scim.http.request_context import ScimRequestContext
from scim.patch.parser import Patch, read_patch, read_resource
from scim.protocol.schemas import GROUP
from scim.request_log.differences import differences, listed, warnings_of
from scim.resources.profiles import group_profile, group_record

Expectation = Callable[[int], bool] | None
Write = Callable[[], IdpGroup]


def create(context: ScimRequestContext, body: Mapping[str, Any]) -> Write:
    """RFC 7644 §3.3. Entra creates groups empty and adds the members later.

    Raises: what the dialect refuses; GroupNameTaken (409); UnknownMembers (400).
    """
    asked = read_resource(GROUP, body)
    profile = asked.edited({})
    context.group_label = str(profile.get("displayName", ""))
    record, members = group_record(profile), asked.members.applied_to(())

    def write() -> IdpGroup:
        context.ignored += asked.ignored
        group = create_group(record, members, actor=context.actor)
        _name(context, group)
        context.changed.append(f"Created group {group.display_name}")
        _tell_members(context, members, ())
        return group

    return write


def replace(context: ScimRequestContext, group_id: UUID, body: Mapping[str, Any], expect: Expectation) -> Write:
    """RFC 7644 §3.5.1: the members are exactly those stated; none stated empties the group."""
    return _edit(context, group_id, read_resource(GROUP, body, replaces=True), expect, replaces=True)


def patch(context: ScimRequestContext, group_id: UUID, body: Mapping[str, Any], expect: Expectation) -> Write:
    """RFC 7644 §3.5.2. One member costs the same in a group of ten and of ten thousand."""
    return _edit(context, group_id, read_patch(GROUP, body), expect, replaces=False)


def remove(context: ScimRequestContext, group_id: UUID, expect: Expectation) -> Callable[[], None]:
    """RFC 7644 §3.6. The members stay."""
    context.group_id = group_id

    def write() -> None:
        group = delete_group(group_id, actor=context.actor, expect=expect)
        _name(context, group)
        context.changed.append(f"Deleted group {group.display_name}")

    return write


def _edit(context: ScimRequestContext, group_id: UUID, asked: Patch, expect: Expectation, *, replaces: bool) -> Write:
    context.group_id = group_id
    stated = asked.edited({}) if replaces else None
    profiles: list[Mapping[str, Any]] = []

    def edit(record: GroupRecord) -> GroupRecord:
        before = group_profile(record)
        wanted = group_record(asked.edited(before) if stated is None else stated)
        profiles[:] = (before, group_profile(wanted))
        return wanted

    def write() -> IdpGroup:
        context.ignored += asked.ignored
        needed = edit if replaces or asked.operations else None
        done = edit_group(group_id, needed, asked.members, actor=context.actor, expect=expect)
        _name(context, done.group)
        if profiles:
            context.changed += differences(*profiles)
        context.warnings += warnings_of(asked.emptied, {"members": len(done.removed)})
        _tell_members(context, done.added, done.removed)
        return done.group

    return write


def _tell_members(context: ScimRequestContext, added: Collection[UUID], removed: Collection[UUID]) -> None:
    for verb, ids in (("Added", added), ("Removed", removed)):
        if ids:
            named = listed(sorted(map(str, ids)))
            context.changed.append(f"{verb} {len(ids)} member{'s' if len(ids) > 1 else ''}: {named}")


def _name(context: ScimRequestContext, group: IdpGroup) -> None:
    context.group_id, context.group_label = group.id, group.display_name
