"""Reads are counted for each minute and key, and listed only while an administrator traces them."""

from datetime import timedelta

import httpx
import pytest
from django.utils import timezone

from gatekeeper.audit import request_counts
from gatekeeper.audit.models import AuditEntry, ProvisioningEntry, RequestCount
from gatekeeper.audit.request_counts import reads_since, start_tracing, stop_tracing, write_counts
from tests.builders import ADMIN
from tests.site import wait_until

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_counted_yet():
    request_counts._counted.clear()
    yield
    request_counts._counted.clear()


def counted() -> int:
    return sum(RequestCount.objects.values_list("reads", flat=True))


def test_reads_that_succeed_are_counted_and_not_listed(scim):
    user = scim.user("ada@x.com")
    before = ProvisioningEntry.objects.count()

    scim.get(f"/Users/{user['id']}")
    scim.find("/Users", 'userName eq "ada@x.com"')
    scim.post("/Users/.search", {"count": 1})
    scim.get("/Users/nobody")
    write_counts()

    assert counted() == 3
    assert ProvisioningEntry.objects.count() == before + 1  # the one that was refused


def test_two_processes_add_to_the_same_minute(scim):
    scim.get("/Users")
    write_counts()
    scim.get("/Users")
    write_counts()

    assert counted() == 2
    assert reads_since(timezone.now() - timedelta(hours=1)) == 2


def test_what_could_not_be_written_is_counted_the_next_time(scim, monkeypatch):
    def fails(*_):
        raise request_counts.DatabaseError("the database is away")

    scim.get("/Users")
    with monkeypatch.context() as broken:
        broken.setattr(request_counts, "_add", fails)
        write_counts()
    write_counts()

    assert counted() == 1


def test_while_tracing_reads_are_listed_with_what_was_asked_and_answered(scim):
    user = scim.user("ada@x.com")
    start_tracing(actor=ADMIN)

    scim.find("/Users", 'userName eq "ada@x.com"')

    entry = ProvisioningEntry.objects.order_by("-id")[0]
    assert (entry.method, entry.status, entry.outcome, entry.key_name) == ("GET", 200, "read", "Entra")
    assert "userName" in entry.query
    assert entry.answer["Resources"][0]["id"] == user["id"]


def test_after_stopping_and_after_the_hour_reads_are_counted_only(scim, time_machine):
    start_tracing(actor=ADMIN)
    stop_tracing(actor=ADMIN)
    scim.get("/Users")
    start_tracing(actor=ADMIN)
    time_machine.move_to(timezone.now() + request_counts.TRACE_FOR)
    scim.get("/Users")

    assert not ProvisioningEntry.objects.filter(outcome="read").exists()
    events = list(AuditEntry.objects.order_by("id").values_list("event", flat=True))
    assert [event for event in events if event.startswith("tracing")] == [
        "tracing.started",
        "tracing.stopped",
        "tracing.started",
    ]


def test_the_running_server_writes_its_counts_within_seconds(running_site):
    made = running_site.manage("scim_key", "generate", "--rotate", "--name", "reads")
    headers = {"Authorization": f"Bearer {made['api_key']}"}

    for _ in range(5):
        assert httpx.get(f"{running_site.url}/scim/v2/Users?count=0", headers=headers).status_code == 200

    wait_until(lambda: "gatekeeper_scim_reads_last_hour" in (text := _metrics(running_site)) and _reads(text) >= 5)
    running_site.manage("scim_key", "revoke", "--confirm", "Revoke", "--key-id", made["key_id"])


def _metrics(site) -> str:
    return httpx.get(f"{site.url}/metrics").text


def _reads(text: str) -> float:
    line = next(line for line in text.splitlines() if line.startswith("gatekeeper_scim_reads_last_hour "))
    return float(line.split()[1])
