"""Whether a client is who it says: by its secret, or by an assertion. The decision is ours; the library asks for it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gatekeeper.secrets.bearer_keys import digest
from gatekeeper.signed_tokens.parsing import Token
from scim.credentials.networks import allows
from scim.credentials.oauth_clients import SECRETS
from scim.models import ClientSecret, OAuthClient
from scim.oauth.assertions import verified_assertion
from scim.oauth.reasons import Reason
from scim.oauth.refusals import ErrorCode, TokenRequestRefused
from scim.oauth.token_requests import ASSERTION, TokenRequest


@dataclass(frozen=True, slots=True)
class Authenticated:
    """A client that proved who it is, by one of its secrets or by an assertion."""

    client: OAuthClient
    secret: ClientSecret | None = None
    assertion: Token | None = None

    @property
    def client_id(self) -> str:
        """The name under which the library asks for it."""
        return str(self.client.id)


def authenticate(asked: TokenRequest, now: datetime, address: str) -> Authenticated:
    """``address``: where the request came from. Cost with a secret: one query.

    Raises: TokenRequestRefused with the first check that failed.
    """
    if asked.method == ASSERTION:
        client, assertion = verified_assertion(asked, now)
        found = Authenticated(client, assertion=assertion)
    else:
        found = _by_secret(asked, now)
    if not allows(found.client, address):
        error, check = ErrorCode.UNAUTHORIZED_CLIENT, "comes_from_an_allowed_network"
        raise TokenRequestRefused(error, check, Reason.NETWORK, client=found.client, secret=found.secret)
    return found


def _by_secret(asked: TokenRequest, now: datetime) -> Authenticated:
    """By the digest's unique index; the client's own state is looked at in the same query."""
    secret = None
    if SECRETS.is_well_formed(asked.secret):
        secret = ClientSecret.objects.select_related("client").filter(digest=digest(asked.secret)).first()
    if secret is None or str(secret.client_id) != _canonical(asked.client_id):
        raise _without_secret(asked, secret)
    client = secret.client
    if client.revoked_at is not None:
        raise _refused("client_is_active", Reason.CLIENT_REVOKED, client, secret)
    if secret.revoked_at is not None:
        raise _refused("secret_is_active", Reason.SECRET_REVOKED, client, secret)
    if secret.expires_at <= now:
        raise _refused("secret_is_active", Reason.SECRET_EXPIRED, client, secret)
    return Authenticated(client, secret=secret)


def _without_secret(asked: TokenRequest, found: ClientSecret | None) -> TokenRequestRefused:
    """Why nobody was found; to the client all of these look the same."""
    client = find_client(asked.client_id)
    if client is None:
        return _refused("client_is_known", Reason.CLIENT_UNKNOWN)
    if client.revoked_at is not None:
        return _refused("client_is_active", Reason.CLIENT_REVOKED, client)
    if client.is_federated:
        return _refused("secret_is_known", Reason.CLIENT_IS_FEDERATED, client)
    if found is not None:
        return _refused("secret_is_known", Reason.SECRET_OF_ANOTHER_CLIENT, client)
    is_complete = SECRETS.is_well_formed(asked.secret)
    return _refused("secret_is_known", Reason.SECRET_UNKNOWN if is_complete else Reason.SECRET_INCOMPLETE, client)


def find_client(client_id: str) -> OAuthClient | None:
    """The client of that id, revoked or not."""
    canonical = _canonical(client_id)
    return OAuthClient.objects.filter(pk=canonical).first() if canonical else None


def _canonical(client_id: str) -> str:
    try:
        return str(UUID(client_id))
    except ValueError:
        return ""


def _refused(
    check: str, reason: Reason, client: OAuthClient | None = None, secret: ClientSecret | None = None
) -> TokenRequestRefused:
    return TokenRequestRefused(ErrorCode.INVALID_CLIENT, check, reason, client=client, secret=secret)
