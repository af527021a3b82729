"""A page of all users in the order of their creation: after a position, from the start, or with the number of all.

Columns of every row: the user's; of ``COUNTED`` also how many users there are.
"""

from datetime import datetime
from uuid import UUID

from gatekeeper.directory.models import User
from gatekeeper.runtime.statements.fixed_sql import Statement, instances, run
from scim.statements.parts import USER, USER_COLUMNS

_PAGE = """
SELECT {columns}
  FROM directory_user AS person
 WHERE person.deleted_at IS NULL AND person.origin = 'scim' {condition}
 ORDER BY person.created_at, person.id
 LIMIT %(count)s OFFSET %(skip)s"""
_AFTER = "AND (person.created_at, person.id) > (%(created_at)s, %(id)s)"
_NUMBER = "(SELECT count(*) FROM directory_user WHERE deleted_at IS NULL AND origin = 'scim')"


def _statement(columns: str, condition: str = "") -> Statement:
    text = _PAGE.format(columns=columns, condition=condition)
    return Statement(text, text)


AFTER = _statement(USER, _AFTER)
FROM_THE_START = _statement(USER)
COUNTED = _statement(f"{USER}, {_NUMBER}")


def user_page(after: tuple[datetime, UUID] | None, skip: int, count: int) -> list[User]:
    """The ``count`` users who follow ``skip`` others after a position, or after the start."""
    asked = {"skip": skip, "count": count}
    if after is None:
        return instances(USER_COLUMNS, run(FROM_THE_START, asked))
    return instances(USER_COLUMNS, run(AFTER, {**asked, "created_at": after[0], "id": after[1]}))


def counted_user_page(skip: int, count: int) -> tuple[list[User], int | None]:
    """The ``count`` users who follow ``skip`` others, and how many there are; None where the page is empty."""
    rows = run(COUNTED, {"skip": skip, "count": count})
    return instances(USER_COLUMNS, [row[:-1] for row in rows]), rows[0][-1] if rows else None
