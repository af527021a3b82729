"""A socket outlives the web server, as in the units: while that is restarted, connections wait and none is refused."""

import os
import socket
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Self

import httpx

from tests.site import ROOT, Site, wait_until

GUNICORN = Path(sys.executable).parent / "gunicorn"
RESTARTS = 2
CLIENTS = 4
FIRST_FILE = 3  # SD_LISTEN_FDS_START


class Clients:
    """Asks all the time, each request over a connection of its own, as a proxy without kept connections does."""

    def __init__(self, url: str, key: str) -> None:
        self.url, self.headers = url, {"Authorization": f"Bearer {key}", "Connection": "close"}
        self.results: Counter[str] = Counter()
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(CLIENTS)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        while not self._is_over.is_set():
            try:
                answer = httpx.get(f"{self.url}/scim/v2/Users?count=1", headers=self.headers, timeout=120)
                self.results[str(answer.status_code)] += 1
            except httpx.TransportError as error:
                self.results[repr(error)] += 1


def test_no_request_fails_while_the_web_server_is_restarted(make_site):
    site = make_site(processes=())
    key = site.manage("scim_key", "generate")["api_key"]
    with socket.create_server(("127.0.0.1", site.port), backlog=512) as listener:
        web = started(site, listener)
        with Clients(site.url, key) as clients:
            for _ in range(RESTARTS):
                before = clients.results["200"]
                wait_until(lambda before=before: clients.results["200"] > before + 20, what="twenty more answers")
                web.terminate()
                assert web.wait(40) == 0
                web = started(site, listener)
            before = clients.results["200"]
            wait_until(lambda: clients.results["200"] > before + 20, what="twenty more answers")
        web.terminate()
        assert web.wait(40) == 0

    assert set(clients.results) == {"200"}, clients.results


def started(site: Site, listener: socket.socket) -> subprocess.Popen[bytes]:
    """gunicorn with the socket as systemd hands it over (sd_listen_fds(3)): as the file with the number 3."""
    with site.log("web").open("ab") as log:
        return subprocess.Popen(
            ["/bin/sh", "-c", f"LISTEN_PID=$$ LISTEN_FDS=1 exec {GUNICORN} gatekeeper.wsgi"],
            cwd=ROOT,
            env=site.environment,
            stdout=log,
            stderr=log,
            pass_fds=[FIRST_FILE],
            preexec_fn=lambda: os.dup2(listener.fileno(), FIRST_FILE),  # noqa: PLW1509  # this thread alone starts it
        )
