"""The token log: what came of each request for an access token."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog
from django.db.models import Count
from django.http import HttpRequest

from gatekeeper.runtime.plain_text import visible
from gatekeeper.sessions.request_details import address_of, milliseconds_of, request_id_of
from gatekeeper.signed_tokens.parsing import parse_token
from gatekeeper.signed_tokens.refusals import TokenRefused
from scim.models import AccessToken, TokenRequest
from scim.oauth.clients import Authenticated
from scim.oauth.refusals import TokenRequestRefused
from scim.oauth.refused_requests import counted_only
from scim.oauth.token_requests import TokenRequest as Asked

SHOWN_HEADER = ("alg", "kid", "typ")
SHOWN_CLAIMS = (
    "iss", "sub", "aud", "tid", "appid", "azp", "oid", "idp", "ver", "iat", "nbf", "exp", "jti",
)  # fmt: skip
ISSUED, NOT_LISTED = "issued", "not_listed"
LONGEST_SHOWN = 300  # characters of one value

log = structlog.get_logger(__name__)


def record_issued(request: HttpRequest, asked: Asked, found: Authenticated) -> TokenRequest:
    """In the transaction in which the token is stored."""
    return TokenRequest.objects.create(
        accepted=True,
        client=found.client,
        secret=found.secret,
        method=asked.method,
        claims=stated_claims(asked.assertion),
        **_origin(request),
    )


def record_refused(request: HttpRequest, asked: Asked | None, refusal: TokenRequestRefused) -> TokenRequest:
    """``asked`` is None for what is no token request at all."""
    stated = asked.client_id if asked and refusal.client is None else ""
    return TokenRequest.objects.create(
        accepted=False,
        client=refusal.client,
        secret=refusal.secret,
        stated_client=visible(stated)[:100],
        method=asked.method if asked else "",
        failed_check=refusal.check,
        reason=refusal.reason,
        parameters=_shortened(refusal.parameters) or None,
        claims=stated_claims(asked.assertion) if asked else None,
        **_origin(request),
    )


def stated_claims(assertion: str) -> dict[str, dict[str, str]] | None:
    """What an assertion says of itself, as texts that can be shown. Never the signature, nor claims we do not know."""
    if not assertion:
        return None
    try:
        token = parse_token(assertion)
    except TokenRefused:
        return None
    return {"header": _texts(token.header, SHOWN_HEADER), "claims": _texts(token.claims, SHOWN_CLAIMS)}


def forget_expired_tokens(now: datetime) -> int:
    """Delete access tokens that have expired; returns how many."""
    return AccessToken.objects.filter(expires_at__lt=now).delete()[0]


def token_requests_since(moment: datetime) -> dict[str, int]:
    """How many were issued, and how many refused, by the reason's code; ``not_listed`` are only counted."""
    listed = TokenRequest.objects.filter(at__gte=moment).order_by().values("reason").annotate(number=Count("id"))
    found = {row["reason"] or ISSUED: int(row["number"]) for row in listed}
    return {ISSUED: 0, NOT_LISTED: counted_only(moment), **found}


def _origin(request: HttpRequest) -> dict[str, Any]:
    return {
        "request_id": request_id_of(request)[:60],
        "address": address_of(request),
        "milliseconds": milliseconds_of(request),
    }


def _texts(stated: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, str]:
    return {name: _text(stated[name]) for name in names if name in stated}


def _text(value: Any) -> str:
    texts = [str(each) for each in value] if isinstance(value, list) else [str(value)]
    return visible(", ".join(texts[:10]))[:LONGEST_SHOWN]


def _shortened(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _text(value) if isinstance(value, str) else value for name, value in parameters.items()}
