"""The checks of scim2-tester on a server that has more than a page of people, and attributes that it can't fill."""

from typing import Any
from uuid import uuid4

import pytest

from conformance.profiles.rfc.fillable import emptied_schemas, without_what_it_cannot_fill
from conformance.suite.result import Status
from tests.conformance.running import asking, find_test, play_all
from tests.conformance.server.memory import MemoryServer

CHECKS = ("object_query_without_id", "object_list_with_attributes", "search_with_attributes")


def with_people(number: int) -> MemoryServer:
    memory = MemoryServer()
    now = "2026-11-01T08:00:00Z"
    for each in range(number):
        user = {"id": str(uuid4()), "version": 1, "created": now, "changed": now, "members": set()}
        memory.resources["Users"][user["id"]] = {**user, "profile": {"userName": f"p{each:04}@example.com"}}
    return memory


def outcomes(memory: MemoryServer) -> dict[str, Any]:
    tests = [find_test("rfc", f"scim2-tester: {check}") for check in CHECKS]
    with asking(memory) as server:
        return {name: outcome.status for name, outcome in play_all(server, tests).items()}


def test_what_it_made_is_found_on_a_later_page():
    assert set(outcomes(with_people(250)).values()) == {Status.PASSED}


def test_a_list_longer_than_is_read_is_skipped(monkeypatch: pytest.MonkeyPatch):
    for module in ("whole_lists", "tester"):
        monkeypatch.setattr(f"conformance.profiles.rfc.{module}.MOST_PAGES", 1)

    found = set(outcomes(with_people(250)).values())

    assert Status.SKIPPED in found
    assert Status.FAILED not in found


@pytest.mark.parametrize(
    ("kind", "mutability", "stays"),
    [
        ("dateTime", "readWrite", False),
        ("decimal", "immutable", False),
        ("dateTime", "readOnly", True),
        ("string", "readWrite", True),
    ],
)
def test_it_is_not_asked_to_fill_what_it_cannot(kind: str, mutability: str, stays: bool):
    attribute = {"name": "since", "type": kind, "mutability": mutability}
    schema = {"id": "urn:example:2.0:User", "attributes": [attribute, {"name": "kept", "type": "string"}]}

    [seen] = without_what_it_cannot_fill({"Resources": [schema]}, ())["Resources"]

    assert (attribute in seen["attributes"]) is stays
    assert {"name": "kept", "type": "string"} in seen["attributes"]


def test_an_extension_of_which_nothing_is_left_is_not_shown():
    only = {"id": "urn:example:2.0:User", "attributes": [{"name": "since", "type": "dateTime"}]}
    extension = {"schema": "urn:example:2.0:User", "required": False}
    kept = {"schema": "urn:other:2.0:User", "required": False}
    emptied = emptied_schemas([only, {"id": "urn:other:2.0:User", "attributes": [{"name": "a", "type": "string"}]}])

    shown = without_what_it_cannot_fill({"schemaExtensions": [extension, kept]}, emptied)

    assert emptied == {"urn:example:2.0:User"}
    assert shown == {"schemaExtensions": [kept]}
    assert without_what_it_cannot_fill({"Resources": [only]}, emptied) == {"Resources": []}
