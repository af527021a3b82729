"""The client credentials grant (RFC 6749 §4.4): its grammar is oauthlib's, what is decided about a client is ours.

docs/decisions/0009-oauthlib-for-the-token-endpoint.md says what of the library is used.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from oauthlib.oauth2 import BackendApplicationServer, RequestValidator

from scim.credentials.access_tokens import LIFETIME
from scim.oauth.clients import Authenticated
from scim.oauth.reasons import Reason
from scim.oauth.refusals import ErrorCode, TokenRequestRefused
from scim.protocol.addresses import token_url

DEFAULT_SCOPE = "scim"
SCOPES = frozenset({DEFAULT_SCOPE, "scim.readwrite"})  # two names of one right: Microsoft's documents have both
_REASONS = {
    ErrorCode.INVALID_REQUEST: ("is_a_token_request", Reason.NO_GRANT_TYPE),
    ErrorCode.UNSUPPORTED_GRANT_TYPE: ("asks_for_client_credentials", Reason.OTHER_GRANT_TYPE),
    ErrorCode.INVALID_SCOPE: ("asks_for_a_scope_of_ours", Reason.SCOPE),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the client gets. ``body``: the JSON text of RFC 6749 §5.1."""

    status: int
    body: str


class ClientCredentials(RequestValidator):  # type: ignore[misc]  # oauthlib is untyped
    """One request of a client, as the library asks about it."""

    def __init__(self, authenticate: Callable[[], Authenticated], issue: Callable[[Authenticated], str]) -> None:
        """``authenticate`` raises TokenRequestRefused; ``issue`` makes and stores the token of who was let in."""
        super().__init__()
        self.authenticated: Authenticated | None = None
        self._authenticate, self._issue = authenticate, issue

    def authenticate_client(self, request: Any, *args: Any, **kwargs: Any) -> bool:
        del args, kwargs
        self.authenticated = request.client = self._authenticate()
        return True

    def validate_grant_type(self, client_id: str, grant_type: str, client: Any, request: Any, *_: Any) -> bool:
        return bool(grant_type == "client_credentials")

    def get_default_scopes(self, client_id: str, request: Any, *_: Any, **__: Any) -> list[str]:
        return [DEFAULT_SCOPE]

    def validate_scopes(self, client_id: str, scopes: list[str], client: Any, request: Any, *_: Any) -> bool:
        return set(scopes) <= SCOPES

    def save_bearer_token(self, token: Any, request: Any, *_: Any, **__: Any) -> None:
        """``new_token`` has stored it: of its text only the digest may be kept."""

    def new_token(self, request: Any) -> str:
        """The library's token generator."""
        return self._issue(request.client)


def answer(
    form: Mapping[str, str], authenticate: Callable[[], Authenticated], issue: Callable[[Authenticated], str]
) -> Answer:
    """Let the library take the request apart; what proves who asks is not among what it sees.

    Raises: TokenRequestRefused, also for what the library refuses.
    """
    asked = ClientCredentials(authenticate, issue)
    server = BackendApplicationServer(
        asked, token_generator=asked.new_token, token_expires_in=int(LIFETIME.total_seconds())
    )
    seen = urlencode({name: form[name] for name in ("grant_type", "scope") if name in form})
    _, body, status = server.create_token_response(token_url(), body=seen)
    if status == HTTPStatus.OK:
        return Answer(status, body)
    raise _refused(json.loads(body)["error"], asked.authenticated)


def _refused(error: str, authenticated: Authenticated | None) -> TokenRequestRefused:
    """The library's error, with our reason for it."""
    check, reason = _REASONS[ErrorCode(error)]
    client = authenticated.client if authenticated else None
    return TokenRequestRefused(ErrorCode(error), check, reason, client=client)
