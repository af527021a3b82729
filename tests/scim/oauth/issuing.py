"""An issuer for tests: its keys, published over real HTTP on this machine, and the assertions that it signs."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from scim.credentials.federation_settings import Federation
from scim.oauth.token_requests import JWT_BEARER
from tests.scim.oauth.asking import ask
from tests.signed_tokens.minting import jwk, key_set, mint, private_key

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
TENANT, OTHER_TENANT = "ce5f061f-abe6-4e40-9615-301f87bcb7f0", "11111111-abe6-4e40-9615-301f87bcb7f0"
APPLICATION = "b5ba7a93-4452-4522-aeb4-a2b5da870c16"
SUBJECT = "d2f8ee76-c549-45b8-a143-f5b640669704"
KEY, OTHER = private_key("RS256", 10), private_key("RS256", 11)
EC_KEY, EC_384 = private_key("ES256", 10), private_key("ES384", 10)
SMALL = private_key("RS256", 12, 1024)
ABSENT = object()
PUBLISHED = (
    jwk(KEY, "k1"),
    jwk(EC_KEY, "e1"),
    jwk(EC_384, "e384"),
    jwk(SMALL, "small"),
    jwk(OTHER, "for-encryption", use="enc"),
    {"kty": "oct", "kid": "h1", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"},
)


class Publisher:
    """Serves a JWK Set at ``/TENANT/discovery/v2.0/keys``, whatever ``answer`` is at the moment."""

    def __init__(self) -> None:
        self.answer = key_set(*PUBLISHED)
        self.status, self.asked, self.port = 200, 0, 0

    @property
    def federation(self) -> Federation:
        """What an administrator copies from it."""
        return Federation(
            issuer=f"http://127.0.0.1:{self.port}/{TENANT}/v2.0",
            jwks_url=f"http://127.0.0.1:{self.port}/{TENANT}/discovery/v2.0/keys",
            subject=SUBJECT,
            audience=f"api://{APPLICATION}/.default",
        )

    @contextmanager
    def serving(self, port: int = 0) -> Iterator["Publisher"]:
        publisher = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                publisher.asked += 1
                self.send_response(publisher.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(publisher.answer)))
                self.end_headers()
                self.wfile.write(publisher.answer)

            def log_message(self, *args: object) -> None:
                """Nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = server.server_port
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()


def later(**when: float) -> int:
    return int((NOW + timedelta(**when)).timestamp())


def without_absent(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not ABSENT}


class Issuer:
    """Signs what Entra signs (the claims are those that Microsoft documents), and whatever else is asked for."""

    def __init__(self, publisher: Publisher) -> None:
        self.publisher = publisher
        self.issuer = publisher.federation.issuer

    def header(self, **changed: Any) -> dict[str, Any]:
        return without_absent({"typ": "JWT", "alg": "RS256", "kid": "k1", **changed})

    def claims(self, **changed: Any) -> dict[str, Any]:
        usual = {
            "aud": f"api://{APPLICATION}",
            "iss": self.issuer,
            "iat": later(),
            "nbf": later(),
            "exp": later(minutes=65),
            "appid": APPLICATION,
            "appidacr": "2",
            "idp": self.issuer,
            "oid": SUBJECT,
            "sub": SUBJECT,
            "tid": TENANT,
            "ver": "2.0",
        }
        return without_absent({**usual, **changed})

    def assertion(
        self, head: dict[str, Any] | None = None, /, *, key: Any = KEY, sign_with: str = "", **changed: Any
    ) -> str:
        return mint(self.header(**(head or {})), self.claims(**changed), key, algorithm=sign_with)


def ask_with(assertion: str, client_id: object = "", **more: str) -> Any:
    """A token request as Entra sends it."""
    body = {"grant_type": "client_credentials", "client_assertion_type": JWT_BEARER, "client_assertion": assertion}
    return ask({**body, **({"client_id": str(client_id)} if client_id else {}), **more})
