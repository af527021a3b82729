"""What the documents of users refer to: their groups, and the names of their managers. A statement each."""

from collections import defaultdict
from collections.abc import Collection
from uuid import UUID

from gatekeeper.runtime.statements.fixed_sql import Statement, among, as_uuid, run

# OFFSET keeps PostgreSQL from looking for people by another condition than their id (see ``read_user``).
_GROUPS = """
SELECT member.user_id, team.id, team.display_name
  FROM directory_membership AS member JOIN directory_idpgroup AS team ON team.id = member.group_id
 WHERE member.user_id {among} AND member.until IS NULL
 ORDER BY team.display_name_folded, team.id"""
_NAMES = """
SELECT id, display_name
  FROM (SELECT id, display_name, deleted_at, origin FROM directory_user WHERE id {among} {fence}) AS person
 WHERE deleted_at IS NULL AND origin = 'scim'"""
_AMONG = among("%(ids)s")
_ON_POSTGRESQL = {"among": _AMONG.postgresql, "fence": "OFFSET 0"}
_ON_SQLITE = {"among": _AMONG.sqlite, "fence": ""}

GROUPS = Statement(_GROUPS.format(**_ON_POSTGRESQL), _GROUPS.format(**_ON_SQLITE))
NAMES = Statement(_NAMES.format(**_ON_POSTGRESQL), _NAMES.format(**_ON_SQLITE))

Group = tuple[UUID, str]


def groups_of(user_ids: Collection[UUID]) -> dict[UUID, list[Group]]:
    """The live groups of these users, as ids and names in the order of the names."""
    groups: dict[UUID, list[Group]] = defaultdict(list)
    for user_id, group_id, name in run(GROUPS, {"ids": list(user_ids)}):
        groups[as_uuid(user_id)].append((as_uuid(group_id), name))
    return groups


def names_of(user_ids: Collection[UUID]) -> dict[UUID, str | None]:
    """The displayName of each of these users whom SCIM sees."""
    return {as_uuid(user_id): name for user_id, name in run(NAMES, {"ids": list(user_ids)})}
