"""PostgreSQL plans no statement of a SCIM request anew for each request: that costs it more than carrying it out."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from gatekeeper.directory.deprovisioning_limits.limits import set_deprovisioning_limits
from tests.builders import ADMIN
from tests.prepared_statements import forget_prepared, plans_of_prepared
from tests.scim.test_costs import make_many

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite keeps what it has planned"),
]

TIMES = 12  # PostgreSQL tries the first five with plans of their own


def test_no_statement_of_a_request_is_planned_each_time(scim: Any) -> None:
    set_deprovisioning_limits(share=100, minimum=1_000, minutes=60, hold=False, actor=ADMIN)  # nobody counts everybody
    forget_prepared()
    people = [scim.user(f"p{number}@x.com", externalId=f"e{number}", title="T")["id"] for number in range(30)]
    spare = people[20:]
    group, other = scim.group("GK", *people[:20])["id"], scim.group("Other")["id"]
    members = {"path": "members", "value": [{"value": each} for each in spare[:3]]}
    asked: dict[str, Callable[[int], Any]] = {
        "read": lambda n: scim.get(f"/Users/{people[n]}"),
        "userName": lambda n: scim.find("/Users", f'userName eq "p{n}@x.com"'),
        "externalId": lambda n: scim.find("/Users", f'externalId eq "e{n}"'),
        "e-mail": lambda n: scim.find("/Users", f'emails[type eq "work"].value eq "p{n}@x.com"'),
        "group": lambda n: scim.get(f"/Groups/{group}?excludedAttributes=members"),
        "displayName": lambda n: scim.get("/Groups?filter=displayName%20eq%20%22GK%22&excludedAttributes=members"),
        "create": lambda n: scim.post("/Users", {"userName": f"new{n}@x.com"}),
        "name taken": lambda n: scim.post("/Users", {"userName": "p0@x.com"}),
        "change": lambda n: scim.patch(f"/Users/{people[0]}", *three(n)),
        "active": lambda n: scim.patch(f"/Users/{people[1]}", {"op": "Replace", "path": "active", "value": n % 2 == 1}),
        "replace": lambda n: scim.put(f"/Users/{people[2]}", {"userName": "p2@x.com", "title": f"Title {n}"}),
        "add": lambda n: scim.patch(f"/Groups/{group}", {"op": "add", **one(spare[n % 10])}),
        "remove": lambda n: scim.patch(f"/Groups/{group}", {"op": "remove", **one(people[n])}),
        "add some": lambda n: scim.patch(f"/Groups/{other}", {"op": "add" if n % 2 == 0 else "remove", **members}),
        "page": lambda n: scim.get(f"/Users?startIndex={n + 1}&count=5"),
    }
    for name, ask in asked.items():
        for number in range(TIMES):
            assert (ask(number).status_code == 409) if name == "name taken" else (ask(number).status_code < 300), name

    plans = plans_of_prepared()
    assert not {text for text, (_, custom) in plans.items() if custom > 5}
    assert len([text for text, (generic, _) in plans.items() if generic]) > 20, "they did run"


def test_nor_is_a_read_where_postgresql_expects_more_of_any_value_than_of_one(scim: Any) -> None:
    """As in a large index, of which it looks at a part only and so believes that values repeat."""
    people = make_many(500)
    group = scim.group("GK", str(people[0].id))
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE scim_attributevalue ALTER COLUMN prefix SET (n_distinct = 20)")
        cursor.execute("ALTER TABLE directory_user ALTER COLUMN external_id SET (n_distinct = 20)")
        cursor.execute("ANALYZE scim_attributevalue, directory_user")
    forget_prepared()
    asked: dict[str, Callable[[int], Any]] = {
        "id": lambda n: scim.get(f"/Users/{people[n].id}"),
        "userName": lambda n: scim.find("/Users", f'userName eq "p{n}@x.com"'),
        "externalId": lambda n: scim.find("/Users", f'externalId eq "e{n}"'),
        "e-mail": lambda n: scim.find("/Users", f'emails[type eq "work"].value eq "p{n}@x.com"'),
        "group": lambda n: scim.get(f"/Groups?filter=displayName%20eq%20%22GK{n}%22&excludedAttributes=members"),
        "group by id": lambda n: scim.get(f"/Groups/{group['id']}?excludedAttributes=members"),
    }
    for name, ask in asked.items():
        for number in range(TIMES):
            assert ask(number).status_code == 200, name

    assert not {text for text, (_, custom) in plans_of_prepared().items() if custom > 5}


def one(user_id: str) -> dict[str, Any]:
    return {"path": "members", "value": [{"value": user_id}]}


def three(number: int) -> list[dict[str, Any]]:
    names = ("displayName", "title", "name.familyName")
    return [{"op": "add", "path": name, "value": f"{name} {number}"} for name in names]
