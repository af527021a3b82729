"""Changes of groups over SCIM: from the body to one service function of the directory, with the log.

Each function reads and checks the request, and returns the function that is to run in a transaction.
"""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from gatekeeper.audit.provisioning_codes import ChangeCode
from gatekeeper.directory.changes import GroupRecord
from gatekeeper.directory.groups.idp_groups import create_group, delete_group, edit_group
from gatekeeper.directory.models import IdpGroup
from scim.http.request_context import ScimRequestContext
from scim.patch.parser import Patch, read_patch, read_resource
from scim.request_log.changes import attribute_changes, member_changes, name_change, warnings_of
from scim.resources.profiles import group_profile, group_record

Expectation = Callable[[int], bool] | None
Write = Callable[[], IdpGroup]


def create(context: ScimRequestContext, body: Mapping[str, Any]) -> Write:
    """RFC 7644 §3.3. Entra creates groups empty and adds the members later.

    Raises: what reading the body raises; GroupNameTaken (409); UnknownMembers (400).
    """
    parsed = read_resource(context.schemas.group, body, is_strict=context.is_strict)
    profile = parsed.edited({})
    context.group_label = str(profile.get("displayName", ""))
    record, members = group_record(profile), parsed.members.applied_to(())

    def write() -> IdpGroup:
        context.ignored += parsed.ignored
        group = create_group(record, members, actor=context.actor)
        _note_group(context, group)
        context.changed.append(name_change(ChangeCode.GROUP_CREATED, group.display_name))
        context.changed += member_changes(members, ())
        return group

    return write


def replace(context: ScimRequestContext, group_id: UUID, body: Mapping[str, Any], expect: Expectation) -> Write:
    """RFC 7644 §3.5.1: the members are exactly those stated; none stated empties the group."""
    parsed = read_resource(context.schemas.group, body, replaces=True, is_strict=context.is_strict)
    return _edit(context, group_id, parsed, expect, replaces=True)


def patch(context: ScimRequestContext, group_id: UUID, body: Mapping[str, Any], expect: Expectation) -> Write:
    """RFC 7644 §3.5.2. One member costs the same in a group of ten and of ten thousand."""
    parsed = read_patch(context.schemas.group, body, is_strict=context.is_strict)
    return _edit(context, group_id, parsed, expect, replaces=False)


def remove(context: ScimRequestContext, group_id: UUID, expect: Expectation) -> Callable[[], None]:
    """RFC 7644 §3.6. The members stay."""
    context.group_id = group_id

    def write() -> None:
        group = delete_group(group_id, actor=context.actor, expect=expect)
        _note_group(context, group)
        context.changed.append(name_change(ChangeCode.GROUP_DELETED, group.display_name))

    return write


def _edit(context: ScimRequestContext, group_id: UUID, parsed: Patch, expect: Expectation, *, replaces: bool) -> Write:
    context.group_id = group_id
    stated = parsed.edited({}) if replaces else None
    profiles: list[Mapping[str, Any]] = []

    def edit(record: GroupRecord) -> GroupRecord:
        before = group_profile(record)
        wanted = group_record(parsed.edited(before) if stated is None else stated)
        profiles[:] = (before, group_profile(wanted))
        return wanted

    def write() -> IdpGroup:
        context.ignored += parsed.ignored
        needed = edit if replaces or parsed.operations else None
        done = edit_group(group_id, needed, parsed.members, actor=context.actor, expect=expect)
        _note_group(context, done.group)
        if profiles:
            context.changed += attribute_changes(*profiles)
        context.warnings += warnings_of(parsed.emptied, {"members": len(done.removed)})
        context.changed += member_changes(done.added, done.removed)
        return done.group

    return write


def _note_group(context: ScimRequestContext, group: IdpGroup) -> None:
    context.group_id, context.group_label = group.id, group.display_name
