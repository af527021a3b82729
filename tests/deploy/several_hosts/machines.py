"""The web servers, workers and beats of several hosts over one database and one broker."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from tests.deploy.programs import ROOT
from tests.deploy.proxies import NAME
from tests.deploy.several_hosts.hosts import Host
from tests.site import Site, wait_until

BIN = Path(sys.executable).parent
APP = "tests.deploy.several_hosts.numbered_tasks"
DRAIN = 2  # seconds, as an operator has it who sets nothing
STOPPING = re.compile(r'"stopping"')


class Machines:
    """The processes of all hosts. Where those are separate, each has a folder of its own, and shares SECRET_KEY."""

    def __init__(self, site: Site, hosts: Sequence[Host]) -> None:
        self.site, self.hosts = site, hosts
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.stopped_within: dict[str, list[float]] = {}
        self._folders = {host.number: self._folder(host) for host in hosts}

    def _folder(self, host: Host) -> Path:
        if not host.is_separate:
            return self.site.data_dir
        folder = self.site.data_dir / f"host-{host.number}"
        shutil.copytree(self.site.data_dir, folder, ignore=shutil.ignore_patterns("host-*", "*.log"))
        return folder

    def environment(self, host: Host) -> dict[str, str]:
        """What a process is started with there."""
        found = {**self.site.environment, "HOST": host.address, "PORT": str(host.port)}
        for name in ("DATABASE_URL", "REDIS_URL") if host.is_separate else ():
            found[name] = found[name].replace("127.0.0.1", host.gateway)
        return {**found, "DATA_DIR": str(self._folders[host.number])}

    def start(self, name: str) -> None:
        kind, number = name.split("-")
        app = [str(BIN / "celery"), "--quiet", "--app", APP]
        commands = {
            "web": [str(BIN / "gunicorn"), "gatekeeper.wsgi"],
            "worker": [*app, "worker", "--concurrency", "1", "--without-gossip", "--without-mingle"],
            "beat": [*app, "beat", "--pidfile=", "--schedule", str(self.site.data_dir / f"schedule-{number}")],
        }
        self.processes[name] = self.run(self.hosts[int(number)], name, commands[kind])

    def run(self, host: Host, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        """A process of that host; what it says is in the log of this name."""
        environment = self.environment(host)
        with self.site.log(name).open("ab") as log:
            return subprocess.Popen(
                [*host.inside, *command], cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
            )

    def start_all(self) -> None:
        """Return when each host is ready."""
        for kind in ("web", "worker", "beat"):
            for host in self.hosts:
                self.start(f"{kind}-{host.number}")
        for host in self.hosts:
            wait_until(lambda host=host: self.readiness(host) == 200, what=f"the start of host {host.number}")

    def stop(self, name: str) -> None:
        """As a process manager does: the whole group is asked, and waited for."""
        process = self.processes.pop(name)
        began = time.monotonic()
        os.killpg(process.pid, signal.SIGTERM)
        if name.startswith("web"):
            self.see_it_drain(self.hosts[int(name[-1])])
        status = process.wait(40)
        assert status == 0, (name, status, self.site.log(name).read_text()[-2000:])
        self.stopped_within.setdefault(name, []).append(time.monotonic() - began)

    def see_it_drain(self, host: Host) -> None:
        """Readiness goes off first; the host listens on, and serves."""
        wait_until(lambda: self.readiness(host) == 503, seconds=DRAIN, what="readiness that goes off")
        assert STOPPING.search(self.ask(host, "/readyz").text)
        assert self.ask(host, "/healthz").status_code == 200

    def restart(self, name: str) -> None:
        self.stop(name)
        self.start(name)
        if name.startswith("web"):
            host = self.hosts[int(name[-1])]
            wait_until(lambda: self.readiness(host) == 200, what=f"{name} that is ready again")

    def ask(self, host: Host, path: str) -> httpx.Response:
        """That host alone, past the proxy."""
        return httpx.get(f"http://{host.address}:{host.port}{path}", headers={"Host": NAME}, timeout=10)

    def readiness(self, host: Host) -> int:
        try:
            return self.ask(host, "/readyz").status_code
        except httpx.TransportError:
            return 0

    def kill_all(self) -> None:
        for process in self.processes.values():
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def assert_each_minute_ran_once(notes: Path, begin: datetime) -> int:
    """Of those that came between ``begin`` and now, whatever beats sent them; returns how many."""
    end = datetime.now(UTC).replace(second=0, microsecond=0)
    first = begin.replace(second=0, microsecond=0) + timedelta(minutes=1)
    due = [first + timedelta(minutes=number) for number in range(int((end - first).total_seconds() // 60) + 1)]
    wait_until(lambda: len(set(_minutes(notes, first))) >= len(due), seconds=60, what=f"the runs of {due}")
    assert sorted(_minutes(notes, first))[: len(due)] == due
    return len(due)


def _minutes(notes: Path, first: datetime) -> list[datetime]:
    noted = (datetime.fromisoformat(line) for line in notes.read_text().split())
    return [minute for minute in noted if minute >= first]
