"""One user with their groups: by id, or by an attribute that identity providers match people by.

Columns of every row: the key's (``parts.key_of``), the user's, their groups as JSON ``[[id, displayName], …]`` in the
order of names. A row without a user says that nobody is found; several say that the match is ambiguous.
"""

from collections.abc import Mapping
from json import loads
from typing import Any, NamedTuple
from uuid import UUID

from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.models import User
from gatekeeper.runtime.statements.fixed_sql import Statement, instance, run
from scim.models import PREFIX_LENGTH, ApiKey
from scim.statements.parts import IS_TRACED, KEY, USER, USER_COLUMNS, key_of

_GROUPS_ON_POSTGRESQL = """
(SELECT json_agg(json_build_array(team.id, team.display_name) ORDER BY team.display_name_folded, team.id)
   FROM directory_membership AS member JOIN directory_idpgroup AS team ON team.id = member.group_id
  WHERE member.user_id = person.id AND member.until IS NULL)"""

_GROUPS_ON_SQLITE = """
(SELECT json_group_array(json_array(id, display_name))
   FROM (SELECT team.id, team.display_name
           FROM directory_membership AS member JOIN directory_idpgroup AS team ON team.id = member.group_id
          WHERE member.user_id = person.id AND member.until IS NULL
          ORDER BY team.display_name_folded, team.id))"""


def _statement(found: str, found_on_sqlite: str = "") -> Statement:
    """The statement for the people of whom ``found`` is true: a constant of this file.

    PostgreSQL must not look for them by another condition, as it would right after many were added, when it knows
    nothing yet about the table: OFFSET keeps the other conditions out of the inner query.
    """
    whole = """
SELECT key.id, key.name, key.last_used_at, {traced}, {user}, {groups}
  FROM scim_apikey AS key
  LEFT JOIN (SELECT * FROM directory_user WHERE {found} {fence}) AS person
    ON person.deleted_at IS NULL AND person.origin = 'scim'
 WHERE {key}
 LIMIT 2"""
    databases = ((_GROUPS_ON_POSTGRESQL, found, "OFFSET 0"), (_GROUPS_ON_SQLITE, found_on_sqlite or found, ""))
    return Statement(
        *(
            whole.format(traced=IS_TRACED, user=USER, groups=groups, found=condition, fence=fence, key=KEY)
            for groups, condition, fence in databases
        )
    )


# The search index has the address and its type in two rows of one element; both are found by (path, prefix, user).
_WITH_WORK_EMAIL = """
SELECT address.user_id FROM scim_attributevalue AS address
 WHERE address.path = 'emails.value' AND address.prefix = %(value)s
   AND 1 = (SELECT 1 FROM scim_attributevalue AS kind
             WHERE kind.path = 'emails.type' AND kind.prefix = 'work'
               AND kind.user_id = address.user_id AND kind.element = address.element LIMIT 1)"""

BY_ID = _statement("id = %(value)s")
BY_USER_NAME = _statement("origin = 'scim' AND user_name_folded = %(value)s AND deleted_at IS NULL")
BY_EXTERNAL_ID = _statement("external_id = %(value)s")
BY_WORK_EMAIL = _statement(f"id = ANY (ARRAY ({_WITH_WORK_EMAIL}))", f"id IN ({_WITH_WORK_EMAIL})")

_STATEMENTS = {"id": BY_ID, "userName": BY_USER_NAME, "externalId": BY_EXTERNAL_ID, "emails": BY_WORK_EMAIL}

Group = tuple[UUID, str]


class FoundUser(NamedTuple):
    """What a statement found: the active key, and the user with their groups, unless there is none."""

    key: ApiKey
    user: User | None
    groups: list[Group]


def find_user(attribute: str, value: Any, key: Mapping[str, Any]) -> FoundUser | None:
    """The user whose attribute is ``value``: "id", "userName", "externalId", or "emails" for an address of type work.

    None when no key is active, when several match, or when the search index holds only the beginning of such a text.
    """
    statement = _STATEMENTS[attribute]
    wanted = fold(value) if statement in (BY_USER_NAME, BY_WORK_EMAIL) else value
    if statement is BY_WORK_EMAIL and len(wanted) > PREFIX_LENGTH:
        return None
    rows = run(statement, {**key, "value": wanted})
    if len(rows) != 1:
        return None
    columns, groups = rows[0][4:-1], rows[0][-1]
    if columns[0] is None:
        return FoundUser(key_of(rows[0]), None, [])
    named = loads(groups) if isinstance(groups, str) else groups or []
    return FoundUser(key_of(rows[0]), instance(USER_COLUMNS, columns), [(UUID(each), name) for each, name in named])
