"""Many clients at once, over HTTP, against the real site with its real server and database."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CLIENTS = 8


@pytest.fixture(scope="module")
def site_key(running_site) -> Iterator[str]:
    made = running_site.manage("scim_key", "generate", "--rotate", "--name", "concurrency")
    yield made["api_key"]
    running_site.manage("scim_key", "revoke", "--confirm", "Revoke", "--key-id", made["key_id"])


@pytest.fixture
def http(running_site, site_key):
    headers = {"Authorization": f"Bearer {site_key}", "Content-Type": "application/scim+json"}
    with httpx.Client(base_url=f"{running_site.url}/scim/v2", headers=headers, timeout=60) as client:
        yield client


def at_once(ask: Any, items: Any) -> list[Any]:
    with ThreadPoolExecutor(CLIENTS) as threads:
        return list(threads.map(ask, items))


def patch(*operations: Any) -> dict[str, Any]:
    return {"Operations": list(operations)}


def test_of_many_creates_of_one_name_one_wins(http):
    """RFC 7644 §3.3: 409 uniqueness."""
    answers = at_once(lambda n: http.post("/Users", json={"userName": "Same@race.example", "title": str(n)}), range(24))

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [201] + [409] * 23
    assert {answer.json().get("scimType") for answer in answers if answer.status_code == 409} == {"uniqueness"}
    found = http.get("/Users", params={"filter": 'userName eq "same@RACE.example"'}).json()
    assert found["totalResults"] == 1


def test_of_many_creates_of_one_group_one_wins(http):
    """RFC 7644 §3.3: 409 uniqueness."""
    answers = at_once(lambda _: http.post("/Groups", json={"displayName": "GK Race"}), range(16))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 15


def test_parallel_member_adds_lose_nothing(http):
    users = [http.post("/Users", json={"userName": f"m{n}@race.example"}).json()["id"] for n in range(24)]
    group = http.post("/Groups", json={"displayName": "GK Parallel"}).json()["id"]

    def add(user: str) -> int:
        body = patch({"op": "add", "path": "members", "value": [{"value": user}]})
        return http.patch(f"/Groups/{group}", json=body).status_code

    assert set(at_once(add, users + users[:8])) == {204}
    assert {each["value"] for each in http.get(f"/Groups/{group}").json()["members"]} == set(users)


def test_parallel_patches_of_one_user_serialise(http):
    user = http.post("/Users", json={"userName": "patched@race.example"}).json()["id"]
    attributes = [
        "title",
        "nickName",
        "locale",
        "timezone",
        "userType",
        "displayName",
        f"{ENTERPRISE}:department",
        f"{ENTERPRISE}:division",
    ]

    def change(path: str) -> int:
        return http.patch(f"/Users/{user}", json=patch({"op": "add", "path": path, "value": "set"})).status_code

    assert set(at_once(change, attributes)) == {200}
    document = http.get(f"/Users/{user}").json()
    assert [document[name] for name in attributes[:6]] == ["set"] * 6
    assert document[ENTERPRISE] == {"department": "set", "division": "set"}
    assert document["meta"]["version"] == f'W/"{len(attributes) + 1}"'


def test_of_many_conditional_writes_of_one_version_one_wins(http):
    """RFC 7644 §3.14, RFC 9110 §13.1.1."""
    user = http.post("/Users", json={"userName": "versioned@race.example"}).json()["id"]

    def change(number: int) -> int:
        body = patch({"op": "replace", "path": "title", "value": f"T{number}"})
        return http.patch(f"/Users/{user}", json=body, headers={"If-Match": 'W/"1"'}).status_code

    assert sorted(at_once(change, range(12))) == [200] + [412] * 11


def test_deleting_and_changing_at_once_never_fails_with_500(http):
    users = [http.post("/Users", json={"userName": f"d{n}@race.example"}).json()["id"] for n in range(8)]
    group = http.post(
        "/Groups", json={"displayName": "GK Chaos", "members": [{"value": each} for each in users]}
    ).json()

    def disturb(number: int) -> int:
        user = users[number % len(users)]
        if number % 3 == 0:
            return http.delete(f"/Users/{user}").status_code
        if number % 3 == 1:
            body = patch({"op": "add", "path": "members", "value": [{"value": user}]})
            return http.patch(f"/Groups/{group['id']}", json=body).status_code
        return http.patch(f"/Users/{user}", json=patch({"op": "add", "path": "title", "value": "T"})).status_code

    assert set(at_once(disturb, range(48))) <= {200, 204, 400, 404}
