"""Two hosts behind nginx, then Caddy, each with web server, worker, beat: restarted in turn, and nothing fails."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.programs import ROOT
from tests.deploy.several_hosts.balancers import Balancer, CaddyBalancer, NginxBalancer
from tests.deploy.several_hosts.machines import APP, assert_each_minute_ran_once
from tests.deploy.test_restart import Clients
from tests.once import ON_SERVERS
from tests.site import Site, wait_until

pytestmark = ON_SERVERS

# Seconds. A worker finishes the task that it is at, and Celery takes its time.
MOST_TO_STOP = {"web": 5.0, "worker": 20.0, "beat": 20.0}
TASKS = 40
EVERY_PROCESS = ("web-0", "worker-0", "beat-0", "web-1", "worker-1", "beat-1", "web-0", "web-1")
RESTARTED = [
    pytest.param(NginxBalancer, EVERY_PROCESS, id="nginx"),
    # What is behind no proxy is not restarted a second time.
    pytest.param(CaddyBalancer, ("web-0", "web-1", "web-0", "web-1"), id="Caddy"),
]


@contextmanager
def simulated_entra(site: Site, proxy: Balancer, key: str) -> Iterator[dict[str, Any]]:
    """``simulate_entra`` beside what happens meanwhile; its report is there afterwards."""
    report: dict[str, Any] = {}

    def run() -> None:
        base = f"{proxy.clear_url}/scim/v2"
        options = ("--users", "60", "--groups", "5", "--cycles", "3")
        command = [sys.executable, "manage.py", "simulate_entra", "--base-url", base, "--json"]
        done = subprocess.run(
            [*command, "--api-key", key, *options],
            cwd=ROOT,
            env=site.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        report.update(json.loads(done.stdout) if done.stdout else {"failed": done.stderr})

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield report
    finally:
        thread.join()


@pytest.mark.parametrize(("machines", "names"), RESTARTED, indirect=["machines"])
def test_each_process_of_two_machines_is_restarted_and_nothing_fails(
    machines, names: Sequence[str], monkeypatch: pytest.MonkeyPatch
):
    both, proxy = machines
    site = both.site
    monkeypatch.setenv("SSL_CERT_FILE", str(proxy.folder / "certificate.pem"))
    key = site.manage("scim_key", "generate")["api_key"]
    numbers, begun = Path(site.environment["NUMBERS"]), datetime.now(UTC)
    with simulated_entra(site, proxy, key) as report, Clients(proxy.url, key) as clients:
        send_numbers(site)
        for name in names:
            both.restart(name)
    wait_until(lambda: len(numbers.read_text().split()) >= TASKS, what="all tasks")

    minutes = assert_each_minute_ran_once(Path(site.environment["MINUTES"]), begun)
    counts = {
        "minutes": minutes,
        "entra": report.get("requests"),
        "readers": dict(clients.results),
        "proxy": proxy.statuses(),
    }
    print(counts, both.stopped_within)  # noqa: T201  # what a report of it says
    assert (report["failed"], set(clients.results)) == (0, {"200"}), (report, clients.results)
    assert not {status for status in proxy.statuses() if status >= 500}, proxy.statuses()
    assert sorted(map(int, numbers.read_text().split())) == list(range(TASKS))
    for name, seconds in both.stopped_within.items():
        # Once more than that, on a machine that is busy with other things.
        assert min(seconds) <= MOST_TO_STOP[name[:-2]], both.stopped_within


def send_numbers(site: Site) -> None:
    """Put tasks into the queue, which the workers are at while they are restarted."""
    code = f"from {APP} import note; [note.delay(number) for number in range({TASKS})]"
    site.manage("shell", "--command", code, as_json=False)
