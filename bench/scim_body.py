"""Processor time of each pass over a SCIM request's body: parsing, reading as an edit, the log's copy of it.

    .venv/bin/python -m bench.scim_body

Without database and HTTP. The best of some rounds, in milliseconds.
"""

import json
import os
import time
from collections.abc import Callable
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gatekeeper.settings")
django.setup()

from django.http import HttpRequest  # noqa: E402

from bench.scim_values import emails, ids  # noqa: E402
from gatekeeper.audit.log import provisioning_entry  # noqa: E402
from gatekeeper.audit.models import Outcome  # noqa: E402
from scim.bulk.operations import read_bulk_request  # noqa: E402
from scim.http.request_context import ScimRequestContext, ScimResponse  # noqa: E402
from scim.patch.parser import read_patch  # noqa: E402
from scim.protocol.json_text import parse_json  # noqa: E402
from scim.protocol.schemas import GROUP, USER, ResourceType  # noqa: E402
from scim.request_log.entries import provisioning_record  # noqa: E402

ROUNDS = 7
ENT = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
SMALL = [
    {"op": "Replace", "path": "active", "value": "False"},
    {"op": "Replace", "path": "displayName", "value": "Ada Lovelace"},
    {"op": "Add", "path": 'emails[type eq "work"].value', "value": "ada@bench.example"},
    {"op": "Add", "value": {"name.givenName": "Ada", f"{ENT}:department": "Legal"}},
]
PATCHES: dict[str, tuple[ResourceType, list[dict[str, Any]]]] = {
    "PATCH of a user, 4 operations": (USER, SMALL),
    "PATCH of a user, 1,000 e-mails": (USER, [{"op": "add", "path": "emails", "value": emails(1000)}]),
    "PATCH of a group, 1 member": (GROUP, [{"op": "add", "path": "members", "value": ids(1)}]),
    "PATCH of a group, 10,000 members": (GROUP, [{"op": "add", "path": "members", "value": ids(10_000)}]),
}


def best(work: Callable[[], Any], repeat: int) -> float:
    """Milliseconds of processor time for one call."""
    lowest = float("inf")
    for _ in range(ROUNDS):
        begun = time.process_time()
        for _ in range(repeat):
            work()
        lowest = min(lowest, (time.process_time() - begun) / repeat)
    return lowest * 1000


def context_of(body: Any) -> ScimRequestContext:
    """A request with that body."""
    return ScimRequestContext(HttpRequest(), "bench", body=body, method="PATCH", path="/scim/v2/Users")


def log_copy(context: ScimRequestContext) -> str:
    """What the provisioning log makes of a request's body, up to the text that goes to the database."""
    entry = provisioning_entry(provisioning_record(context, ScimResponse(), Outcome.CHANGED))
    return json.dumps(entry.request)


def measure_patch(name: str, resource_type: ResourceType, operations: list[dict[str, Any]]) -> None:
    """One line of the table."""
    raw = json.dumps({"Operations": operations}).encode()
    body = parse_json(raw)
    repeat = 1 if len(raw) > 10_000 else 200

    def read() -> None:
        patch = read_patch(resource_type, body)
        patch.edited({"userName": "ada@bench.example"})
        _ = patch.members

    figures = (
        best(lambda: parse_json(raw), repeat),
        best(read, repeat),
        best(lambda: log_copy(context_of(body)), repeat),
    )
    print(f"| {name} |", " | ".join(f"{each:.3f}" for each in (*figures, sum(figures))), "|")


def measure_bulk(count: int) -> None:
    """Searching the operations of a Bulk request for references, when they have none."""
    name = {"givenName": "A", "familyName": "B"}
    data = {"userName": "u", "emails": emails(3), "name": name, ENT: {"department": "L"}}
    operations = [{"method": "POST", "path": "/Users", "bulkId": str(n), "data": data} for n in range(count)]

    def search() -> None:
        for operation in read_bulk_request(context_of({"Operations": operations})).operations:
            _ = operation.references

    print(f"| Bulk of {count:,} users, references | | {best(search, 1):.3f} | | |")


if __name__ == "__main__":
    print("| CPU ms | parse | read and apply | copy for the log | together |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, (resource_type, operations) in PATCHES.items():
        measure_patch(name, resource_type, operations)
    measure_bulk(1000)
