"""A workload identity of a pretend tenant: it signs assertions as Entra's do, and publishes its keys here."""

import json
import os
import secrets
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

HOST = "127.0.0.1"
USUAL_PORT = 8903
LIFETIME = 3900  # seconds, as Entra's
_KEY_BITS = 2048


class WorkloadIdentity:
    """What Entra shows to be copied, and the assertions for it. ``tenant_id`` names the pretend tenant."""

    def __init__(self, tenant_id: str, folder: Path, port: int = USUAL_PORT) -> None:
        """``folder`` keeps the key, so that the next run has the same one."""
        origin = f"http://{HOST}:{port}/{tenant_id}"
        self.port, self.tenant_id = port, tenant_id
        self.issuer = f"{origin}/v2.0"
        self.jwks_url = f"{origin}/discovery/v2.0/keys"
        self.app_id = _derived(tenant_id, "application")
        self.subject = _derived(tenant_id, "object")
        self.audience = f"api://{self.app_id}/.default"
        self._folder = folder
        self._key = _load_or_make(folder / "workload-identity.json")

    def arguments(self) -> str:
        """The options of ``scim_client create`` that make a client for this identity."""
        return f"--issuer {self.issuer} --jwks-url {self.jwks_url} --subject {self.subject} --audience {self.audience}"

    def assertion(self, **changed: Any) -> str:
        """A signed token with the claims that Microsoft documents; there is no ``jti`` among them."""
        now = int(time.time())
        claims = {
            "aud": f"api://{self.app_id}",
            "iss": self.issuer,
            "iat": now,
            "nbf": now,
            "exp": now + LIFETIME,
            "appid": self.app_id,
            "appidacr": "2",
            "idp": self.issuer,
            "oid": self.subject,
            "sub": self.subject,
            "tid": self.tenant_id,
            "ver": "2.0",
            **changed,
        }
        return jwt.encode({"alg": "RS256", "typ": "JWT", "kid": self._key.kid}, claims, self._key)

    def roll_over(self) -> None:
        """Sign with a new key from now on; the old one is no longer published."""
        path = self._folder / "workload-identity.json"
        path.unlink(missing_ok=True)
        self._key = _load_or_make(path)

    def key_set(self) -> bytes:
        """The JWKS document."""
        public = {**self._key.as_dict(private=False), "use": "sig", "kid": self._key.kid}
        return json.dumps({"keys": [public]}).encode()

    @contextmanager
    def published(self) -> Iterator[None]:
        """Serve the keys while the block runs. Raises OSError when the port is taken."""
        server = ThreadingHTTPServer((HOST, self.port), _handler(self))
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def _handler(identity: WorkloadIdentity) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """The keys, or nothing."""
            found = identity.jwks_url.endswith(self.path)
            body = identity.key_set() if found else b"{}"
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
            """Say nothing about each request."""

    return Handler


def _load_or_make(path: Path) -> RSAKey:
    if path.exists():
        return RSAKey.import_key(json.loads(path.read_text()))
    key = RSAKey.generate_key(_KEY_BITS, {"kid": secrets.token_urlsafe(16)})
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(key.as_dict(private=True), file)
    return key


def _derived(tenant_id: str, what: str) -> str:
    """An id of the tenant, the same one each time."""
    return str(uuid.uuid5(uuid.UUID(tenant_id), what))
