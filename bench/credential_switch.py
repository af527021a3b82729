"""From an API key to a client secret to workload identity federation, while provisioning goes on.

``python -m bench.credential_switch [--seconds N]`` starts a site with two web workers, on the database of DATABASE_URL
or SQLite, and prints a row for each phase. A former credential is revoked while the next one is in use. Access tokens
are exchanged every second instead of every hour. ``tests/scim/oauth/test_running_site.py`` plays a short one.
"""

import argparse
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from entra_client.directory.company import make_company
from entra_client.protocol.credentials import (
    AccessTokens,
    ApiKey,
    Credential,
    client_assertion,
    client_secret,
    usual_token_url,
)
from entra_client.protocol.workload_identity import WorkloadIdentity
from tests.site import Site, free_port

CLIENTS = 4
TOKENS_LIVE_FOR = 1.0  # seconds


@dataclass
class Phase:
    """``statuses``: how often each was answered. ``seconds``: of each request."""

    name: str
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    @property
    def requests(self) -> int:
        return self.statuses.total()


class Load:
    """Provisioning clients that go on until they are stopped; ``use`` gives all of them another credential."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._stopped = threading.Event()
        self._make: Callable[[], Credential] | None = None
        self._phase = Phase("")
        self._using: dict[int, Phase] = {}
        self._lock = threading.Lock()
        self.failures: list[str] = []

    def use(self, name: str, make: Callable[[], Credential]) -> Phase:
        """Returns when no request with the former credential is on its way any more."""
        with self._lock:
            self._phase, self._make = phase, _ = Phase(name), make
        while any(each is not phase for each in self._using.values()):
            time.sleep(0.01)
        return phase

    @contextmanager
    def running(self) -> Iterator[None]:
        """Raises nothing of the clients; what went wrong there stands in ``failures``."""
        threads = [threading.Thread(target=self._provision, args=(number,)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            for thread in threads:
                thread.join()

    def _provision(self, number: int) -> None:
        try:
            with httpx.Client(timeout=30, trust_env=False) as http:
                self._until_stopped(number, http)
        except Exception as problem:  # noqa: BLE001 - shown by whoever started the clients
            self.failures.append(f"{type(problem).__name__}: {problem}")

    def _until_stopped(self, number: int, http: httpx.Client) -> None:
        turn, phase, credential, made_at = 0, None, None, 0.0
        while not self._stopped.is_set():
            with self._lock:
                current, make = self._phase, self._make
            if make is None:
                continue
            if current is not phase or credential is None:
                phase, credential, made_at = current, make(), time.monotonic()
                self._using[number] = phase
            if isinstance(credential, AccessTokens) and time.monotonic() - made_at > TOKENS_LIVE_FOR:
                credential.renew()
                made_at = time.monotonic()
            self._turn(http, phase, credential.bearer(), f"{number}-{turn}")
            turn += 1

    def _turn(self, http: httpx.Client, phase: Phase, bearer: str, name: str) -> None:
        """One person from creation to deletion."""
        headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/scim+json"}
        users = f"{self._base_url}/Users"

        def ask(method: str, url: str, **options: object) -> httpx.Response:
            begun = time.perf_counter()
            answer = http.request(method, url, headers=headers, **options)  # type: ignore[arg-type]
            phase.seconds.append(time.perf_counter() - begun)
            phase.statuses[answer.status_code] += 1
            return answer

        made = ask("POST", users, json={"userName": f"{phase.name}-{name}@switch.example".replace(" ", "-")})
        if made.status_code != httpx.codes.CREATED:
            return
        one = f"{users}/{made.json()['id']}"
        change = {"Operations": [{"op": "replace", "path": "title", "value": "Engineer"}]}
        ask("PATCH", one, json=change)
        ask("GET", one)
        ask("DELETE", one)


def play(site: Site, seconds: float) -> list[Phase]:
    """The three phases, each for that long; a former credential is revoked in the middle of the next one."""
    key = site.manage("scim_key", "generate", "--rotate", "--name", "before the switch")
    by_secret = site.manage("scim_client", "create", "Client with a secret", "--secret")
    tenant = make_company(people=1, groups=0, seed=93).tenant_id
    identity = WorkloadIdentity(tenant, site.data_dir / "credential_switch", free_port())
    federated = site.manage("scim_client", "create", "Federated", *identity.arguments().split())
    base, token_url = f"{site.url}/scim/v2", usual_token_url(site.url)
    load = Load(base)
    phases = []
    with identity.published(), load.running():
        for name, make, former in (
            ("API key", lambda: ApiKey(key["api_key"]), ()),
            (
                "client secret",
                lambda: client_secret(token_url, by_secret["client_id"], by_secret["client_secret"]),
                ("scim_key", "revoke", "--key-id", key["key_id"]),
            ),
            (
                "federation",
                lambda: client_assertion(token_url, federated["client_id"], identity.assertion),
                ("scim_client", "revoke", by_secret["client_id"]),
            ),
        ):
            phases.append(load.use(name, make))
            time.sleep(seconds / 2)
            if former:
                site.manage(*former, "--confirm", "Revoke")
            time.sleep(seconds / 2)
    assert not load.failures, load.failures
    return phases


def main() -> None:
    """Start a site, play, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long each phase lasts")
    options = parser.parse_args()
    site = Site(processes=("web",), environment={"WEB_WORKERS": "2"})
    try:
        site.start()
        phases = play(site, options.seconds)
    finally:
        site.stop()
    print("| credential | requests | requests/s | 401 | other than 2xx | p50 ms | p95 ms |\n| --- |" + " --- |" * 6)
    for phase in phases:
        print(_row(phase, options.seconds))


def _row(phase: Phase, seconds: float) -> str:
    times = sorted(1000 * each for each in phase.seconds)
    other = sum(count for status, count in phase.statuses.items() if not 200 <= status < 300)
    cells = (
        phase.name,
        phase.requests,
        round(phase.requests / seconds),
        phase.statuses[401],
        other,
        round(statistics.median(times), 1),
        round(times[int(len(times) * 0.95)], 1),
    )
    return "| " + " | ".join(map(str, cells)) + " |"


if __name__ == "__main__":
    main()
