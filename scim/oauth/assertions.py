"""Workload identity federation: is an assertion that of a client's issuer, about its subject, for its audience?

RFC 7523 §3, as Entra does it: ``iss``, ``sub`` and ``aud`` are those that an administrator copied from Entra; there is
no ``jti``. Where there is one, it is taken once.
"""

import re
from datetime import datetime, timedelta
from uuid import UUID

from gatekeeper.outbound.fetching import Limits, fetch_document
from gatekeeper.signed_tokens.key_sets import find_key
from gatekeeper.signed_tokens.parsing import Token, parse_token
from gatekeeper.signed_tokens.refusals import TokenRefused
from gatekeeper.signed_tokens.single_use import use_once
from gatekeeper.signed_tokens.verification import Expectation, verify_token
from scim.credentials.federation_settings import audience_spellings
from scim.models import OAuthClient
from scim.oauth.reasons import Reason
from scim.oauth.refusals import ErrorCode, TokenRequestRefused
from scim.oauth.token_requests import TokenRequest

TYPES = frozenset({"", "JWT", "client-authentication+jwt"})  # Entra's is JWT; RFC 7519 §5.1 makes it optional
LONGEST_AGE = timedelta(hours=24)  # since it was issued; Entra's live for 65 minutes, those of managed identities a day
_KEY_SET = Limits(size=256 * 1024)
_TENANT = re.compile(r"/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:/|\Z)", re.IGNORECASE)


def verified_assertion(asked: TokenRequest, now: datetime) -> tuple[OAuthClient, Token]:
    """The client that the assertion stands for. Raises: TokenRequestRefused naming the check and the client."""
    client = None
    try:
        client = _client_of(asked)
        expected = expectation(client, now)
        token = verify_token(asked.assertion, expected, lambda kid: find_key(client.jwks_url, kid, fetch=fetch_keys))
        use_once(token, expected)
    except TokenRefused as refusal:
        raise TokenRequestRefused(
            ErrorCode.INVALID_CLIENT, refusal.check, refusal.reason, client=client, **refusal.parameters
        ) from refusal
    return client, token


def expectation(client: OAuthClient, now: datetime) -> Expectation:
    """What an assertion for this client has to match."""
    found = _TENANT.search(client.issuer)
    return Expectation(
        issuer=client.issuer,
        audiences=audience_spellings(client.audience),
        subject=client.subject,
        tenant=found.group(1) if found else None,
        types=TYPES,
        max_age=LONGEST_AGE,
        needs_expiry=True,
        needs_id=False,
        now=now,
    )


def fetch_keys(url: str) -> bytes:
    """The document at a JWKS URL, with every guard of the metadata fetch. Raises: FetchRefused."""
    return fetch_document(url, _KEY_SET)


def _client_of(asked: TokenRequest) -> OAuthClient:
    """The client that is meant, which says nothing yet of whether the assertion is its.

    Raises: TokenRequestRefused; TokenRefused when there is no ``client_id`` and the assertion cannot be read.
    """
    if not asked.client_id:
        return _client_by_claims(parse_token(asked.assertion))
    try:
        client = OAuthClient.objects.filter(pk=UUID(asked.client_id)).first()
    except ValueError:
        client = None
    if client is None:
        raise _refused("client_is_known", Reason.CLIENT_UNKNOWN)
    if client.revoked_at is not None:
        raise _refused("client_is_active", Reason.CLIENT_REVOKED, client)
    if not client.is_federated:
        raise _refused("client_is_known", Reason.CLIENT_HAS_NO_FEDERATION, client)
    return client


def _client_by_claims(token: Token) -> OAuthClient:
    """By issuer, subject and audience; by fewer where that leaves one, so that a refusal says what differs."""
    issuer, subject, audience = (token.claims.get(name) for name in ("iss", "sub", "aud"))
    active = OAuthClient.objects.filter(revoked_at=None).exclude(issuer="")
    is_address = isinstance(issuer, str) and issuer.isascii() and issuer.isprintable()
    found = list(active.filter(issuer=issuer)) if is_address else []
    stated = audience if isinstance(audience, list) else [audience]
    closer = [each for each in found if each.subject == subject]
    closest = [each for each in closer if any(spelling in stated for spelling in audience_spellings(each.audience))]
    for candidates in (closest, closer, found):
        if len(candidates) == 1:
            return candidates[0]
    if found:
        raise _refused("client_is_known", Reason.SEVERAL_CLIENTS)
    raise _refused("client_is_known", Reason.NO_CLIENT_FOR_ASSERTION)


def _refused(check: str, reason: Reason, client: OAuthClient | None = None) -> TokenRequestRefused:
    return TokenRequestRefused(ErrorCode.INVALID_CLIENT, check, reason, client=client)
