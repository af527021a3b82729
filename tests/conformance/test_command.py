"""``manage.py conformance``: usage, the table, the report, servers that are no SCIM servers."""

import json
import os
import pty
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from conformance.http import connection
from conformance.report.table import painted
from tests.conformance.running import command, given
from tests.conformance.server.memory import CLIENT_ID, CLIENT_SECRET, KEY
from tests.once import ONCE

# The servers are in memory: a second run on another database would show the same.
pytestmark = ONCE

ROOT = Path(__file__).resolve().parents[2]


# ── Usage ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "wrong",
    [
        ("--base-url", "http://127.0.0.1:1/scim/v2"),
        ("--base-url", "nonsense", "--api-key", "x"),
        ("--base-url", "ftp://127.0.0.1/scim", "--api-key", "x"),
        ("--base-url", "http://somebody:secret@127.0.0.1/scim", "--api-key", "x"),
        ("--base-url", "http://127.0.0.1:1", "--api-key", "x", "--client-id", "a", "--client-secret", "b"),
        ("--base-url", "http://127.0.0.1:1", "--client-id", "a"),
        ("--base-url", "http://127.0.0.1:1", "--api-key", "no\nkey"),
        ("--api-key", "x"),
        ("--profile", "nonsense"),
        ("--html", "/nowhere/at/all.html"),
        ("--unknown",),
    ],
)
def test_wrong_usage_ends_with_status_2(wrong: tuple[str, ...], capsys: pytest.CaptureFixture[str]):
    assert command(*wrong) == 2
    assert capsys.readouterr().out == ""


def test_a_server_that_is_not_there_ends_with_one_line_and_status_1(capsys: pytest.CaptureFixture[str]):
    assert command(*given("http://127.0.0.1:1/scim/v2"), "--json") == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(printed.err.strip().splitlines()) == 1
    assert "http://127.0.0.1:1/scim/v2 does not answer" in printed.err


def test_a_refused_key_ends_with_one_line_and_status_1(memory, capsys: pytest.CaptureFixture[str]):
    assert command("--base-url", memory[1], "--api-key", "wrong") == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "refuses the credentials" in printed.err


def test_a_refused_client_ends_with_one_line_that_does_not_show_the_secret(memory, capsys: pytest.CaptureFixture[str]):
    assert command("--base-url", memory[1], "--client-id", CLIENT_ID, "--client-secret", "wrong-secret") == 1
    printed = capsys.readouterr()
    assert "/oauth2/token gives no access token: 401" in printed.err
    assert "wrong-secret" not in printed.err


# ── The result ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_document_is_the_contracts(memory, capsys: pytest.CaptureFixture[str]):
    assert command(*given(memory[1]), "--json") == 0
    document = json.loads(capsys.readouterr().out)

    assert set(document) == {"target", "passed", "failed", "skipped", "profiles"}
    (profile,) = document["profiles"]
    assert set(profile) == {"profile", "passed", "failed", "skipped", "tests"}
    assert all(set(test) == {"name", "status", "clause", "detail"} for test in profile["tests"])
    assert (document["passed"], document["failed"], document["skipped"]) == (23, 0, 2)
    assert len(profile["tests"]) == 25


@pytest.mark.parametrize("ending", ["/", "/?aadOptscim062020", "?aadOptscim062020"])
def test_the_base_url_may_end_as_entras_tenant_url_does(memory, ending: str, capsys: pytest.CaptureFixture[str]):
    assert command(*given(f"{memory[1]}{ending}"), "--json") == 0
    assert json.loads(capsys.readouterr().out)["target"] == memory[1]


def test_an_oauth_client_takes_a_token_and_its_test_is_asked(memory, capsys: pytest.CaptureFixture[str]):
    """RFC 6749 §4.4, with the token endpoint that RFC 8414 metadata names."""
    base_url = memory[1]
    credentials = ("--client-id", CLIENT_ID, "--client-secret", CLIENT_SECRET)
    assert command("--base-url", base_url, *credentials, "--profile", "entra", "--json") == 0
    printed = capsys.readouterr().out
    tests = {test["name"]: test["status"] for test in json.loads(printed)["profiles"][0]["tests"]}

    assert tests["Validate_Credentials_Test"] == "passed"
    assert CLIENT_SECRET not in printed


def test_the_table_shows_what_was_asked_and_answered_where_a_test_failed(memory, capsys: pytest.CaptureFixture[str]):
    server, base_url = memory
    server.fault = lambda memory, asked, answer: (
        wrong(answer(asked)) if asked.method == "POST" and asked.test == "SCIM_User_Create_Test" else answer(asked)
    )

    def wrong(reply: Any) -> Any:
        reply.body = {**reply.body, "userName": f"someone-else-{KEY}"}
        return reply

    assert command(*given(base_url)) == 1
    table = capsys.readouterr().out

    assert "\x1b[" not in table  # no colours outside of a terminal
    assert "✓ Create_User_Test" in table
    assert "– Federated_Identity_Test" in table
    assert "✗ SCIM_User_Create_Test" in table
    assert "\x1b[31;1m  ✗ SCIM_User_Create_Test\x1b[0m" in painted(table)
    assert "\x1b[32m  ✓ Create_User_Test\x1b[0m" in painted(table)
    failure = table.partition("Failures\n")[2]
    assert "entra · SCIM_User_Create_Test" in failure
    assert "RFC 7644 §3.3" in failure
    assert "The userName did not come back as it was sent." in failure
    assert "request: POST /Users" in failure
    assert "answer: 201" in failure
    assert KEY not in table
    assert "22 passed, 1 failed, 2 skipped" in table


def test_the_report_escapes_what_a_server_answers_and_runs_nothing(memory, tmp_path: Path):
    server, base_url = memory
    evil = "<script>alert(1)</script>\x1b[2J"
    server.fault = lambda memory, asked, answer: (
        type(answer(asked))(200, {"evil": evil}) if asked.test == "Create_User_Test" else answer(asked)
    )
    report = tmp_path / "report.html"
    assert command(*given(base_url), "--html", str(report), "--json") == 1
    text = report.read_text()

    assert "<script" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "\x1b" not in text
    assert "default-src &#x27;none&#x27;" in text
    for fact in (base_url, "UTC", "Create_User_Test", "RFC 7644 §3.3", "Microsoft Entra&#x27;s provisioning validator"):
        assert fact in text, fact


def test_the_table_shows_what_a_server_answers_without_letting_it_act(memory, capsys: pytest.CaptureFixture[str]):
    server, base_url = memory
    evil = "\x1b[2J\r\u202e\x9b31m\u2028FORGED"
    server.fault = lambda memory, asked, answer: (
        type(answer(asked))(200, f'{{"detail": "{evil}"}}'.encode())
        if asked.test == "Create_User_Test"
        else answer(asked)
    )
    assert command(*given(base_url)) == 1
    table = capsys.readouterr().out

    assert "FORGED" in table
    assert [
        character for character in table if character in evil.removesuffix("FORGED") and not character.isprintable()
    ] == []


def test_a_terminal_gets_colours_and_nothing_that_is_escaped(memory):
    """A pseudo-terminal, as a person has."""
    ours, theirs = pty.openpty()
    done = subprocess.Popen(
        [sys.executable, "manage.py", "conformance", *given(memory[1])],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "gatekeeper.settings", "TERM": "xterm"},
        stdout=theirs,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs)
    shown = b""
    with suppress(OSError):  # how a pseudo-terminal ends on Linux
        while piece := os.read(ours, 65536):
            shown += piece
    os.close(ours)

    assert done.wait(30) == 0
    assert "\x1b[32m  ✓ Create_User_Test\x1b[0m" in shown.decode()
    assert "\\u001b" not in shown.decode()


# ── Servers that are broken or hostile ───────────────────────────────────────────────────────────────────────────────


@contextmanager
def listening(speak: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that reads a request, and then says whatever ``speak`` says."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            try:
                connected, _ = listener.accept()
            except TimeoutError:
                continue
            with connected:
                connected.settimeout(5)
                try:
                    connected.recv(65536)
                    speak(connected)
                except OSError:
                    continue

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/scim/v2"
    finally:
        ended.set()
        thread.join()
        listener.close()


def says(text: str) -> Callable[[socket.socket], None]:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/scim+json\r\nContent-Length: {len(text)}\r\n"
    return lambda connected: connected.sendall(f"{head}Connection: close\r\n\r\n{text}".encode())


def drips(connected: socket.socket) -> None:
    connected.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    for _ in range(50):
        connected.sendall(b" ")
        time.sleep(0.05)


def endless_headers(connected: socket.socket) -> None:
    connected.sendall(b"HTTP/1.1 200 OK\r\n")
    for _ in range(200):
        connected.sendall(b"X-More: more\r\n" * 1000)


def endless_body(connected: socket.socket) -> None:
    connected.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/scim+json\r\n\r\n")
    for _ in range(200):
        connected.sendall(b" " * 100_000)


def hangs_up(connected: socket.socket) -> None:
    connected.close()


def redirects(connected: socket.socket) -> None:
    connected.sendall(
        b"HTTP/1.1 302 Found\r\nLocation: /scim/v2/Users\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )


SPEAKING: dict[str, Callable[[socket.socket], None]] = {
    "an HTML page": says("<!doctype html><title>Sign in</title>"),
    "JSON that nests deeply": says("[" * 200_000),
    "a number of 10,000 digits": says('{"totalResults": ' + "9" * 10_000 + "}"),
    "a list": says("[1, 2, 3]"),
    "null everywhere": says('{"schemas": null, "totalResults": null, "Resources": null, "id": null}'),
    "resources that are none": says(
        '{"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 2, "Resources": [1, null]}'
    ),
    "a redirect to itself": redirects,
    "one byte after the other": drips,
    "headers without an end": endless_headers,
    "a body without an end": endless_body,
    "nothing": hangs_up,
    "no HTTP": lambda connected: connected.sendall(b"SSH-2.0-OpenSSH_9.2\r\n"),
}


@pytest.mark.parametrize("what", SPEAKING)
def test_a_broken_server_fails_tests_or_ends_the_run_in_one_line(
    what: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(connection, "SECONDS", 0.6)
    began = time.monotonic()
    with listening(SPEAKING[what]) as base_url:
        status = command(*given(base_url), "--json")
    printed = capsys.readouterr()

    assert status == 1
    assert time.monotonic() - began < 15
    assert "nobody foresaw" not in printed.err
    if printed.out:
        assert json.loads(printed.out)["passed"] == 0
    else:
        assert printed.err.strip().splitlines()[-1].startswith("CommandError: ")
