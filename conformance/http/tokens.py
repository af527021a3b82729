"""An access token by client credentials (RFC 6749 §4.4), with a secret or a signed assertion (RFC 7523 §2.2)."""

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from conformance.http.connection import Target
from conformance.http.exchange import Call, Reply
from entra_client.protocol.credentials import JWT_BEARER, TOKEN_PATH
from entra_client.protocol.transport import Request

METADATA_PATH = "/.well-known/oauth-authorization-server"
FORM = "application/x-www-form-urlencoded"

Send = Callable[[Request], Reply]


def metadata_request() -> Call:
    """The authorization server's metadata (RFC 8414 §3), which needs no credentials."""
    return Call(
        method="GET", path=METADATA_PATH, at_origin=True, authorization="", headers={"Accept": "application/json"}
    )


def token_path(target: Target, metadata: dict[str, Any] | None) -> str:
    """The path of the token endpoint at the target's origin; the usual one where metadata names none there.

    Another origin is not followed: a secret goes to the server under test only.
    """
    stated = (metadata or {}).get("token_endpoint")
    if not isinstance(stated, str):
        return TOKEN_PATH
    try:
        parts = urlsplit(stated)
    except ValueError:
        return TOKEN_PATH
    return parts.path if f"{parts.scheme}://{parts.netloc}" == target.origin and parts.path else TOKEN_PATH


def by_secret(path: str, client_id: str, secret: str, *, basic: bool = True, **more: str) -> Call:
    """A token request with a secret, by HTTP Basic (RFC 6749 §2.3.1) or in the form."""
    form = {"grant_type": "client_credentials", **more}
    if not basic:
        return _request(path, {**form, "client_id": client_id, "client_secret": secret}, "")
    pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}".encode()
    return _request(path, form, f"Basic {base64.b64encode(pair).decode()}")


def by_assertion(path: str, client_id: str, assertion: str) -> Call:
    """A token request with a JWT that the client's identity provider signed."""
    form = {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_assertion_type": JWT_BEARER,
        "client_assertion": assertion,
    }
    return _request(path, form, "")


def _request(path: str, form: dict[str, str], authorization: str) -> Call:
    return Call(
        method="POST",
        path=path,
        at_origin=True,
        authorization=authorization,
        content=urlencode(form).encode(),
        headers={"Content-Type": FORM, "Accept": "application/json"},
    )
