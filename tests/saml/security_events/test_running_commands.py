"""Commands of an identity provider against the real site: two web servers, real sessions and tokens, keys over HTTP."""

import json
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.saml.idp import press_continue, running_idp
from tests.signed_tokens.minting import jwk, key_set, mint, private_key
from tests.site import ROOT, Site, free_port, wait_until

SCIM_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
SESSION_REVOKED = "https://schemas.openid.net/secevent/caep/event-type/session-revoked"
KEY = private_key("RS256")
MAKE_TOKEN = """
from gatekeeper.api.tokens import create_token
from gatekeeper.audit.actor import Actor
from gatekeeper.directory.models import User
print(create_token(User.objects.get(user_name='{name}'), 'live', actor=Actor.command('tests'))[1])
"""
MAPPING = "from tests.builders import map_group; map_group(None, 'collaborator', ['api'])"


@contextmanager
def published(document: bytes) -> Iterator[tuple[str, list[str]]]:
    """A JWKS URL on this machine, and a line for each time that it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(document)))
            self.end_headers()
            self.wfile.write(document)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/keys", asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def second_server(running_site: Site) -> Iterator[str]:
    """Another web server of the same site, on another port."""
    port = free_port()
    environment = {**running_site.environment, "PORT": str(port)}
    gunicorn = [str(Path(sys.executable).parent / "gunicorn"), "gatekeeper.wsgi"]
    process = subprocess.Popen(gunicorn, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)

    def answers() -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=2).is_success
        except httpx.TransportError:
            return False

    try:
        wait_until(answers, what="the second web server's start")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def idp() -> Iterator[Any]:
    with running_idp() as started:
        yield started


@pytest.fixture(scope="module")
def keys() -> Iterator[tuple[str, list[str]]]:
    with published(key_set(jwk(KEY, "live"))) as started:
        yield started


@pytest.fixture(scope="module")
def connection(running_site: Site, idp: Any, keys: tuple[str, list[str]]) -> Any:
    name = f"Commands {uuid.uuid4().hex[:6]}"
    made = running_site.manage("saml_connection", "create", name, "--metadata-url", idp.metadata_url)
    idp.trust(made["metadata_url"])
    source = {"issuer": idp.url, "jwks-url": keys[0]}
    options = [f"--{kind}-{field}={value}" for kind in ("revocation", "events") for field, value in source.items()]
    running_site.manage("saml_connection", "settings", made["id"], *options)
    return made


@pytest.fixture
def person(running_site: Site) -> str:
    """Somebody who may sign in and hold API tokens."""
    name = f"{uuid.uuid4().hex[:10]}@contoso.com"
    key = running_site.manage("scim_key", "generate", "--rotate")
    body = {"schemas": [SCIM_USER], "userName": name, "emails": [{"type": "work", "primary": True, "value": name}]}
    headers = {"Authorization": f"Bearer {key['api_key']}"}
    assert httpx.post(f"{key['base_url']}/Users", json=body, headers=headers).status_code == 201
    running_site.manage("shell", "--no-imports", "-c", MAPPING, as_json=False)
    running_site.manage("sync_saml_users")
    return name


def claims(issuer: str, audience: str, **more: Any) -> dict[str, Any]:
    now = int(time.time())
    return {"iss": issuer, "aud": audience, "iat": now, "jti": uuid.uuid4().hex, **more}


def revoke(issuer: str, address: str, email: str) -> httpx.Response:
    """As Okta's Universal Logout asks."""
    header = {"alg": "RS256", "kid": "live", "typ": "global-token-revocation+jwt"}
    token = mint(header, claims(issuer, address, sub="0oa1", exp=int(time.time()) + 300), KEY)
    body = {"sub_id": {"format": "email", "email": email}}
    return httpx.post(address, json=body, headers={"Authorization": f"Bearer {token}"})


def push(issuer: str, address: str, email: str) -> httpx.Response:
    """As a transmitter of shared signals does."""
    header = {"alg": "RS256", "kid": "live", "typ": "secevent+jwt"}
    subject = {"format": "email", "email": email}
    token = mint(header, claims(issuer, address, sub_id=subject, events={SESSION_REVOKED: {}}), KEY)
    return httpx.post(address, content=token, headers={"Content-Type": "application/secevent+jwt"})


@pytest.mark.parametrize(
    ("send", "path", "status"), [(revoke, "global-token-revocation", 204), (push, "security-events", 202)]
)
def test_one_request_later_every_session_and_token_is_dead_on_every_process(
    running_site, second_server, idp, connection, person, send, path, status, record_property
):
    idp.person = person
    browsers = []
    for _ in range(2):
        browser = httpx.Client(follow_redirects=True)
        landed = press_continue(browser, browser.get(connection["sso_url"], params={"next": "/profile/"}))
        assert landed.url.path == "/profile/", landed.text
        browsers.append(browser)
    shell = running_site.manage("shell", "--no-imports", "-c", MAKE_TOKEN.format(name=person), as_json=False)
    bearer = {"Authorization": f"Bearer {shell.stdout.split()[-1]}"}
    servers = [running_site.url, second_server]

    def alive() -> list[bool]:
        """Each browser and the token, asked at each server; four requests each, so that each worker answers."""
        sessions = [
            b.get(f"{url}/profile/").url.path == "/profile/" for url in servers for b in browsers for _ in range(4)
        ]
        tokens = [httpx.get(f"{url}/api/v1/me", headers=bearer).is_success for url in servers for _ in range(4)]
        return sessions + tokens

    assert all(alive())
    address = f"{running_site.url}/saml/{connection['id']}/{path}"
    began = time.perf_counter()
    answer = send(idp.url, address, person)
    answered = time.perf_counter()
    first = [browsers[0].get(f"{url}/profile/").url.path == "/profile/" for url in servers]
    seen_dead = time.perf_counter()

    assert answer.status_code == status, answer.text
    assert not any(first)
    assert not any(alive())
    figures = {"answered_ms": (answered - began) * 1000, "dead_on_both_ms": (seen_dead - began) * 1000}
    record_property("signal_to_dead", json.dumps(figures))
    for browser in browsers:
        browser.close()


def test_the_keys_are_asked_for_once_whatever_the_number_of_signals_and_processes(
    running_site, second_server, idp, connection, person, keys
):
    before = len(keys[1])
    for url in (running_site.url, second_server):
        for _ in range(4):
            address = f"{running_site.url}/saml/{connection['id']}/global-token-revocation"
            header = {"alg": "RS256", "kid": "unknown", "typ": "global-token-revocation+jwt"}
            token = mint(header, claims(idp.url, address, exp=int(time.time()) + 300), private_key("RS256", 1))
            here = address.replace(running_site.url, url)
            assert httpx.post(here, json={}, headers={"Authorization": f"Bearer {token}"}).status_code == 401

    assert len(keys[1]) - before <= 1
