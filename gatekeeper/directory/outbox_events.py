"""Which facts the events of the directory hold; docs/events.md lists them. The services say when one happened."""

from collections.abc import Collection
from enum import StrEnum
from typing import Any
from uuid import UUID

from gatekeeper.audit.actor import Actor
from gatekeeper.directory.models import IdpGroup, Team, User
from gatekeeper.events.codes import EventCode
from gatekeeper.events.models import OutboxEvent
from gatekeeper.events.outbox import event

NAMED = 50  # ids of a longer list; its length is always there


class AccessChange(StrEnum):
    """Why the access of people changed: ``cause`` of ``access.changed``."""

    USER_REACTIVATED = "user_reactivated"
    GROUP_MEMBERS_CHANGED = "group_members_changed"
    GROUP_DELETED = "group_deleted"
    MAPPING_SET = "mapping_set"
    MAPPING_RESET = "mapping_reset"
    DEFAULT_MAPPING_SET = "default_mapping_set"
    FALLBACK_TEAM_CHOSEN = "fallback_team_chosen"
    LAST_GROUP_POLICY_SET = "last_group_policy_set"
    TEAM_DELETED = "team_deleted"
    TEAM_MERGED = "team_merged"


def user_event(code: EventCode, user: User, *, actor: Actor, **facts: Any) -> OutboxEvent:
    """Something that happened to a person."""
    data = facts_of_user(user.id, user.user_name, user.external_id, **facts)
    return event(code, actor=actor, kind="user", object_id=user.id, data=data)


def facts_of_user(user_id: UUID, user_name: str, external_id: str | None, **facts: Any) -> dict[str, Any]:
    """The data of an event about a person, for events of many."""
    return {"user": {"id": str(user_id), "user_name": user_name, "external_id": external_id}, **facts}


def user_provisioned(user: User, *, actor: Actor, revived: bool = False) -> OutboxEvent:
    """They are known now. ``revived``: they were before, and have the id, groups and links that they had."""
    return user_event(EventCode.USER_PROVISIONED, user, actor=actor, active=user.active, revived=revived)


def user_reactivated(user: User, *, actor: Actor) -> OutboxEvent:
    """They have again what they had: groups, links and teams were kept."""
    return user_event(EventCode.ACCESS_CHANGED, user, actor=actor, cause=AccessChange.USER_REACTIVATED)


def group_event(cause: AccessChange, group: IdpGroup, *, actor: Actor, **facts: Any) -> OutboxEvent:
    """The access of a group's members changed, by one decision or one request."""
    named = {"id": str(group.id), "name": group.display_name}
    data = {"cause": cause, "group": named, **facts}
    return event(EventCode.ACCESS_CHANGED, actor=actor, kind="group", object_id=group.id, data=data)


def members_changed(
    group: IdpGroup, added: Collection[UUID], removed: Collection[UUID], *, actor: Actor
) -> OutboxEvent:
    """Who came into a group and who left it."""
    cause = AccessChange.GROUP_MEMBERS_CHANGED
    return group_event(cause, group, actor=actor, added=_counted(added), removed=_counted(removed))


def site_event(cause: AccessChange, *, actor: Actor, **facts: Any) -> OutboxEvent:
    """The access of anybody may have changed, by a choice for the whole site."""
    data = {"cause": cause, **facts}
    return event(EventCode.ACCESS_CHANGED, actor=actor, kind="site", object_id="access", data=data)


def team_event(cause: AccessChange, team: Team, *, actor: Actor, **facts: Any) -> OutboxEvent:
    """The access of a team's people changed."""
    data = {"cause": cause, "team": {"id": str(team.id), "name": team.name}, **facts}
    return event(EventCode.ACCESS_CHANGED, actor=actor, kind="team", object_id=team.id, data=data)


def _counted(ids: Collection[UUID]) -> dict[str, Any]:
    return {"count": len(ids), "ids": [str(user_id) for user_id in sorted(ids)[:NAMED]]}
