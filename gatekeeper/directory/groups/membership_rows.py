"""Membership rows of many users, inserted as one statement: an instance for each would cost more than the rest."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from gatekeeper.directory.models import IdpGroup
from gatekeeper.runtime.bulk.inserts import insert_rows_later, target

_MEMBERSHIPS = target(
    "directory_membership",
    {"user_id": "uuid", "group_id": "uuid", "since": "timestamptz", "ended_because": "text"},
)


def insert_members(group: IdpGroup, user_ids: Collection[UUID], now: datetime) -> None:
    """Make these users members from ``now`` on, in the order of their ids. None of them is one yet. One statement."""
    insert_rows_later(_MEMBERSHIPS, [(user_id, group.pk, now, "") for user_id in sorted(user_ids)])
