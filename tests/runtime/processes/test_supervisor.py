"""What ends by itself is started again, each time later; the rest goes on, and a stop stops everything."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from django.core.management import CommandError, call_command

from gatekeeper.runtime.processes import supervisor
from tests.site import ROOT, Site, free_port, wait_until

Start = Callable[[dict[str, str]], "Running"]


class Running:
    """A supervisor in a process of its own; what it and its processes say is in a file."""

    def __init__(self, folder: Path, commands: dict[str, str]) -> None:
        self.log = folder / "said.txt"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, supervisor.__file__, json.dumps(commands)],
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        return self.log.read_text()

    def waits_for(self, words: str) -> None:
        wait_until(lambda: re.search(words, self.said), seconds=60, what=words)

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=40)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Running] = []

    def run(commands: dict[str, str]) -> Running:
        started.append(Running(tmp_path, commands))
        return started[-1]

    yield run
    for each in started:
        if each.process.poll() is None:
            each.stop()


def test_what_ends_is_started_again_after_longer_and_longer_pauses_and_the_rest_goes_on(start: Start) -> None:
    running = start({"web": "exec sleep 300", "worker": "exec sh -c 'echo no broker; exit 3'"})

    running.waits_for(r"started again in 4 s")

    said = running.said
    assert re.findall(r"worker ended by itself \(rc=3\).*started again in (\d+) s", said) == ["1", "2", "4"]
    assert said.count("worker started") == 3
    assert said.count("no broker") == 3
    assert said.count("web started") == 1
    assert "web ended" not in said
    assert running.stop() == 0
    assert "web stopped" in running.said
    assert running.said.rstrip().endswith("Gatekeeper has stopped.")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_ends_what_runs_and_starts_nothing_again(start: Start, number: signal.Signals) -> None:
    running = start({"web": "exec sleep 300", "worker": "exec sleep 300"})
    running.waits_for("worker started")
    running.waits_for("web started")

    assert running.stop(number) == 0

    assert "started again" not in running.said
    assert running.said.count("started (pid=") == 2


def test_a_stop_does_not_wait_for_the_next_start(start: Start) -> None:
    running = start({"worker": "exec false"})
    running.waits_for("started again in 8 s")

    assert running.stop() == 0
    assert running.said.rstrip().endswith("Gatekeeper has stopped.")


def test_what_does_not_end_is_killed(tmp_path: Path) -> None:
    source = Path(supervisor.__file__).read_text().replace("SECONDS_TO_STOP = 20", "SECONDS_TO_STOP = 1")
    (tmp_path / "supervisor.py").write_text(source)
    command = "trap '' TERM INT; while true; do sleep 0.2; done"
    log = tmp_path / "said.txt"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, str(tmp_path / "supervisor.py"), json.dumps({"deaf": command})], stdout=out, stderr=out
        )
    wait_until(lambda: "deaf started" in log.read_text(), seconds=60)

    process.send_signal(signal.SIGTERM)

    assert process.wait(timeout=30) == 0
    assert "deaf stopped (rc=-9)" in log.read_text()


def test_the_site_comes_back_after_each_of_its_processes_was_killed(make_site: Callable[..., Site]) -> None:
    site = make_site(processes=())
    site.manage("start", "--prepare-only", as_json=False)
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    log = site.data_dir / "start.log"
    with log.open("wb") as out:
        started = subprocess.Popen(
            [sys.executable, "manage.py", "start"],
            cwd=ROOT,
            env={**site.environment, "PORT": str(port), "PUBLIC_URL": address},
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        wait_until(lambda: is_served(address), what="the start")
        names = re.findall(r"(\w+) started \(pid=\d+\)", log.read_text())
        for name in names:
            (pid,) = re.findall(rf"{name} started \(pid=(\d+)\)", log.read_text())
            os.kill(int(pid), signal.SIGKILL)
            wait_until(lambda name=name: log.read_text().count(f"{name} started (pid=") == 2, what=f"{name}'s return")
        wait_until(lambda: is_served(address), what="the site's return")
        started.send_signal(signal.SIGINT)
        assert started.wait(timeout=60) == 0
    finally:
        started.kill()


def is_served(address: str) -> bool:
    try:
        return httpx.get(f"{address}/healthz", timeout=5).is_success
    except httpx.TransportError:
        return False


def test_a_taken_port_is_said_before_anything_else_is_done(settings, tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        settings.HOST, settings.PORT = listener.getsockname()
        settings.STATIC_ROOT = tmp_path / "static"

        with pytest.raises(CommandError, match=r"is taken; choose another one, as in: PORT=8500 make run"):
            call_command("start")

    assert not (tmp_path / "static").exists()
