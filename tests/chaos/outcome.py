"""What has to hold after any fault: the directory, the log and the audit trail say what the clients know."""

import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import httpx

from tests.chaos.faults import stored
from tests.chaos.provisioning import Client, Person
from tests.site import Site, wait_until


def assert_nothing_is_lost(site: Site, key: str, clients: Sequence[Client]) -> Counter[tuple[str, str]]:
    """Compare everything with the clients' lists, after they have ended; returns what they changed."""
    errors = [client.error for client in clients if client.error]
    assert not errors, errors
    for client in clients:
        assert people_of(client, site.url, key) == client.expected.people
    changes = sum((client.expected.changes for client in clients), Counter[tuple[str, str]]())
    assert logged_changes(site) == changes
    assert {number for client in clients for number in entries_of(site, client.expected.at_once)} == {1}
    assert site.manage("audit", "verify")["problems"] == []
    site.manage("sync_saml_users")
    wait_until(lambda: waiting_events(site) == 0, what="the delivery of all events")
    return changes


def people_of(client: Client, url: str, key: str) -> dict[str, Person]:
    """The directory's people of one client, with their memberships, as SCIM tells them."""
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=f"{url}/scim/v2", headers=headers, timeout=60) as scim:
        group = scim.get(f"/Groups/{client.group_id}").raise_for_status().json()
        members = {member["value"] for member in group.get("members", [])}
        found = list(_each_listed(scim, f'userName sw "person-{client.number}-"'))
    return {
        user["userName"]: Person(user["id"], user["active"], user.get("title", ""), user["id"] in members)
        for user in found
    }


def _each_listed(scim: httpx.Client, condition: str) -> Iterator[dict[str, Any]]:
    """Page by page: a client that writes for minutes has more people than one answer holds."""
    start, total = 1, 1
    while start <= total:
        query = {"filter": condition, "startIndex": str(start)}
        page = scim.get("/Users", params=query).raise_for_status().json()
        assert page["Resources"] or not page["totalResults"], f"The page from {start} on is empty."
        yield from page["Resources"]
        start, total = start + len(page["Resources"]), page["totalResults"]


def logged_changes(site: Site) -> Counter[tuple[str, str]]:
    """How often what is at a path was changed, by the provisioning log."""
    statement = "SELECT method, path, count(*) FROM audit_provisioningentry WHERE outcome = 'changed' GROUP BY 1, 2"
    return Counter({(method, path): number for method, path, number in stored(site, statement)})


def entries_of(site: Site, request_ids: list[str]) -> list[int]:
    """How many entries the provisioning log has of each of these requests."""
    rows = stored(site, "SELECT request_id, count(*) FROM audit_provisioningentry GROUP BY request_id")
    numbers = {uuid.UUID(str(request_id)): int(str(number)) for request_id, number in rows}
    return [numbers.get(uuid.UUID(request_id), 0) for request_id in request_ids]


def waiting_events(site: Site) -> int:
    """Events that were written and are not delivered yet."""
    [[not_queued]] = stored(site, "SELECT count(*) FROM events_outboxevent WHERE NOT is_queued")
    [[not_delivered]] = stored(site, "SELECT count(*) FROM events_delivery")
    return int(str(not_queued)) + int(str(not_delivered))


def is_alive(site: Site) -> bool:
    """Whether worker and beat work, by the clock as it is; each process says by itself each minute that it lives."""
    checks = httpx.get(f"{site.url}/readyz", timeout=30).json()["checks"]
    return "failed" not in {each["status"] for each in checks if each["name"] in ("worker", "beat")}
