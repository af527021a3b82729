"""A refused request for an access token: the error of RFC 6749 §5.2, the check that failed, and why."""

from enum import StrEnum
from typing import Any

from scim.models import ClientSecret, OAuthClient


class ErrorCode(StrEnum):
    """RFC 6749 §5.2."""

    INVALID_REQUEST = "invalid_request"
    INVALID_CLIENT = "invalid_client"
    UNAUTHORIZED_CLIENT = "unauthorized_client"
    UNSUPPORTED_GRANT_TYPE = "unsupported_grant_type"
    INVALID_SCOPE = "invalid_scope"


class TokenRequestRefused(Exception):
    """``check`` is the stable name of the check that failed; ``reason`` a code with the parameters of its text.

    ``client``: the one that the request names. ``is_proven``: it showed that it is that client, and still got nothing.
    """

    def __init__(
        self,
        error: ErrorCode,
        check: str,
        reason: StrEnum,
        *,
        client: OAuthClient | None = None,
        secret: ClientSecret | None = None,
        **parameters: Any,
    ) -> None:
        super().__init__(error, check, reason, parameters)
        self.error = error
        self.check = check
        self.reason = reason
        self.parameters = parameters
        self.client = client
        self.secret = secret
        self.status: int | None = None
