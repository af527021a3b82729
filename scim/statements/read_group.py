"""One group without its members: by id, or by its displayName or externalId.

Columns of every row: the key's (``parts.key_of``), the group's. A row without a group says that none is found; several
say that the match is ambiguous.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.models import IdpGroup
from gatekeeper.runtime.statements.fixed_sql import Statement, instance, run
from scim.models import ApiKey
from scim.statements.parts import GROUP, GROUP_COLUMNS, IS_TRACED, KEY, key_of


def _statement(found: str) -> Statement:
    """The statement for the groups of which ``found`` is true, a constant of this file; OFFSET as in ``read_user``."""
    texts = (
        f"""
SELECT key.id, key.name, key.last_used_at, {IS_TRACED}, {GROUP}
  FROM scim_apikey AS key
  LEFT JOIN (SELECT * FROM directory_idpgroup WHERE {found} {fence}) AS team ON team.deleted_at IS NULL
 WHERE {KEY}
 LIMIT 2"""
        for fence in ("OFFSET 0", "")
    )
    return Statement(*texts)


BY_ID = _statement("id = %(value)s")
BY_DISPLAY_NAME = _statement("display_name_folded = %(value)s AND deleted_at IS NULL")
BY_EXTERNAL_ID = _statement("external_id = %(value)s")

_STATEMENTS = {"id": BY_ID, "displayName": BY_DISPLAY_NAME, "externalId": BY_EXTERNAL_ID}


class FoundGroup(NamedTuple):
    """What a statement found: the active key, and the group, unless there is none."""

    key: ApiKey
    group: IdpGroup | None


def find_group(attribute: str, value: Any, key: Mapping[str, Any]) -> FoundGroup | None:
    """The group whose "id", "displayName" or "externalId" is ``value``; None without an active key, or with several."""
    statement = _STATEMENTS[attribute]
    rows = run(statement, {**key, "value": fold(value) if statement is BY_DISPLAY_NAME else value})
    if len(rows) != 1:
        return None
    columns = rows[0][4:]
    return FoundGroup(key_of(rows[0]), None if columns[0] is None else instance(GROUP_COLUMNS, columns))
