"""Membership rows of many users, inserted as one statement: an instance for each would cost more than the rest."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import connection

from gatekeeper.directory.models import IdpGroup

_FROM_A_LIST = (
    "INSERT INTO directory_membership (user_id, group_id, since, ended_because) "
    "SELECT id, %s, %s, '' FROM unnest(%s) AS id"
)
_ONE = "INSERT INTO directory_membership (user_id, group_id, since, ended_because) VALUES (%s, %s, %s, '')"


def insert_members(group: IdpGroup, user_ids: Collection[UUID], now: datetime) -> None:
    """Make these users members from ``now`` on, in the order of their ids. None of them is one yet.

    Cost: one statement on PostgreSQL; on SQLite one that is prepared once.
    """
    if not user_ids:
        return
    ordered = sorted(user_ids)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_FROM_A_LIST, [group.pk, now, ordered])
        else:
            since = connection.ops.adapt_datetimefield_value(now)
            rows = [(user_id.hex, group.pk.hex, since) for user_id in ordered]
            cursor.executemany(_ONE, rows)
