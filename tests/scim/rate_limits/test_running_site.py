"""The limits of the running site, whose web server has two workers: five times the limit, and Entra's own cycles."""

import io
import threading
import time
from collections import Counter
from typing import Any

import httpx
import pytest

from entra_client.run.simulation import Size, simulate
from tests.site import Site, wait_until

LOWEST, BURST = 25, 125
CONNECTIONS, SECONDS = 5, 6.0


@pytest.fixture
def make_key(running_site: Site):
    made = []

    def make(*settings: str) -> dict[str, Any]:
        key: dict[str, Any] = running_site.manage("scim_key", "generate", "--rotate", "--name", "limits")
        made.append(key["key_id"])
        if settings:
            running_site.manage("scim_key", "set", key["key_id"], *settings)
        return key

    yield make
    for key_id in made:
        running_site.manage("scim_key", "revoke", "--confirm", "Revoke", "--key-id", key_id)


class Sender(threading.Thread):
    """One connection that sends so many requests a second and notes each answer."""

    def __init__(self, site: Site, key: dict[str, Any], rate: float, seconds: float) -> None:
        super().__init__()
        headers = {"Authorization": f"Bearer {key['api_key']}"}
        self.http = httpx.Client(base_url=f"{site.url}/scim/v2", headers=headers, timeout=30)
        self.rate, self.seconds = rate, seconds
        self.statuses: Counter[int] = Counter()
        self.retry_after: set[str] = set()

    def run(self) -> None:
        begun = time.monotonic()
        for number in range(int(self.rate * self.seconds)):
            time.sleep(max(0.0, begun + number / self.rate - time.monotonic()))
            if time.monotonic() > begun + self.seconds:
                break
            answer = self.http.get("/Users?count=0")
            self.statuses[answer.status_code] += 1
            if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
                self.retry_after.add(answer.headers["Retry-After"])


def test_five_times_the_limit_is_served_at_the_limit_and_another_credential_is_not_touched(
    running_site: Site, make_key: Any
):
    key, other = make_key("--requests-per-second", str(LOWEST)), make_key()
    senders = [Sender(running_site, key, LOWEST, SECONDS) for _ in range(CONNECTIONS)]
    beside = Sender(running_site, other, 10, SECONDS)
    begun = time.monotonic()
    for each in [*senders, beside]:
        each.start()
    for each in [*senders, beside]:
        each.join()
    took = time.monotonic() - begun

    statuses = sum((each.statuses for each in senders), Counter[int]())
    sent = statuses.total()
    assert set(statuses) <= {200, 429}
    assert statuses[200] <= BURST + LOWEST * took + 1
    assert statuses[200] >= min(sent, 0.85 * (BURST + LOWEST * SECONDS))
    assert statuses[429] > 0
    assert set().union(*(each.retry_after for each in senders)) == {"1"}
    assert set(beside.statuses) == {200}

    time.sleep(1)  # as Retry-After says
    assert senders[0].http.get("/Users?count=0").status_code == 200
    name = f'gatekeeper_scim_requests_last_hour{{credential="{key["key_id"]}",result="throttled"}}'
    wait_until(lambda: f"{name} {float(statuses[429])}" in httpx.get(f"{running_site.url}/metrics").text, seconds=20)


def test_entra_at_the_lowest_limit_waits_as_it_is_told_and_nothing_fails(running_site: Site, make_key: Any):
    key = make_key("--requests-per-second", str(LOWEST))
    report = simulate(
        f"{running_site.url}/scim/v2", key["api_key"], Size(users=8, groups=2, cycles=1, seed=1501), io.StringIO()
    )

    assert [step.first_failure for step in report.steps if step.failed] == []


def test_entra_at_the_default_limit_is_never_throttled(running_site: Site, make_key: Any):
    key = make_key()
    report = simulate(
        f"{running_site.url}/scim/v2", key["api_key"], Size(users=8, groups=2, cycles=1, seed=1502), io.StringIO()
    )
    assert report.failed == 0

    name = f'gatekeeper_scim_requests_last_hour{{credential="{key["key_id"]}",result='
    lines = wait_until(lambda: _lines(running_site, name), seconds=20, what="the counts")
    assert f'{name}"throttled"}} 0.0' in lines


def _lines(site: Site, start: str) -> list[str]:
    return [line for line in httpx.get(f"{site.url}/metrics").text.splitlines() if line.startswith(start)]
