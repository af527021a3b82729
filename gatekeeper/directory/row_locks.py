"""Which rows a change locks so that what it relies on stays true until it is committed, and in which order.

The order, for every service: the site, a connection, a team, users by id, groups by id, and then the facts about them
(memberships, links, sessions, mappings). Last, and held to the end, comes the lock of ``lockout_protection.py``.
Transactions that keep to the order wait only for those that are ahead, so no two can wait for each other.

The strength of a lock says what it allows: two changes that only refer to a person never wait for each other, and
neither waits for a change of that person's attributes. The deletion of a person is waited for; the person is then gone.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Model, QuerySet

from gatekeeper.directory.models import IdpGroup, SiteChoice, User
from gatekeeper.runtime.statements.fixed_sql import Columns, Statement, instance, run, same_plan_for_any

M = TypeVar("M", bound=Model)


class Lock(StrEnum):
    """PostgreSQL's row locks (chapter 13.3.2), from the weakest on."""

    REFER = "FOR KEY SHARE"  # the row is referred to: it must not end
    RELY = "FOR SHARE"  # its values are relied on: it must not change
    CHANGE = "FOR NO KEY UPDATE"
    END = "FOR UPDATE"


def locked(rows: QuerySet[M], lock: Lock) -> list[M]:
    """Lock ``rows`` in the order of their ids and return them as they are then, without those that ended meanwhile.

    After a wait PostgreSQL evaluates the conditions on the row itself again, not those on other rows.
    One statement. On SQLite a transaction that writes is alone from its beginning.
    """
    statement = _statement(rows, lock)
    if statement is None:
        return list(rows.order_by("pk"))
    return list(rows.model._default_manager.raw(*statement))


def _statement(rows: QuerySet[Any, Any], lock: Lock) -> tuple[str, Any] | None:
    """The SQL that Django compiled, with the lock; parameters stay parameters. None where nothing is to be locked."""
    if connection.vendor != "postgresql":
        return None
    try:
        sql, parameters = rows.order_by("pk").query.sql_with_params()
    except EmptyResultSet:  # a condition that nothing can fulfil, such as an empty list of ids
        return None
    return f"{sql} {lock} OF {connection.ops.quote_name(rows.model._meta.db_table)}", parameters


def lock_site() -> None:
    """Let one change of the site's choices, teams or mappings at a time through: what an administrator decides.

    The first choice ever made is never changed or deleted (a migration makes it), so its row serves as the lock.
    """
    SiteChoice.objects.select_for_update().order_by("pk").first()


def lock_user(users: QuerySet[User], lock: Lock) -> User | None:
    """The one among ``users``, locked."""
    return next(iter(locked(users, lock)), None)


def lock_provisioned_user(user_id: UUID, lock: Lock) -> User | None:
    """The user of that id whom SCIM sees, locked."""
    found: User | None = _locked_row(_USER, _USER_BY_ID, user_id, lock)
    return found


def lock_user_of_name(folded: str, lock: Lock) -> User | None:
    """The user of that userName, in its folded form, whom SCIM sees, locked."""
    found: User | None = _locked_row(_USER, _USER_BY_NAME, folded, lock)
    return found


def lock_users(ids: Collection[UUID], lock: Lock) -> None:
    """Lock people by their ids, to read what is known of them afterwards."""
    if connection.vendor == "postgresql" and ids:
        run(_USERS_BY_ID[lock], {"ids": list(ids)})


def lock_group(group_id: UUID, lock: Lock) -> IdpGroup | None:
    """A group that was not deleted, locked."""
    found: IdpGroup | None = _locked_row(_GROUP, _GROUP_BY_ID, group_id, lock)
    return found


# What every request of an identity provider locks, as fixed SQL. What else has to hold is written so that PostgreSQL
# looks for a row by its id only, also while it knows nothing about the table yet.
_USER, _GROUP = Columns.of_all(User), Columns.of_all(IdpGroup)


def _locking(text: str) -> dict[Lock, Statement]:
    return {lock: Statement(f"{text} {lock}", text) for lock in Lock}


_USER_BY_ID = _locking(
    f"SELECT {_USER.text} FROM directory_user WHERE id = %(value)s AND deleted_at IS NULL AND origin || '' = 'scim'"
)
_USER_BY_NAME = _locking(
    f"SELECT {_USER.text} FROM directory_user"
    " WHERE origin = 'scim' AND user_name_folded = %(value)s AND deleted_at IS NULL"
)
_USERS_BY_ID = _locking(
    f"SELECT id FROM directory_user WHERE id = ANY ({same_plan_for_any('%(ids)s', 'uuid')}) ORDER BY id"
)
_GROUP_BY_ID = _locking(f"SELECT {_GROUP.text} FROM directory_idpgroup WHERE id = %(value)s AND deleted_at IS NULL")


def _locked_row(columns: Columns, statements: Mapping[Lock, Statement], value: object, lock: Lock) -> Any:
    rows = run(statements[lock], {"value": value})
    return instance(columns, rows[0]) if rows else None
