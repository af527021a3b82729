"""What a run made on a server is deleted: when it is stopped at any moment, and when the answers are not right."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from conformance.http.made import Ledger
from entra_client.protocol.transport import Answer, NoAnswer, Request
from tests.conformance.running import command, given
from tests.conformance.server.faults import error
from tests.conformance.server.memory import MemoryServer
from tests.once import ONCE

# The servers are in memory: a second run on another database would show the same.
pytestmark = ONCE

ROOT = Path(__file__).resolve().parents[2]
UNDER_WAY = [
    # The profile, the request that is under way, and whether the server has done it when the run is stopped.
    *(("entra", *request, done) for request in (("POST", "Users"), ("POST", "Groups")) for done in (False, True)),
    ("rfc", "POST", "Bulk", False),
    ("rfc", "POST", "Bulk", True),
    ("entra", "PATCH", "", False),
    ("entra", "DELETE", "", False),
]


@pytest.mark.parametrize("stopped_by", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(("profile", "method", "kind", "done"), UNDER_WAY)
def test_a_run_that_is_stopped_deletes_what_it_made(
    memory, profile: str, method: str, kind: str, done: bool, stopped_by: signal.Signals
):
    """The request that is under way is finished first: what it makes is known, and deleted with the rest."""
    server, base_url = memory
    process = subprocess.Popen(
        [sys.executable, "manage.py", "conformance", *given(base_url, profile)],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "gatekeeper.settings"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    stopped = threading.Event()

    def stop() -> None:
        stopped.set()
        process.send_signal(stopped_by)
        time.sleep(0.3)

    def fault(memory: MemoryServer, asked: Any, answer: Any) -> Any:
        is_meant = asked.method == method and asked.path.endswith(kind) and not stopped.is_set()
        if is_meant and not done:
            stop()
        reply = answer(asked)
        if is_meant and done:
            stop()
        return reply

    server.fault = fault
    _, errors = process.communicate(timeout=60)

    assert stopped.is_set()
    assert process.returncode == 1
    assert "The run was stopped; what it made was deleted." in errors
    assert server.resources == {"Users": {}, "Groups": {}}


def test_what_could_not_be_deleted_is_still_known_when_a_deletion_is_stopped():
    """The newest could not be deleted, and the run is stopped at the next one: the end tries both again."""
    ledger = Ledger()
    for number in ("1", "2"):
        request = Request(method="POST", path="/Users", body={"userName": f"user {number}"})
        ledger.note(request, answered(request, 201, f'{{"id": "{number}"}}'))

    def refuse(request: Request) -> Answer:
        if request.path == "/Users/2":
            raise NoAnswer("the server is silent")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ledger.tidy(refuse)
    deleted: list[str] = []

    def delete(request: Request) -> Answer:
        deleted.append(request.path)
        return answered(request, 204)

    assert ledger.delete_all(delete) == []
    assert sorted(deleted) == ["/Users/1", "/Users/2"]


def answered(request: Request, status: int, content: str = "") -> Answer:
    return Answer(
        request=request, status=status, media_type="", location=None, content=content.encode(), seconds=0.0
    )  # fmt: skip


def test_what_was_made_without_an_answer_is_found_by_its_name_and_deleted(memory):
    """The server creates, and fails while it answers."""
    server, base_url = memory
    server.fault = lambda memory, asked, answer: (
        type(answer(asked))(500, b"<h1>Oops</h1>", {"Content-Type": "text/html"})
        if asked.method == "POST"
        else answer(asked)
    )
    assert command(*given(base_url), "--json") == 1
    assert server.resources == {"Users": {}, "Groups": {}}


def test_what_could_not_be_deleted_is_named(memory, capsys: pytest.CaptureFixture[str]):
    server, base_url = memory
    server.fault = lambda memory, asked, answer: error(405) if asked.method == "DELETE" else answer(asked)
    command(*given(base_url), "--json")
    named = re.findall(r"Could not be deleted: Users ([0-9a-f-]{36})", capsys.readouterr().err)

    assert set(named) == set(server.resources["Users"])
    assert named
