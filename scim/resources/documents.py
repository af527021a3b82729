"""Users and groups as SCIM documents (RFC 7643 §4). A page costs a fixed number of queries, whatever its size."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from gatekeeper.directory.models import IdpGroup, Membership, User
from scim.protocol.addresses import scim_url
from scim.protocol.references import as_id
from scim.protocol.schemas import CORE_GROUP, CORE_USER, ENTERPRISE_USER, USER
from scim.protocol.versions import etag
from scim.resources.profiles import group_profile, user_profile
from scim.resources.projection import Projection

Document = dict[str, Any]


def user_documents(users: Sequence[User], projection: Projection, *, are_new: bool = False) -> list[Document]:
    """The users in their order. Cost: one query for groups and one for managers, if they are wanted and there.

    ``are_new`` users are in no group yet.
    """
    has_groups = bool(users) and not are_new and projection.wants("groups")
    groups = _groups_of([user.id for user in users]) if has_groups else {}
    managers = _managers_of(users) if projection.wants("manager", ENTERPRISE_USER) else {}
    return [projection.apply(_user(user, groups.get(user.id, ()), managers)) for user in users]


def group_documents(groups: Sequence[IdpGroup], projection: Projection) -> list[Document]:
    """The groups in their order. Cost: one query for all members, none when they are not wanted."""
    members = _members_of([group.id for group in groups]) if groups and projection.wants("members") else {}
    return [projection.apply(_group(group, members.get(group.id, ()))) for group in groups]


def user_url(user_id: object) -> str:
    """The address of a user, for ``meta.location`` and ``$ref``."""
    return scim_url(f"/Users/{user_id}")


def group_url(group_id: object) -> str:
    """The address of a group, for ``meta.location`` and ``$ref``."""
    return scim_url(f"/Groups/{group_id}")


def instant(moment: datetime) -> str:
    """A time as SCIM writes it: UTC with a Z (RFC 7643 §2.3.5)."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _user(user: User, groups: Collection[Document], managers: Mapping[UUID, str | None]) -> Document:
    profile = user_profile(user.record())
    document: Document = {
        "schemas": [CORE_USER, *(each.urn for each in USER.extensions if profile.get(each.urn))],
        "id": str(user.id),
        **profile,
    }
    if groups:
        document["groups"] = list(groups)
    manager = document.get(ENTERPRISE_USER, {}).get("manager")
    if manager:
        document[ENTERPRISE_USER] = {**document[ENTERPRISE_USER], "manager": _manager(manager, managers)}
    document["meta"] = _meta("User", user, user_url(user.id))
    return document


def _group(group: IdpGroup, members: Collection[Document]) -> Document:
    document: Document = {"schemas": [CORE_GROUP], "id": str(group.id), **group_profile(group.record())}
    if members:
        document["members"] = list(members)
    document["meta"] = _meta("Group", group, group_url(group.id))
    return document


def _meta(kind: str, row: User | IdpGroup, location: str) -> Document:
    return {
        "resourceType": kind,
        "created": instant(row.created_at),
        "lastModified": instant(row.updated_at),
        "location": location,
        "version": etag(row.version),
    }


def _manager(stated: Document, managers: Mapping[UUID, str | None]) -> Document:
    """The manager as stated; with reference and name once that user exists. An unknown one is echoed as it is."""
    manager_id = as_id(str(stated.get("value", "")))
    if manager_id is None or manager_id not in managers:
        return stated
    name = managers[manager_id]
    return {**stated, "$ref": user_url(manager_id), **({"displayName": name} if name else {})}


def _managers_of(users: Sequence[User]) -> dict[UUID, str | None]:
    stated = (user.attributes.get(ENTERPRISE_USER, {}).get("manager", {}).get("value", "") for user in users)
    ids = {manager_id for value in stated if (manager_id := as_id(str(value)))}
    if not ids:
        return {}
    return dict(User.objects.provisioned().filter(pk__in=ids).values_list("id", "display_name"))


def _groups_of(user_ids: Collection[UUID]) -> dict[UUID, list[Document]]:
    rows = (
        Membership.objects.live()
        .filter(user_id__in=user_ids)
        .order_by("group__display_name_folded", "group_id")
        .values_list("user_id", "group_id", "group__display_name")
    )
    groups: dict[UUID, list[Document]] = defaultdict(list)
    for user_id, group_id, name in rows:
        groups[user_id].append({"value": str(group_id), "$ref": group_url(group_id), "display": name, "type": "direct"})
    return groups


def _members_of(group_ids: Collection[UUID]) -> dict[UUID, list[Document]]:
    rows = (
        Membership.objects.live()
        .filter(group_id__in=group_ids)
        .order_by("id")
        .values_list("group_id", "user_id", "user__display_name")
    )
    members: dict[UUID, list[Document]] = defaultdict(list)
    for group_id, user_id, name in rows:
        member = {"value": str(user_id), "$ref": user_url(user_id), "type": "User"}
        members[group_id].append({**member, "display": name} if name else member)
    return members
