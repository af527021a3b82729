"""With LOG_FORMAT=json every line of every process is one object, and each request has exactly one."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.site import ROOT, Site, free_port, wait_until

SEND = "from gatekeeper.health.tasks import heartbeat; heartbeat.delay()"
ASK_FOR_A_TEST = """
from gatekeeper.audit.actor import Actor
from gatekeeper.audit.stream.streams import Wanted, create_stream
from gatekeeper.audit.tasks import link
create_stream(Wanted(name="SIEM", url="http://127.0.0.1:9/"), from_beginning=True, actor=Actor.command("tests"))
link.delay()
"""
FINISHED = ("request_finished", "request_failed")
SECRET_QUERY = "filter=userName+eq+%22private%40example.com%22"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    made = Site(processes=("web",), environment={"LOG_FORMAT": "json"})
    try:
        yield made.start()
    finally:
        made.stop()


def objects(text: str) -> list[dict[str, Any]]:
    """Each line as an object; a line that is none fails by its text."""
    found = []
    for line in text.splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            pytest.fail(f"no JSON: {line!r}")
    return found


def lines_of(site: Site, request_id: str) -> list[dict[str, Any]]:
    """The request's lines, once they are there: a client has its answer before the line is written."""
    text = site.log("web").read_text()
    return [line for line in objects(text) if line.get("request_id") == request_id and line["event"] in FINISHED]


def test_each_request_has_one_line_with_what_it_took_and_who_asked(site: Site):
    made = site.manage("scim_key", "generate", "--rotate")
    key = {"Authorization": f"Bearer {made['api_key']}"}
    with httpx.Client(base_url=site.url, timeout=60) as client:
        answers = {
            "scim": client.get(f"/scim/v2/Users?{SECRET_QUERY}", headers=key),
            "refused": client.get("/scim/v2/Users", headers={"Authorization": "Bearer gk_nothing"}),
            "page": client.get("/sign-in/?next=/private/"),
            "missing": client.get("/no/such/page"),
            "health": client.get("/healthz"),
        }
    lines = {name: lines_of(site, answer.headers["X-Request-ID"]) for name, answer in answers.items()}

    for name, answer in answers.items():
        (line,) = lines[name]
        assert (line["code"], line["bytes"]) == (answer.status_code, len(answer.content)), name
        assert line["duration_ms"] > 0
        assert line["request"] == f"GET {answer.request.url.path}"
        assert {"timestamp", "level", "logger", "ip"} <= set(line)
    assert lines["scim"][0]["credential_id"] == made["key_id"]
    assert "credential_id" not in lines["refused"][0]
    assert "private" not in site.log("web").read_text()


def test_what_is_no_request_at_all_leaves_an_object_too(site: Site):
    with socket.create_connection(("127.0.0.1", site.port)) as connection:
        connection.sendall(b"BROKEN \x1b[2J\r\n\r\n")
        connection.recv(1000)

    wait_until(lambda: "gunicorn.error" in site.log("web").read_text(), what="gunicorn's own line")
    objects(site.log("web").read_text())


def test_each_process_writes_objects_from_its_start_to_its_end(make_site):
    site = make_site(environment={"LOG_FORMAT": "json"})
    site.manage("shell", "--no-imports", "-c", SEND, as_json=False)
    wait_until(lambda: "task_succeeded" in site.log("worker").read_text(), what="a task")
    site.manage("shell", "--no-imports", "-c", ASK_FOR_A_TEST, as_json=False)
    sent = '"child_task_name": "audit.send_stream"'
    wait_until(lambda: sent in site.log("worker").read_text(), what="a task that a task has sent")
    for name in list(site.running):
        site.end_process(name)
    enqueued = [line for line in objects(site.log("worker").read_text()) if line["event"] == "task_enqueued"]
    assert len({line["child_task_id"] for line in enqueued}) == len(enqueued), "a task that is sent has one line"

    for name in ("web", "worker", "beat"):
        lines = objects(site.log(name).read_text())
        assert all({"event", "level", "logger", "timestamp"} <= set(line) for line in lines), name
    assert any("Shutting down" in line["event"] for line in objects(site.log("web").read_text()))


def test_all_of_them_together_under_one_command(tmp_path: Path):
    """A first start: the administrator's password is an object as well."""
    site = Site(processes=(), environment={"LOG_FORMAT": "json", "PORT": str(free_port())})
    site.environment["PUBLIC_URL"] = f"http://127.0.0.1:{site.environment['PORT']}"
    output = tmp_path / "output"
    with output.open("wb") as file:
        started = subprocess.Popen(
            [sys.executable, "manage.py", "start"], cwd=ROOT, env=site.environment, stdout=file, stderr=file
        )
    try:
        wait_until(lambda: "ready." in output.read_text() or started.poll() is not None, what="the worker")
        started.send_signal(signal.SIGINT)
        assert started.wait(40) == 0
    finally:
        started.kill()
        site.stop()

    events = [line["event"] for line in objects(output.read_text())]
    assert "Password" in events[0]
    assert events[-1] == "Gatekeeper has stopped."
