"""The matrix of values through the real views: status, scimType, what the detail names, and what changed or didn't."""

from typing import Any

import pytest
from django.db import transaction

from gatekeeper.audit.models import Outcome, ProvisioningEntry
from tests.scim.protocol.value_matrix import ENT, KINDS, METHODS, Becomes, Cell, Kind, Refused, Slot, cells, expected

IN_BULK = 7  # each so manieth cell is sent through Bulk as well


class Stage:
    """What is there before each cell, and what is there after it."""

    def __init__(self, scim: Any, kind: Kind) -> None:
        self.scim, self.kind = scim, kind
        self.ids = {name: scim.user(f"{name.lower()}@x.com")["id"] for name in ("ONE", "TWO", "THREE")}
        if kind.slot is Slot.MEMBERS:
            self.endpoint, self.base = "/Groups", {"displayName": "GK"}
            made = scim.group("GK", self.ids["ONE"], self.ids["TWO"])
        else:
            self.endpoint, self.base = "/Users", {"userName": "ada@x.com"}
            made = scim.user("ada@x.com", nickName="kept", **self.nested(kind.before))
        self.address = f"{self.endpoint}/{made['id']}"
        self.before = self.read()

    def nested(self, value: Any) -> dict[str, Any]:
        inner = {self.kind.attribute: value} if self.kind.attribute else value
        return {ENT: inner} if self.kind.urn == ENT else inner

    def filled(self, document: Any) -> Any:
        """The document with real ids in place of names."""
        if isinstance(document, str):
            for name, user_id in self.ids.items():
                document = document.replace(f'"{name}"', f'"{user_id}"')
            return self.ids.get(document, document)
        if isinstance(document, dict):
            return {self.filled(key): self.filled(each) for key, each in document.items()}
        return [self.filled(each) for each in document] if isinstance(document, list) else document

    def read(self) -> Any:
        return self.scim.get(self.address).json()

    def send(self, cell: Cell, *, in_bulk: bool) -> tuple[int, dict[str, Any], str]:
        """Status, the Error document if there is one, and where the resource is."""
        method, address = ("POST", self.endpoint) if cell.method == "POST" else ("PUT", self.address)
        body: Any = {**self.base, **self.filled(cell.stated)}
        if method == "POST":
            body |= {"userName": "new@x.com"} if self.endpoint == "/Users" else {"displayName": "New"}
        if cell.method not in ("POST", "PUT"):
            method, address, body = "PATCH", self.address, {"Operations": [self.filled(cell.operation)]}
        if not in_bulk:
            answer = self.scim.request(method, address, body)
            return answer.status_code, answer.json() if answer.content else {}, answer.headers.get("Location", "")
        operation = {"method": method, "path": address, "bulkId": "b", "data": body}
        result = self.scim.post("/Bulk", {"Operations": [operation]}).json()["Operations"][0]
        return int(result["status"]), result.get("response", {}), result.get("location", "")

    def attribute(self, document: dict[str, Any]) -> Any:
        """The attribute of the cell in a document, as the oracle speaks of it."""
        container = document.get(ENT, {}) if self.kind.urn == ENT else document
        found = container.get(self.kind.attribute) if self.kind.attribute else container or None
        if self.kind.slot is Slot.MEMBERS and found is not None:
            names = {user_id: name for name, user_id in self.ids.items()}
            return sorted(names[each["value"]] for each in found)
        return found


def mistakes(stage: Stage, cell: Cell, *, in_bulk: bool = False) -> list[str]:
    """What is wrong with the answer to one cell, and with what it left behind."""
    wanted, logged = expected(cell), ProvisioningEntry.objects.filter(outcome=Outcome.CHANGED).count()
    status, error, location = stage.send(cell, in_bulk=in_bulk)
    found = stage.read()
    logged_now = ProvisioningEntry.objects.filter(outcome=Outcome.CHANGED).count() - logged
    if isinstance(wanted, Refused):
        facts = {
            "status": (status, 400),
            "scimType": (error.get("scimType"), wanted.scim_type),
            "named": (stage.filled(wanted.named) in str(error.get("detail")), True),
            "what is there": (found, stage.before),
            "entries": (logged_now, 0),
        }
    else:
        facts = _facts_of_success(stage, cell, wanted, status, found, location, logged_now)
    return [f"{cell}: {what} is {is_}, not {ought}" for what, (is_, ought) in facts.items() if is_ != ought]


def _facts_of_success(
    stage: Stage, cell: Cell, wanted: Becomes, status: int, found: Any, location: str, logged_now: int
) -> dict[str, tuple[Any, Any]]:
    if cell.method == "POST":
        found = stage.scim.get(location.partition("/scim/v2")[2]).json()
        return {
            "status": (status, 201),
            "value": (stage.attribute(found), _sorted(stage, wanted)),
            "entries": (logged_now, 1),
        }
    before = stage.attribute(stage.before)
    changes = before != _sorted(stage, wanted) or (cell.method == "PUT" and "nickName" in stage.before)
    kept = "nickName" not in stage.before or cell.method == "PUT" or found.get("nickName") == "kept"
    return {
        "status": (status in (200, 204), True),
        "value": (stage.attribute(found), _sorted(stage, wanted)),
        "version": (found["meta"]["version"] != stage.before["meta"]["version"], changes),
        "everything else": (kept, True),
        "entries": (logged_now, int(changes)),
    }


def _sorted(stage: Stage, wanted: Becomes) -> Any:
    value = wanted.value
    return sorted(value) if stage.kind.slot is Slot.MEMBERS and value else value


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_shape_of_a_value_does_what_the_rule_says(scim, kind, method):
    """RFC 7643 §2.5, RFC 7644 §3.3, §3.5; docs/scim-client-quirks.md."""
    stage, wrong = Stage(scim, kind), []
    for number, cell in enumerate(cells(kind, method)):
        for in_bulk in (False, True) if number % IN_BULK == 0 else (False,):
            before = transaction.savepoint()
            wrong += mistakes(stage, cell, in_bulk=in_bulk)
            transaction.savepoint_rollback(before)
    assert not wrong, "\n".join(wrong)
