"""A host loses its network in mid-load: the other one goes on, and nobody waits for what the lost one had begun.

Nothing tells a server that its client is cut off: what the host holds in the database, a lock for example, it holds
until the database looks for it. Only separate hosts can be tried.
"""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.chaos.faults import stored
from tests.chaos.outcome import assert_nothing_is_lost, is_alive
from tests.chaos.provisioning import Client
from tests.deploy.several_hosts.balancers import Balancer, CaddyBalancer
from tests.deploy.several_hosts.hosts import Host, can_separate
from tests.deploy.several_hosts.machines import Machines, assert_each_minute_ran_once
from tests.site import Site, wait_until

CLIENTS = 4
CUT_FOR = 75.0  # seconds: at least one minute comes meanwhile, whose runs the other host has to do
FREE_WITHIN = 45.0  # seconds until the database has ended what a host that is gone had begun
REQUESTS = 200  # one that was sent to the lost host each time it was tried would be among them
AT_ONCE = 16  # of them, fewer than the budget for health checks of the host that is left (web_server/budgets.py)
HOLD = """
import time
from django.db import transaction
from gatekeeper.audit.models import AuditHead
with transaction.atomic():
    AuditHead.objects.select_for_update().get()
    print("locked", flush=True)
    time.sleep(600)
"""

pytestmark = pytest.mark.skipif(not can_separate(), reason="Network namespaces are made by root, with PostgreSQL")


def test_a_host_that_is_cut_off_stops_nobody_else(machines, monkeypatch: pytest.MonkeyPatch):
    both, proxy = machines
    site, lost = both.site, both.hosts[1]
    monkeypatch.setenv("SSL_CERT_FILE", str(proxy.folder / "certificate.pem"))
    key = site.manage("scim_key", "generate")["api_key"]
    site.url, begun = proxy.url, datetime.now(UTC)
    with writing(proxy, key) as clients:
        hold_a_lock(both, lost)
        lost.unplug()
        cut = time.monotonic()
        goes_on(clients, 60)
        assert both.readiness(lost) == 0
        wait_until(
            lambda: sessions_of(site, lost) == 0, seconds=FREE_WITHIN, what="the end of the lost host's sessions"
        )
        freed = time.monotonic() - cut
        wait_until(lambda: own_readiness(both, lost) == "503", what="the lost host's own word that it cannot serve")
        goes_on(clients, 20)
        time.sleep(max(0.0, cut + CUT_FOR - time.monotonic()))
        lost.plug()
        wait_until(lambda: both.readiness(lost) == 200, what="the host that is back")
        goes_on(clients, 60)
    wait_until(lambda: is_alive(site), what="workers and beats as before")
    minutes = assert_each_minute_ran_once(Path(site.environment["MINUTES"]), begun)
    changes = assert_nothing_is_lost(site, key, clients)
    repeated = sum(client.expected.repeated for client in clients)
    print(f"{changes.total()} changes, {repeated} repetitions, {minutes} minutes, freed after {freed:.0f} s")  # noqa: T201


@pytest.mark.parametrize("machines", [CaddyBalancer], indirect=True)
def test_caddy_goes_on_with_the_other_host(machines, monkeypatch: pytest.MonkeyPatch):
    """As nginx above."""
    both, proxy = machines
    site, lost = both.site, both.hosts[1]
    monkeypatch.setenv("SSL_CERT_FILE", str(proxy.folder / "certificate.pem"))
    key = site.manage("scim_key", "generate")["api_key"]
    site.url = proxy.url
    with writing(proxy, key) as clients:
        lost.unplug()
        goes_on(clients, 60)
        assert both.readiness(lost) == 0
    assert Counter(statuses_at_once(proxy)) == {200: REQUESTS}
    assert_nothing_is_lost(site, key, clients)


@contextmanager
def writing(proxy: Balancer, key: str) -> Iterator[Sequence[Client]]:
    """Clients that write through the proxy."""
    clients = [Client(number, proxy.url, key, number) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        goes_on(clients, 40)
        yield clients
    finally:
        for client in clients:
            client.end()


def statuses_at_once(proxy: Balancer) -> list[int]:
    """What as many clients are answered who ask at the same time, again and again."""
    with proxy.client() as client, ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(lambda _: client.get("/healthz").status_code, range(REQUESTS)))


def goes_on(clients: Sequence[Client], changes: int) -> None:
    """So many more changes are acknowledged."""
    before = acknowledged(clients)
    wait_until(lambda: acknowledged(clients) > before + changes, what=f"{changes} more changes")


def acknowledged(clients: Sequence[Client]) -> int:
    return sum(client.expected.changes.total() for client in clients)


def hold_a_lock(both: Machines, host: Host) -> None:
    """A process of that host has the row that all linking of the audit trail waits for."""
    both.processes["holder"] = both.run(host, "holder", [sys.executable, "manage.py", "shell", "--command", HOLD])
    wait_until(lambda: "locked" in both.site.log("holder").read_text(), what="the lock")


def own_readiness(both: Machines, host: Host) -> str:
    """The status by which the host itself, asked on it, says whether it can serve."""
    code = f"import httpx; print(httpx.get('http://{host.address}:{host.port}/readyz', timeout=20).status_code)"
    command = [*host.inside, sys.executable, "-c", code]
    done = subprocess.run(command, env=both.environment(host), capture_output=True, text=True, check=False)
    return done.stdout.strip()


def sessions_of(site: Site, host: Host) -> int:
    """How many sessions the database has with that host."""
    [[number]] = stored(site, f"SELECT count(*) FROM pg_stat_activity WHERE client_addr = '{host.address}'")
    return int(str(number))
