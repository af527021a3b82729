"""The server under test: a connection, credentials, what was made on it."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote_plus

from conformance.http.connection import Connection, Target
from conformance.http.exchange import HIDDEN, Reply
from conformance.http.made import Ledger
from entra_client.protocol.transport import Request

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class OAuthClient:
    """A client of the target's token endpoint, with a secret or with what signs its assertions.

    ``assertion``: makes a signed JWT (RFC 7523 §2.2) for the audience that the server expects.
    """

    client_id: str
    client_secret: str = ""
    assertion: Callable[[], str] | None = None


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """What requests are authorised with: a key, or else tokens of the OAuth client.

    The test of this site has more: a client whose assertions it signs itself, a key for which the site is strict (the
    Interoperability Profile is asked with it), and one with the lowest rate limit.
    """

    api_key: str = ""
    client: OAuthClient | None = None
    federated: OAuthClient | None = None
    strict_key: str = ""
    limited_key: str = ""


class Server:
    """Sends requests and notes what they make."""

    def __init__(self, target: Target, credentials: Credentials) -> None:
        self.target = target
        self.credentials = credentials
        self.marker = f"conformance-{secrets.token_hex(4)}"
        self.ledger = Ledger()
        # What reports never show: keys, secrets, tokens.
        self.secrets: list[str] = []
        for text in (credentials.strict_key, credentials.limited_key):
            self.hide(text)
        self.hide(credentials.client.client_secret if credentials.client else "")
        self._connection = Connection(target, self.user_agent("start"), note=self.ledger.note)
        self._kept: dict[str, Any] = {}
        self._token = ""
        if credentials.api_key:
            self.authorize(credentials.api_key)

    def authorize(self, token: str) -> None:
        """Send this bearer token from now on."""
        self._token = token
        self._connection.authorization = f"Bearer {token}"
        self.hide(token)

    @property
    def authorization(self) -> str:
        """The header that requests carry."""
        return self._connection.authorization

    def hide(self, text: str) -> None:
        """Keep a text out of every report."""
        for form in (text, quote_plus(text)):  # as it stands in a form, too
            if form and form not in self.secrets:
                self.secrets.append(form)

    def without_secrets(self, text: str) -> str:
        """The text without keys, secrets and tokens."""
        for secret in self.secrets:
            text = text.replace(secret, HIDDEN)
        return text

    def play_as(self, test_name: str, *, key: str = "") -> None:
        """Name the test in the User-Agent, by which its requests are found in the server's log.

        ``key``: what this test's requests are authorised with, where it is not what the others are.
        """
        self._connection.user_agent = self.user_agent(test_name)
        self._connection.authorization = f"Bearer {key or self._token}"

    def user_agent(self, test_name: str) -> str:
        """The User-Agent of a test's requests, in ASCII."""
        plain = test_name.encode("ascii", "replace").decode().translate({ord("("): "[", ord(")"): "]"})
        return f"gatekeeper-conformance ({plain})"

    def another_connection(self, *, key: str = "") -> Connection:
        """A connection of one's own, for a thread; with another key where there is one."""
        connection = Connection(self.target, self._connection.user_agent)
        connection.authorization = f"Bearer {key}" if key else self._connection.authorization
        return connection

    def send(self, request: Request, *, patient: bool = True) -> Reply:
        """Send a request. Raises: NoAnswer."""
        return self._connection.send(request, patient=patient)

    def once(self, key: str, make: Callable[[], T]) -> T:
        """What a run needs to find out only one time."""
        if key not in self._kept:
            self._kept[key] = make()
        found: T = self._kept[key]
        return found

    def tidy(self) -> None:
        """Delete what the last test made; what can't be deleted now is tried again at the end."""
        self.ledger.tidy(self._connection.send)

    def clean_up(self) -> list[str]:
        """Delete what is left, also where the server went silent meanwhile; names what could not be deleted."""
        self._connection.silences = 0
        return [str(each) for each in self.ledger.delete_all(self._connection.send)]

    def close(self) -> None:
        """Hang up."""
        self._connection.close()
