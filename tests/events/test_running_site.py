"""From a request to the worker's log line, through real processes and the real broker."""

import json
import time
from collections.abc import Callable

import httpx

from tests.site import Site, free_port, wait_until

TOP = "from tests.builders import make_group, map_group; map_group(make_group('GK Top'), 'global_administrator')"
WRITTEN = (
    "from gatekeeper.events.models import OutboxEvent; import json; "
    "print(json.dumps(list(OutboxEvent.objects.order_by('pk').values_list('code', flat=True))))"
)


def shell(site: Site, code: str) -> str:
    return site.manage("shell", "--no-imports", "-c", code, as_json=False).stdout.strip()


def client(site: Site) -> httpx.Client:
    key = site.manage("scim_key", "generate")["api_key"]
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/scim+json"}
    return httpx.Client(base_url=f"{site.url}/scim/v2", headers=headers, timeout=30)


def make_a_global_administrator(site: Site) -> float:
    """Over SCIM; returns how many seconds the request took that writes the events."""
    shell(site, TOP)
    with client(site) as scim:
        user = scim.post("/Users", json={"userName": "ada@example.com"}).json()["id"]
        group = scim.get("/Groups", params={"filter": 'displayName eq "GK Top"'}).json()["Resources"][0]["id"]
        change = {"Operations": [{"op": "add", "path": "members", "value": [{"value": user}]}]}
        started = time.monotonic()
        assert scim.patch(f"/Groups/{group}", json=change).status_code == 204
        return time.monotonic() - started


def test_the_worker_writes_the_line_of_a_request_within_seconds_and_without_the_scheduler(
    make_site: Callable[..., Site],
) -> None:
    site = make_site(processes=("web", "worker"))

    make_a_global_administrator(site)

    # No beat runs here: only the web process can have asked for the delivery.
    wait_until(lambda: "privilege.gained" in site.log("worker").read_text(), seconds=60, what="the log line")
    (line,) = [each for each in site.log("worker").read_text().splitlines() if "privilege.gained" in each]
    assert "held=False" in line
    assert "actor='scim_key" in line
    assert "ada@example.com" not in line
    wait_until(lambda: site.manage("events", "list")["subscribers"][0]["undelivered"] == 0, what="the end of delivery")
    assert json.loads(shell(site, WRITTEN)) == [
        "access.changed",  # the mapping
        "user.provisioned",
        "privilege.gained",
        "access.changed",
    ]


def test_without_a_broker_requests_are_answered_as_quickly_and_their_events_wait(
    make_site: Callable[..., Site],
) -> None:
    site = make_site(processes=("web",), environment={"REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"})

    assert make_a_global_administrator(site) < 5  # seconds; waiting for a broker would take longer
    wait_until(lambda: "event_delivery_not_prompted" in site.log("web").read_text(), what="the warning")
    (waiting,) = site.manage("events", "list")["subscribers"]
    assert (waiting["subscriber"], waiting["undelivered"]) == ("log_line", 1)


def test_a_delivery_that_is_asked_for_in_some_seconds_is_run_then(running_site: Site) -> None:
    """The first retry is asked for so, on either broker."""
    ask = "from gatekeeper.events.tasks import deliver; print(deliver.apply_async(countdown=2, expires=300).id)"
    task = shell(running_site, ask)

    def is_done() -> bool:
        lines = running_site.log("worker").read_text().splitlines()
        return any(task in line and "task_succeeded" in line for line in lines)

    wait_until(is_done, seconds=60, what="the task")
