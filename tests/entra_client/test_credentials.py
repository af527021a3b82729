"""Entra's client shows who it is in three ways, and gets a new access token before one ends, or when one is refused."""

import io
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from entra_client.directory.company import make_company
from entra_client.management.commands.simulate_entra import Command
from entra_client.protocol.credentials import (
    ApiKey,
    CannotBegin,
    NoAnswer,
    client_assertion,
    client_secret,
    usual_token_url,
)
from entra_client.protocol.transport import Request, ScimServer
from entra_client.protocol.workload_identity import WorkloadIdentity
from entra_client.run.simulation import Size, simulate
from tests.site import Site, free_port

SMALL = ("--users", "6", "--groups", "2", "--cycles", "0", "--seed", "78")


class TokenServer:
    """A token endpoint and a SCIM server in one: a token opens it until it is taken away."""

    def __init__(self) -> None:
        self.lifetime, self.given = 3600, 0
        self.alive: set[str] = set()
        self.answer: tuple[int, bytes] | None = None  # in place of a token

    def token(self, form: dict[str, list[str]]) -> tuple[int, bytes]:
        if self.answer is not None:
            return self.answer
        assert form["grant_type"] == ["client_credentials"]
        assert (form["client_id"], form["client_secret"]) == (["id"], ["secret"])
        self.given += 1
        text = f"token-{self.given}"
        self.alive.add(text)
        return 200, json.dumps({"access_token": text, "token_type": "Bearer", "expires_in": self.lifetime}).encode()


@contextmanager
def served(server: TokenServer) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.reply(*server.token(form))

        def do_GET(self) -> None:
            is_open = self.headers["Authorization"].removeprefix("Bearer ") in server.alive
            self.reply(200 if is_open else 401, b"{}")

        def reply(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{http.server_port}"
    finally:
        http.shutdown()
        http.server_close()


def status(server: ScimServer) -> int:
    return server.send(Request(method="GET", path="/Users")).status


def test_one_token_serves_until_shortly_before_it_ends() -> None:
    server = TokenServer()
    with served(server) as origin:
        scim = ScimServer(origin, client_secret(f"{origin}/oauth2/token", "id", "secret"))
        assert [status(scim) for _ in range(5)] == [200] * 5
        assert server.given == 1

        server.lifetime = 1
        server.alive.clear()
        assert status(scim) == 200
        time.sleep(0.6)
        assert [status(scim), server.given] == [200, 3]


def test_a_refused_token_is_exchanged_once_and_an_api_key_is_not() -> None:
    server = TokenServer()
    with served(server) as origin:
        scim = ScimServer(origin, client_secret(f"{origin}/oauth2/token", "id", "secret"))
        assert status(scim) == 200
        server.alive.clear()
        assert [status(scim), server.given] == [200, 2]
        assert status(ScimServer(origin, ApiKey("gk_x"))) == 401


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((401, b'{"error": "invalid_client", "error_description": "No."}'), "401 invalid_client No."),
        ((200, b"{}"), "without a usable access_token"),
        ((200, b"[]"), "without a usable access_token"),
        ((200, b'{"access_token": "a", "token_type": "mac", "expires_in": 60}'), "without a usable access_token"),
        ((502, b"<html>"), "502 without JSON"),
    ],
)
def test_without_a_token_nothing_begins(answer: tuple[int, bytes], said: str) -> None:
    server = TokenServer()
    server.answer = answer
    with served(server) as origin, pytest.raises(CannotBegin, match=said):
        client_secret(f"{origin}/oauth2/token", "id", "secret").bearer()


def test_a_token_endpoint_that_is_not_there_is_no_answer() -> None:
    with pytest.raises(NoAnswer, match="did not answer"):
        client_secret(f"http://127.0.0.1:{free_port()}/oauth2/token", "id", "secret").bearer()


def test_the_token_endpoint_is_at_the_origin() -> None:
    assert usual_token_url("https://gk.example.com:8443/scim/v2/?x") == "https://gk.example.com:8443/oauth2/token"


# ── The running site ─────────────────────────────────────────────────────────────────────────────────────────────


def simulate_entra(site: Site, *arguments: str) -> dict[str, Any]:
    document: dict[str, Any] = site.manage("simulate_entra", "--base-url", f"{site.url}/scim/v2", *SMALL, *arguments)
    return document


def test_pretend_entra_shows_a_secret_to_the_site(running_site: Site) -> None:
    made = running_site.manage("scim_client", "create", "Pretend Entra", "--secret")

    report = simulate_entra(running_site, "--client-id", made["client_id"], "--client-secret", made["client_secret"])

    assert report["failed"] == 0
    assert report["requests"] > 30


def test_pretend_entra_shows_a_workload_identity_to_the_site(running_site: Site) -> None:
    """With and without the client id; the second run signs with the same key."""
    port = free_port()
    tenant = make_company(people=6, groups=2, seed=78).tenant_id
    identity = WorkloadIdentity(tenant, running_site.data_dir / "simulate_entra", port)
    made = running_site.manage("scim_client", "create", "Federated", *identity.arguments().split())

    for options in ((), ("--client-id", made["client_id"])):
        assert simulate_entra(running_site, "--federated", "--issuer-port", str(port), *options)["failed"] == 0


def test_after_a_key_rollover_the_next_token_is_signed_by_a_key_that_is_found(
    running_site: Site, tmp_path: Path
) -> None:
    """At an unknown kid the JWKS is fetched again, at most once a minute."""
    identity = WorkloadIdentity(make_company(people=6, groups=0, seed=79).tenant_id, tmp_path, free_port())
    made = running_site.manage("scim_client", "create", "Rolling", *identity.arguments().split())

    def connects() -> bool:
        url = f"{running_site.url}/oauth2/token"
        try:
            return bool(client_assertion(url, made["client_id"], identity.assertion).bearer())
        except CannotBegin:
            return False

    identity.roll_over()
    with identity.published():
        assert connects()
        identity.roll_over()
        assert not connects()  # asked less than a minute ago
    assert not connects()  # nobody serves the keys


def test_a_federated_run_that_the_site_does_not_know_says_what_to_add(
    running_site: Site, capsys: pytest.CaptureFixture[str], settings: Any, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    arguments = ["--base-url", f"{running_site.url}/scim/v2", "--federated", "--issuer-port", str(free_port())]

    with pytest.raises(SystemExit) as ended:
        Command().run_from_argv(["manage.py", "simulate_entra", *arguments])

    assert ended.value.code == 1
    assert "scim_client create 'Pretend Entra' --issuer http://127.0.0.1:" in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong",
    [
        (),
        ("--api-key", "gk_x", "--federated"),
        ("--client-secret", "gks_x"),
        ("--client-id", "x"),
        ("--api-key", "gk_x", "--client-id", "x", "--client-secret", "gks_x"),
        ("--federated", "--issuer-port", "0"),
    ],
)
def test_one_way_is_said_and_one_only(wrong: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as ended:
        Command().run_from_argv(["manage.py", "simulate_entra", "--base-url", "http://127.0.0.1:1", *wrong])

    assert ended.value.code == 2


def test_the_simulation_takes_a_key_as_before(running_site: Site) -> None:
    key = running_site.manage("scim_key", "generate", "--rotate", "--name", "three ways")["api_key"]

    assert simulate(f"{running_site.url}/scim/v2", key, Size(users=3, groups=1, cycles=0), io.StringIO()).failed == 0
