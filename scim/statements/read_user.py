"""One user with their groups: by id, or by an attribute that identity providers match people by.

Columns of every row: ``parts.CREDENTIAL``, the user's, their groups as JSON ``[[id, displayName], …]`` in the
order of names. A row without a user says that nobody is found; several say that the match is ambiguous.
"""

from json import loads
from typing import Any, NamedTuple
from uuid import UUID

from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.models import User
from gatekeeper.runtime.statements.fixed_sql import Statement, instance, run
from scim.models import PREFIX_LENGTH, Credential
from scim.statements.parts import (
    CREDENTIAL,
    CREDENTIAL_WIDTH,
    USER,
    USER_COLUMNS,
    ByKind,
    Presented,
    by_kind,
    credential_of,
)

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


def _statement(found: str, found_on_sqlite: str = "") -> ByKind:
    """The statements for the people of whom ``found`` is true: a constant of this file.

    PostgreSQL must not look for them by another condition, as it would right after many were added, when it knows
    nothing yet about the table: OFFSET keeps the other conditions out of the inner query.
    """
    whole = """
SELECT {credential}, {user}, {groups}
  FROM {item}
  LEFT JOIN (SELECT * FROM directory_user WHERE {found} {fence}) AS person
    ON person.deleted_at IS NULL AND person.origin = 'scim'
 LIMIT 2"""
    databases = ((_GROUPS_ON_POSTGRESQL, found, "OFFSET 0"), (_GROUPS_ON_SQLITE, found_on_sqlite or found, ""))
    return by_kind(
        lambda item: Statement(
            *(
                whole.format(credential=CREDENTIAL, item=item, user=USER, groups=groups, found=condition, fence=fence)
                for groups, condition, fence in databases
            )
        )
    )


# The search index has the address and its type in two rows of one element; both are found by (path, prefix, user).
_WITH_WORK_EMAIL = """
SELECT address.user_id FROM scim_attributevalue AS address
 WHERE address.path = 'emails.value' AND address.prefix = %s
   AND 1 = (SELECT 1 FROM scim_attributevalue AS kind
             WHERE kind.path = 'emails.type' AND kind.prefix = 'work'
               AND kind.user_id = address.user_id AND kind.element = address.element LIMIT 1)"""
# PostgreSQL would plan it anew for each address, of which it expects fewer people than of any: as for a list, above.
_ON_POSTGRESQL = f"id = ANY (ARRAY ({_WITH_WORK_EMAIL % '(SELECT %(value)s::text)'}))"
_ON_SQLITE = f"id IN ({_WITH_WORK_EMAIL % '%(value)s'})"

BY_ID = _statement("id = %(value)s")
BY_USER_NAME = _statement("origin = 'scim' AND user_name_folded = %(value)s AND deleted_at IS NULL")
BY_EXTERNAL_ID = _statement("external_id = %(value)s")
BY_WORK_EMAIL = _statement(_ON_POSTGRESQL, _ON_SQLITE)

_STATEMENTS = {"id": BY_ID, "userName": BY_USER_NAME, "externalId": BY_EXTERNAL_ID, "emails": BY_WORK_EMAIL}

Group = tuple[UUID, str]


class FoundUser(NamedTuple):
    """What a statement found: the active credential, and the user with their groups, unless there is none."""

    credential: Credential
    user: User | None
    groups: list[Group]


def find_user(attribute: str, value: Any, presented: Presented) -> FoundUser | None:
    """The user whose attribute is ``value``: "id", "userName", "externalId", or "emails" for an address of type work.

    None when no credential is active, when several match, or when the search index holds only the beginning of such a
    text.
    """
    statement = _STATEMENTS[attribute]
    wanted = fold(value) if statement in (BY_USER_NAME, BY_WORK_EMAIL) else value
    if statement is BY_WORK_EMAIL and len(wanted) > PREFIX_LENGTH:
        return None
    rows = run(statement[presented.kind], {**presented.parameters, "value": wanted})
    if len(rows) != 1:
        return None
    credential = credential_of(presented.kind, rows[0])
    columns, groups = rows[0][CREDENTIAL_WIDTH:-1], rows[0][-1]
    if columns[0] is None:
        return FoundUser(credential, None, [])
    named = loads(groups) if isinstance(groups, str) else groups or []
    return FoundUser(credential, instance(USER_COLUMNS, columns), [(UUID(each), name) for each, name in named])
