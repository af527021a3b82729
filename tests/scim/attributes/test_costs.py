"""What declared attributes cost: no statement more, in any request, than attributes of the delivered schemas."""

from collections.abc import Callable
from typing import Any

import pytest

from gatekeeper.directory.models import User
from scim.models import AttributeValue
from scim.protocol.schemas import ENTERPRISE_USER
from tests.scim.attributes.conftest import ACME, declared
from tests.scim.test_costs import make_many, queries, work
from tests.statistics import gather_statistics

REQUESTS: dict[str, Callable[[Any, str, dict[str, Any]], Any]] = {
    "get": lambda scim, user, extension: scim.get(user),
    "match": lambda scim, user, extension: scim.find("/Users", 'userName eq "a@x.com"'),
    "list": lambda scim, user, extension: scim.get("/Users?count=2"),
    "post": lambda scim, user, extension: scim.post("/Users", {"userName": "new@x.com", **extension}),
    "patch": lambda scim, user, extension: scim.patch(user, {"op": "replace", "value": extension}),
    "patch again": lambda scim, user, extension: scim.patch(user, {"op": "replace", "value": extension}),
    "put": lambda scim, user, extension: scim.put(user, {"userName": "a@x.com", **extension, "title": "T"}),
    "bulk": lambda scim, user, extension: scim.post("/Bulk", {"Operations": [
        {"method": "POST", "path": "/Users", "bulkId": str(n), "data": {"userName": f"b{n}@x.com", **extension}}
        for n in range(3)]}),
}  # fmt: skip


def test_a_declared_attribute_costs_what_a_delivered_one_does(scim):
    def costs(extension: dict[str, Any]) -> dict[str, int]:
        user = f"/Users/{scim.user('a@x.com')['id']}"
        found = {name: queries(lambda: ask(scim, user, extension)) for name, ask in REQUESTS.items()}  # noqa: B023
        for each in scim.get("/Users").json()["Resources"]:
            scim.delete(f"/Users/{each['id']}")
        return found

    without = costs({ENTERPRISE_USER: {"department": "D"}})
    for number in range(20):
        declared(f"n{number}", "integer")
    scim.get("/Users?count=1")  # the first request after a declaration reads it

    assert costs({ACME: {"n0": 1}}) == without


@pytest.mark.usefixtures("every_type")
def test_a_value_is_found_through_the_index_among_ten_thousand_people(scim):
    """RFC 7644 §3.4.2.2; the work grows with what is found, not with the table."""
    path = f"{ACME}:integerOne"
    efforts = []
    for size in (10, 10_000):
        make_many(size, f"s{size}p")
        scim.user(f"found{size}@x.com", **{path: size})
        gather_statistics(User, AttributeValue)
        scim.found("/Users", f"{path} eq {size}")
        efforts.append(work(lambda: scim.found("/Users", f"{path} eq {size}")))  # noqa: B023

    assert efforts[1] <= efforts[0] * 1.5 + 20, efforts
