"""What the statements have in common: the key that authenticates the request, and the columns of users and groups.

``KEY`` is the same condition as ``ApiKey.objects.active()``, and ``IS_TRACED`` as ``is_tracing()``; their parameters
are those of ``key_parameters``. A statement selects the columns of the key first: no row means no active key.
"""

import re
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from gatekeeper.directory.models import IdpGroup, User
from gatekeeper.runtime.statements.fixed_sql import Columns, Row, instance
from gatekeeper.secrets.bearer_keys import bearer_credentials, digest
from scim.credentials.api_keys import KEYS
from scim.models import ApiKey

KEY = """key.digest = %(digest)s AND key.revoked_at IS NULL
     AND (key.expires_at IS NULL OR key.expires_at > %(now)s)"""
IS_TRACED = "EXISTS (SELECT 1 FROM audit_tracing WHERE since <= %(now)s AND until > %(now)s)"

KEY_COLUMNS = Columns.of(ApiKey, "id", "name", "last_used_at")

USER = """person.id, person.user_name, person.work_email, person.external_id, person.display_name, person.active,
       person.attributes, person.version, person.created_at, person.updated_at"""
USER_COLUMNS = Columns.of(User, *re.findall(r"person\.(\w+)", USER))

GROUP = (
    """team.id, team.display_name, team.external_id, team.attributes, team.version, team.created_at, team.updated_at"""
)
GROUP_COLUMNS = Columns.of(IdpGroup, *re.findall(r"team\.(\w+)", GROUP))


def key_parameters(request: HttpRequest) -> dict[str, Any] | None:
    """The parameters of ``KEY`` for the key that the request carries; None where it carries none that could be one."""
    text = bearer_credentials(request.headers.get("Authorization", ""))
    return None if text is None else key_parameters_of(text)


def key_parameters_of(text: str) -> dict[str, Any] | None:
    """The same for the text of a key."""
    return {"digest": digest(text), "now": timezone.now()} if KEYS.is_well_formed(text) else None


def key_of(row: Row) -> ApiKey:
    """The key of a row that begins with its columns and ``IS_TRACED``, as ``active_key`` gives it."""
    key: ApiKey = instance(KEY_COLUMNS, row[:3])
    key.is_traced = bool(row[3])
    return key
