"""One group without its members: by id, or by its displayName or externalId.

Columns of every row: ``parts.CREDENTIAL``, the group's. A row without a group says that none is found; several
say that the match is ambiguous.
"""

from typing import Any, NamedTuple

from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.models import IdpGroup
from gatekeeper.runtime.statements.fixed_sql import Statement, instance, run
from scim.models import Credential
from scim.statements.parts import (
    CREDENTIAL,
    CREDENTIAL_WIDTH,
    GROUP,
    GROUP_COLUMNS,
    ByKind,
    Presented,
    by_kind,
    credential_of,
)


def _statement(found: str) -> ByKind:
    """The statements for the groups of which ``found`` is true, a constant of this file; OFFSET as in ``read_user``."""
    whole = """
SELECT {credential}, {group}
  FROM {item}
  LEFT JOIN (SELECT * FROM directory_idpgroup WHERE {found} {fence}) AS team ON team.deleted_at IS NULL
 LIMIT 2"""
    return by_kind(
        lambda item: Statement(
            *(
                whole.format(credential=CREDENTIAL, item=item, group=GROUP, found=found, fence=fence)
                for fence in ("OFFSET 0", "")
            )
        )
    )


BY_ID = _statement("id = %(value)s")
BY_DISPLAY_NAME = _statement("display_name_folded = %(value)s AND deleted_at IS NULL")
BY_EXTERNAL_ID = _statement("external_id = %(value)s")

_STATEMENTS = {"id": BY_ID, "displayName": BY_DISPLAY_NAME, "externalId": BY_EXTERNAL_ID}


class FoundGroup(NamedTuple):
    """What a statement found: the active credential, and the group, unless there is none."""

    credential: Credential
    group: IdpGroup | None


def find_group(attribute: str, value: Any, presented: Presented) -> FoundGroup | None:
    """The group whose "id", "displayName" or "externalId" is ``value``.

    None when no credential is active, or when several match.
    """
    statement = _STATEMENTS[attribute]
    wanted = fold(value) if statement is BY_DISPLAY_NAME else value
    rows = run(statement[presented.kind], {**presented.parameters, "value": wanted})
    if len(rows) != 1:
        return None
    columns = rows[0][CREDENTIAL_WIDTH:]
    group = None if columns[0] is None else instance(GROUP_COLUMNS, columns)
    return FoundGroup(credential_of(presented.kind, rows[0]), group)
