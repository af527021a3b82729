"""What the statements have in common: the credential that authenticates the request, the columns of users and groups.

A credential is an API key or an access token. Each statement exists once for each kind (``by_kind``), with the FROM
item of that kind, whose columns are the same. It selects ``CREDENTIAL`` first: no row means no active credential.
"""

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.utils import timezone

from gatekeeper.directory.models import IdpGroup, User
from gatekeeper.runtime.statements.fixed_sql import Columns, Row, Statement, instance
from gatekeeper.secrets.bearer_keys import KeyKind, bearer_credentials, digest
from scim.credentials.access_tokens import ACCESS_TOKENS
from scim.credentials.api_keys import KEYS
from scim.models import ApiKey, Credential, OAuthClient


class CredentialKind(StrEnum):
    """What a request may bring behind "Bearer"."""

    API_KEY = "api_key"
    ACCESS_TOKEN = "access_token"  # noqa: S105 - a kind


_FORMS: Mapping[CredentialKind, KeyKind] = {CredentialKind.API_KEY: KEYS, CredentialKind.ACCESS_TOKEN: ACCESS_TOKENS}
_NAMES = ("id", "name", "last_used_at", "is_strict", "requests_per_second", "allowed_networks")
_COLUMNS = {
    CredentialKind.API_KEY: Columns.of(ApiKey, *_NAMES),
    CredentialKind.ACCESS_TOKEN: Columns.of(OAuthClient, *_NAMES),
}
_OF_CLIENT = ", ".join(f"client.{name}" for name in _NAMES)

# The first is the same condition as ``ApiKey.objects.active()``. A token outlives the end of its secret by an hour at
# the most, but never its revocation.
_FROM = {
    CredentialKind.API_KEY: f"""
  (SELECT {", ".join(_NAMES)} FROM scim_apikey
    WHERE digest = %(digest)s AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > %(now)s)) AS credential""",
    CredentialKind.ACCESS_TOKEN: f"""
  (SELECT {_OF_CLIENT}
     FROM scim_accesstoken AS token
     JOIN scim_oauthclient AS client ON client.id = token.client_id AND client.revoked_at IS NULL
     LEFT JOIN scim_clientsecret AS secret ON secret.id = token.secret_id
    WHERE token.digest = %(digest)s AND token.expires_at > %(now)s AND secret.revoked_at IS NULL) AS credential""",
}
_IS_TRACED = "EXISTS (SELECT 1 FROM audit_tracing WHERE since <= %(now)s AND until > %(now)s)"  # as ``is_tracing()``

_ATTRIBUTES_VERSION = "(SELECT version FROM scim_customattributesversion LIMIT 1)"  # as ``read_version()``

CREDENTIAL = ", ".join([*(f"credential.{name}" for name in _NAMES), _IS_TRACED, _ATTRIBUTES_VERSION])
CREDENTIAL_WIDTH = len(_NAMES) + 2

USER = """person.id, person.user_name, person.work_email, person.external_id, person.display_name, person.active,
       person.attributes, person.version, person.created_at, person.updated_at"""
USER_COLUMNS = Columns.of(User, *re.findall(r"person\.(\w+)", USER))

GROUP = (
    """team.id, team.display_name, team.external_id, team.attributes, team.version, team.created_at, team.updated_at"""
)
GROUP_COLUMNS = Columns.of(IdpGroup, *re.findall(r"team\.(\w+)", GROUP))

ByKind = Mapping[CredentialKind, Statement]


def by_kind(make: Callable[[str], Statement]) -> ByKind:
    """A statement for each kind of credential; ``make`` takes the kind's FROM item, a constant of this file."""
    return {kind: make(item) for kind, item in _FROM.items()}


class Presented(NamedTuple):
    """A credential that a request brings: its kind, and the parameters of the FROM item of that kind."""

    kind: CredentialKind
    parameters: Mapping[str, Any]


def presented_by(request: HttpRequest) -> Presented | None:
    """The credential behind "Bearer"; None where nothing stands there that could be one."""
    text = bearer_credentials(request.headers.get("Authorization", ""))
    return None if text is None else presented(text)


def presented(text: str) -> Presented | None:
    """The same for a credential's text."""
    for kind, form in _FORMS.items():
        if form.is_well_formed(text):
            return Presented(kind, {"digest": digest(text), "now": timezone.now()})
    return None


def credential_of(kind: CredentialKind, row: Row) -> Credential:
    """The credential of a row that begins with ``CREDENTIAL``."""
    credential: Credential = instance(_COLUMNS[kind], row[: len(_NAMES)])
    is_traced, attributes_version = row[len(_NAMES) : CREDENTIAL_WIDTH]
    credential.is_traced, credential.attributes_version = bool(is_traced), attributes_version or 0
    return credential
