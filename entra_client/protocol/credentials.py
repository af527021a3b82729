"""The three ways in which Entra shows a SCIM server who it is: a key, a client secret, a federated workload identity.

For the last two it gets access tokens (RFC 6749 §4.4, RFC 7523 §2.2), and a new one before the last one ends.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx

RENEW_BEFORE = 300.0  # seconds before a token ends; half its life when it is shorter than twice that
TOKEN_PATH = "/oauth2/token"  # noqa: S105 - a path
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class CannotBegin(Exception):
    """The base URL or the credential cannot be used at all; the text says why."""


class NoAnswer(Exception):
    """The server did not answer: not reachable, hung up, or too slow. The text says which."""


class Credential(Protocol):
    """What brings the text behind "Authorization: Bearer"."""

    def bearer(self) -> str:
        """The text for the next request. Raises: CannotBegin, NoAnswer."""

    def renew(self) -> bool:
        """After a 401: whether another text may do better."""


class ApiKey:
    """A long-lived key: the same text each time."""

    def __init__(self, text: str) -> None:
        """Raises CannotBegin for a text that fits in no header."""
        if not (text and text.isascii() and text.isprintable()):
            raise CannotBegin("The API key is empty or has characters that no API key has.")
        self._text = text

    def bearer(self) -> str:
        return self._text

    def renew(self) -> bool:
        return False


class AccessTokens:
    """Access tokens of a token endpoint. ``proof``: the parameters that show who asks, made anew for each request."""

    def __init__(self, token_url: str, proof: Callable[[], Mapping[str, str]], *, timeout: float = 60.0) -> None:
        self._url = token_url
        self._proof = proof
        self._timeout = timeout
        self._text, self._renew_at = "", 0.0
        self.asked = 0  # requests for a token

    def bearer(self) -> str:
        if not self._text or time.monotonic() >= self._renew_at:
            self._get()
        return self._text

    def renew(self) -> bool:
        self._text = ""
        return True

    def _get(self) -> None:
        self.asked += 1
        form = {"grant_type": "client_credentials", "scope": "scim", **self._proof()}
        try:
            # A proxy of the environment has no way to a server on this machine.
            answer = httpx.post(self._url, data=form, timeout=self._timeout, trust_env=False)
            document = answer.json()
        except (httpx.HTTPError, httpx.InvalidURL) as problem:
            raise NoAnswer(f"{self._url} did not answer: {str(problem) or type(problem).__name__}.") from problem
        except ValueError as problem:
            raise CannotBegin(f"{self._url} answered {answer.status_code} without JSON.") from problem
        if answer.status_code != httpx.codes.OK:
            raise CannotBegin(_refusal(self._url, answer.status_code, document))
        self._take(document)

    def _take(self, document: Any) -> None:
        """Raises CannotBegin for an answer that RFC 6749 §5.1 does not know."""
        stated = document if isinstance(document, dict) else {}
        text, seconds = stated.get("access_token"), stated.get("expires_in")
        is_bearer = str(stated.get("token_type", "")).lower() == "bearer"
        if not (is_bearer and isinstance(text, str) and text and isinstance(seconds, int) and seconds > 0):
            raise CannotBegin(f"{self._url} answered without a usable access_token, token_type and expires_in.")
        self._text = text
        self._renew_at = time.monotonic() + seconds - min(RENEW_BEFORE, seconds / 2)


def client_secret(token_url: str, client_id: str, secret: str) -> AccessTokens:
    """Tokens for a client secret, which is sent in the form (RFC 6749 §2.3.1)."""
    return AccessTokens(token_url, lambda: {"client_id": client_id, "client_secret": secret})


def client_assertion(token_url: str, client_id: str, assertion: Callable[[], str]) -> AccessTokens:
    """Tokens for assertions (RFC 7523 §2.2). Without ``client_id`` the server finds the client by their claims."""
    stated = {"client_id": client_id} if client_id else {}
    return AccessTokens(
        token_url, lambda: {**stated, "client_assertion_type": JWT_BEARER, "client_assertion": assertion()}
    )


def usual_token_url(base_url: str) -> str:
    """Where the token endpoint is when nobody says so: at the origin of the base URL."""
    parts = urlsplit(base_url.strip())
    return f"{parts.scheme}://{parts.netloc}{TOKEN_PATH}"


def _refusal(url: str, status: int, document: Any) -> str:
    stated = document if isinstance(document, dict) else {}
    said = " ".join(str(stated[name]) for name in ("error", "error_description") if name in stated)
    return f"{url} gives no access token: {status} {said}".rstrip(" .") + "."
