"""Who asks: a person's token, before the browser's session is even looked at (RFC 6750)."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.plumbing import build_bearer_security_scheme_object
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from gatekeeper.api.models import ApiToken
from gatekeeper.api.tokens import TOKENS, refusal_of, refusal_of_person
from gatekeeper.directory.access.loaders import access_of
from gatekeeper.directory.access.resolver import Access
from gatekeeper.directory.models import User
from gatekeeper.secrets.bearer_keys import bearer_credentials, record_use

_EXPECTED = 'The header "Authorization: Bearer TOKEN" is expected.'


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer gkt_…``. ``request.auth`` is then the access of the token's person at this moment.

    It is derived on each request, so a revocation, of the token or of its person, needs no message to get here.
    Cost: one query for the token, those of ``access_of``, and one write a minute.
    """

    def authenticate(self, request: Request) -> tuple[User, Access] | None:
        """The token's person and their access; None where no bearer token was sent. Raises AuthenticationFailed."""
        text = bearer_credentials(request.headers.get("Authorization", ""))
        if text is None:
            return None
        token = _token_of(text)
        request._request.credential_id = token.id  # type: ignore[attr-defined]  # for the request's line in the log
        access = access_of(token.user)
        refused = refusal_of_person(access)
        if refused:
            raise AuthenticationFailed(refused)
        record_use(token)
        return token.user, access

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for; without it the framework would answer 403."""
        del request
        return 'Bearer realm="Gatekeeper API"'


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Names the scheme in the OpenAPI document."""

    target_class = TokenAuthentication
    name = "apiToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        del auto_schema
        scheme = build_bearer_security_scheme_object(header_name="Authorization", token_prefix="Bearer")  # noqa: S106
        return {**scheme, "bearerFormat": f"{TOKENS.prefix}…", "description": "A personal API token (profile page)."}


def _token_of(text: str) -> ApiToken:
    if not text.startswith(TOKENS.prefix):
        raise AuthenticationFailed(f"That is no API token; API tokens begin with {TOKENS.prefix}. {_EXPECTED}")
    if not TOKENS.is_well_formed(text):
        raise AuthenticationFailed("The API token is incomplete or mistyped: its checksum is wrong. Copy it again.")
    token = ApiToken.objects.matching(text).select_related("user").first()
    if token is None:
        raise AuthenticationFailed("This site knows no such API token. Make one on your profile page.")
    refused = refusal_of(token)
    if refused:
        raise AuthenticationFailed(refused)
    return token
