"""SECRET_KEY is changed while people and the directory use the site: no request fails, and nobody is signed out."""

import json
import re
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.saml.forge import metadata
from tests.site import ROOT, Site, free_port, wait_until

OLD, NEW = "the former secret key of this site and long enough", "the new secret key of this site and long enough"
EMAIL, PASSWORD = "rotates@example.com", "correct horse battery staple"


class WebServer:
    """One of several web servers of a site, with keys of its own."""

    def __init__(self, site: Site, **keys: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        environment = {**site.environment, "PORT": str(self.port), "SECRET_KEY_FALLBACKS": "", **keys}
        with site.log("web").open("ab") as log:
            self.process = subprocess.Popen(
                [ROOT / ".venv/bin/gunicorn", "gatekeeper.wsgi"], cwd=ROOT, env=environment, stdout=log, stderr=log
            )
        wait_until(self._answers, what="a web server's start")

    def stop(self) -> None:
        """As a process manager does it: what is in flight is answered."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz", timeout=2).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False


class Load:
    """An administrator's browser and the directory, who take turns at the servers that are there."""

    def __init__(self, key: str) -> None:
        self.servers: list[WebServer] = []
        self.statuses: Counter[tuple[str, int]] = Counter()
        self.browser = httpx.Client(timeout=30)
        self.scim = httpx.Client(timeout=30, headers={"Authorization": f"Bearer {key}"})
        self._turn = 0
        self._stop = threading.Event()
        self._lock = threading.Lock()

    def sign_in(self) -> None:
        url = self.servers[0].url
        page = self.browser.get(f"{url}/sign-in/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token
        form = {"csrfmiddlewaretoken": token[1], "email": EMAIL, "password": PASSWORD}
        assert self.browser.post(f"{url}/sign-in/", data=form).status_code == 302

    @contextmanager
    def running(self) -> Iterator[None]:
        threads = [threading.Thread(target=self._run, args=(ask,)) for ask in (self._read_page, self._provision)]
        for thread in threads:
            thread.start()
        yield
        self._stop.set()
        for thread in threads:
            thread.join()

    def use(self, *servers: WebServer) -> None:
        """Send requests to these from now on; those in flight elsewhere are over when this returns."""
        with self._lock:
            self.servers = list(servers)
        before = self.statuses.total()
        wait_until(lambda: self.statuses.total() > before + 8, what="some requests")

    def _run(self, ask: Any) -> None:
        while not self._stop.is_set():
            with self._lock:
                self._turn += 1
                server = self.servers[self._turn // 2 % len(self.servers)]
            ask(server.url)
            time.sleep(0.02)

    def _read_page(self, url: str) -> None:
        self.statuses["page", self.browser.get(f"{url}/profile/").status_code] += 1

    def _provision(self, url: str) -> None:
        name = f"person{self._turn}@example.com"
        body = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name, "active": True}
        self.statuses["scim", self.scim.post(f"{url}/scim/v2/Users", json=body).status_code] += 1


@pytest.fixture
def site(make_site, tmp_path) -> Site:
    site = make_site(processes=(), environment={"SECRET_KEY": OLD}, fresh=True)
    site.manage("create_admin", EMAIL, "--password-stdin", input=PASSWORD)
    (tmp_path / "metadata.xml").write_bytes(metadata())
    site.manage("saml_connection", "create", "Entra", "--metadata-file", str(tmp_path / "metadata.xml"))
    return site


def test_a_key_is_changed_under_load_and_no_request_fails(site, tmp_path):
    load = Load(site.manage("scim_key", "generate")["api_key"])
    load.servers = [WebServer(site, SECRET_KEY=OLD)]
    load.sign_in()
    with load.running():
        for keys in (
            {"SECRET_KEY": OLD, "SECRET_KEY_FALLBACKS": NEW},  # first everybody gets to know the new key,
            {"SECRET_KEY": NEW, "SECRET_KEY_FALLBACKS": OLD},  # then it signs,
            {"SECRET_KEY": NEW},  # and when everything was moved, the former one goes.
        ):
            if "SECRET_KEY_FALLBACKS" not in keys:
                resealed = site.manage("reseal")
                assert resealed["remaining"] == {}
                assert {"key pairs", "sessions", "audit trail"} <= resealed["resealed"].keys()
            (former,) = load.servers
            server = WebServer(site, **keys)
            load.use(former, server)
            load.use(server)
            former.stop()
            site.environment.update({"SECRET_KEY_FALLBACKS": "", **keys})
    load.servers[0].stop()

    assert load.statuses.keys() == {("page", 200), ("scim", 201)}, load.statuses
    verdict = site.manage("audit", "verify")
    assert (verdict["intact"], verdict["waiting"]) == (True, 0)
    doctor = site.manage("doctor", "--json", as_json=False, status=1)  # there is no worker and no beat
    checks = {check["name"]: check["status"] for check in json.loads(doctor.stdout)["checks"]}
    assert (checks["audit_trail"], checks["former_keys"], checks["saml_own_certificates"]) == ("ok", "ok", "ok")
