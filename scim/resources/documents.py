"""The SCIM documents of a page of users or groups (RFC 7643 §4), for a fixed number of queries, whatever its size."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from django_scim.utils import get_group_adapter, get_user_adapter

from gatekeeper.directory.models import IdpGroup, Membership, User
from scim.protocol.references import as_id
from scim.protocol.schemas import ENTERPRISE_USER
from scim.resources.adapters import group_url, user_url
from scim.resources.projection import Projection
from scim.statements.related import Group, groups_of, names_of

Document = dict[str, Any]


def user_documents(users: Sequence[User], projection: Projection, *, are_new: bool = False) -> list[Document]:
    """The users in their order. Cost: one query for groups and one for managers, if they are wanted and there.

    ``are_new`` users are in no group yet.
    """
    has_groups = bool(users) and not are_new and projection.wants("groups")
    groups = _references(groups_of([user.id for user in users])) if has_groups else {}
    managers = _managers_of(users) if projection.wants("manager", ENTERPRISE_USER) else {}
    adapter = get_user_adapter()
    return [
        projection.apply(
            adapter(
                user,
                groups=groups.get(user.id, ()),
                managers=managers,
                declared=projection.resource_type,
            ).to_dict()
        )
        for user in users
    ]


def user_document(user: User, groups: Sequence[tuple[UUID, str]], projection: Projection) -> Document:
    """One user whose groups are known, as ids and names in their order. Cost: one query where a manager is stated."""
    references = [_group_reference(*group) for group in groups] if projection.wants("groups") else []
    managers = _managers_of([user]) if projection.wants("manager", ENTERPRISE_USER) else {}
    adapter = get_user_adapter()(user, groups=references, managers=managers, declared=projection.resource_type)
    return projection.apply(adapter.to_dict())


def group_documents(groups: Sequence[IdpGroup], projection: Projection) -> list[Document]:
    """The groups in their order. Cost: one query for all members, none when they are not wanted."""
    members = _members_of([group.id for group in groups]) if groups and projection.wants("members") else {}
    adapter = get_group_adapter()
    return [projection.apply(adapter(group, members=members.get(group.id, ())).to_dict()) for group in groups]


def _managers_of(users: Sequence[User]) -> dict[UUID, str | None]:
    stated = (user.attributes.get(ENTERPRISE_USER, {}).get("manager", {}).get("value", "") for user in users)
    ids = {manager_id for value in stated if value and (manager_id := as_id(str(value)))}
    return names_of(ids) if ids else {}


def _references(groups: Mapping[UUID, Sequence[Group]]) -> dict[UUID, list[Document]]:
    """By user. Users of one page have many groups in common, and share the reference to each."""
    made: dict[UUID, Document] = {}
    return {
        user_id: [made.get(group[0]) or made.setdefault(group[0], _group_reference(*group)) for group in of_user]
        for user_id, of_user in groups.items()
    }


def _group_reference(group_id: UUID, name: str) -> Document:
    return {"value": str(group_id), "$ref": group_url(group_id), "display": name, "type": "direct"}


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
