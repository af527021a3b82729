"""Deleting the values of attributes that are declared no longer: some users at a time, each time in a transaction.

Nothing of such a value is answered any more, so this may take its time. It is safe to kill and to run twice at once.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from gatekeeper.directory.models import User
from gatekeeper.directory.row_locks import Lock, locked
from gatekeeper.runtime.statements.fixed_sql import Statement, as_uuid, change, run, same
from gatekeeper.runtime.transactions import one_transaction
from scim.models import CustomAttribute

SOME = 500  # users whose rows one transaction changes: a second at most
KEPT = timedelta(hours=1)  # a request that began before the removal may still store a value; it is found for so long

_WITH_VALUE = same("SELECT user_id FROM scim_attributevalue WHERE path = %(path)s LIMIT %(some)s")
_ROWS = Statement(
    "DELETE FROM scim_attributevalue WHERE path = %(path)s AND user_id = ANY (%(ids)s)",
    "DELETE FROM scim_attributevalue WHERE path = %(path)s AND user_id IN (SELECT value FROM json_each(%(ids)s))",
)
# An extension of which nothing is left goes, too. The version changes with the resource (RFC 7644 §3.14).
_VALUES = Statement(
    """
UPDATE directory_user
   SET attributes = CASE WHEN (attributes -> %(schema)s) - %(name)s = '{}'::jsonb THEN attributes - %(schema)s
                         ELSE attributes #- ARRAY[%(schema)s, %(name)s] END,
       version = version + 1, updated_at = %(now)s
 WHERE id = ANY (%(ids)s) AND (attributes -> %(schema)s) ? %(name)s""",
    """
UPDATE directory_user
   SET attributes = CASE WHEN json_remove(json_extract(attributes, %(at_schema)s), %(in_schema)s) = '{}'
                         THEN json_remove(attributes, %(at_schema)s) ELSE json_remove(attributes, %(at_value)s) END,
       version = version + 1, updated_at = %(now)s
 WHERE id IN (SELECT value FROM json_each(%(ids)s)) AND json_type(attributes, %(at_value)s) IS NOT NULL""",
)


def delete_removed_values() -> int:
    """Delete what is left of removed attributes, and forget those that were removed long enough ago.

    Returns: how many users had a value.
    """
    users = 0
    for attribute in CustomAttribute.objects.exclude(removed_at=None):
        while ids := _some_users(attribute):
            users += _delete(attribute, ids)
        if attribute.removed_at is not None and attribute.removed_at < timezone.now() - KEPT:
            attribute.delete()
    return users


def _some_users(attribute: CustomAttribute) -> list[UUID]:
    rows = run(_WITH_VALUE, {"path": attribute.path, "some": SOME})
    return sorted({as_uuid(user_id) for (user_id,) in rows})


def _delete(attribute: CustomAttribute, ids: list[UUID]) -> int:
    schema, name = attribute.schema, attribute.name
    parameters: dict[str, Any] = {"ids": ids, "path": attribute.path}
    if connection.vendor == "postgresql":
        parameters |= {"schema": schema, "name": name}
    else:
        parameters |= {"at_schema": f'$."{schema}"', "in_schema": f'$."{name}"', "at_value": f'$."{schema}"."{name}"'}
    with one_transaction():
        locked(User.objects.filter(pk__in=ids).only("pk"), Lock.CHANGE)
        change(_ROWS, parameters)
        return change(_VALUES, {**parameters, "now": timezone.now()})
