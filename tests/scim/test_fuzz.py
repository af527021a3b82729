"""Requests that are almost right: mutations of what identity providers send. No answer is ever a 5xx.

FUZZ_REQUESTS sets how many (`make fuzz`: 10,000), FUZZ_SEED which ones.
"""

import json
import os
import random
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.scim.clients.journeys import filled, journeys

REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "500"))
SEED = int(os.environ.get("FUZZ_SEED", "20261124"))
ODD: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    2**70,
    1.5,
    "",
    " ",
    "\x00",
    "\ud800",
    "x" * 3000,
    "é",
    "%",
    "'",
    '"',
    "\\",
    [],
    {},
    [[]],
    [None],
    {"value": None},
    {"": ""},
    {"a": {"b": {"c": []}}},
    [{}],
    [""],
    [{"value": ["x"]}],
    [{"display": "x"}],
    {"$ref": "http://elsewhere/Users/x"},
    {"$ref": "../Users/11111111-1111-4111-8111-111111111111"},
    '{"value": "\\u001b"}',
    "a\x1b[0mb",
    "schemas",
    [{"value": str(number)} for number in range(1001)],
    "11111111-1111-4111-8111-111111111111",
    "bulkId:x",
    "True",
    "urn:ietf:params:scim:schemas:core:2.0:User",
    'emails[type eq "work"].value',
]
FILTERS = [
    'userName eq "a"',
    'emails[type eq "work"].value eq "a"',
    "title pr",
    'meta.created gt "2020-01-01T00:00:00Z"',
    'members.value eq "x"',
    "not (active eq true)",
    'groups[value eq "x" or display co "y"]',
]
HEADERS = [
    {},
    {"HTTP_IF_MATCH": 'W/"1"'},
    {"HTTP_IF_MATCH": "é,*"},
    {"HTTP_IF_NONE_MATCH": "*"},
    {"HTTP_ACCEPT": ";;"},
    {"CONTENT_TYPE": "application/json; charset=latin-1"},
    {"CONTENT_TYPE": "x/y"},
]


def requests() -> list[tuple[str, str, Any]]:
    """Every request of the journeys, and some that no journey sends."""
    found: list[tuple[str, str, Any]] = []
    for provider in ("entra", "okta"):
        for path in journeys(provider):
            for step in json.loads(Path(path).read_text())["steps"]:
                method, _, address = step["do"].partition(" ")
                found.append((method, address, step.get("send")))
    users = [{"method": "POST", "path": "/Users", "bulkId": "a", "data": {"userName": "bulk"}}]
    found.append(("POST", "/Bulk", {"Operations": users, "failOnErrors": 1}))
    found.append(("POST", "/.search", {"filter": "title pr", "sortBy": "title", "attributes": ["title"], "cursor": ""}))
    return found


def mutated(value: Any, chance: random.Random) -> Any:
    """Change, double or drop parts of a document."""
    if chance.random() < 0.06:
        return chance.choice(ODD)
    if isinstance(value, dict):
        items = [(key, mutated(each, chance)) for key, each in value.items() if chance.random() > 0.04]
        return {key if chance.random() > 0.03 else str(chance.choice(ODD)): each for key, each in items}
    if isinstance(value, list):
        kept = [mutated(each, chance) for each in value if chance.random() > 0.05]
        return kept * 2 if chance.random() < 0.04 else kept
    if isinstance(value, str) and value and chance.random() < 0.1:
        at = chance.randrange(len(value))
        return value[:at] + chance.choice(["", '"', "[", "]", ".", ":", " ", "\x00", "é", "("]) + value[at + 1 :]
    return value


def raw_mutated(body: Any, chance: random.Random) -> Any:
    if body is None:
        return None
    raw = bytearray(json.dumps(body).encode())
    if chance.random() > 0.1:
        return bytes(raw)
    for _ in range(chance.randint(1, 5)):
        raw[chance.randrange(len(raw))] = chance.randrange(256)
    return bytes(raw)


def address_mutated(address: str, chance: random.Random) -> str:
    if chance.random() < 0.2:
        expression = str(mutated(chance.choice(FILTERS), chance)).encode("utf-8", "replace")
        address = f"{address.partition('?')[0]}?filter={quote(expression)}&count={chance.choice(['1', '-1', 'x', ''])}"
    if chance.random() < 0.1:
        address += chance.choice(
            ["&sortBy=title", "?attributes=emails.value", "/", "&cursor=x", "%ff", "?startIndex=1e9"]
        )
    return address.replace(" ", "%20")


def test_almost_right_requests_are_never_answered_with_a_server_error(scim):
    chance = random.Random(SEED)
    known = {
        "ada": scim.user("known@x.com")["id"],
        "u1": scim.user("u1@x.com")["id"],
        "u2": scim.user("u2@x.com")["id"],
    }
    known |= {"group": scim.group("GK Known")["id"], "bo": known["u1"], "odd": known["u2"], "isaac": known["ada"]}
    pool = requests()
    for number in range(REQUESTS):
        method, address, body = filled(list(chance.choice(pool)), known)
        if chance.random() < 0.05:
            method = chance.choice(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"])
        sent = raw_mutated(mutated(body, chance) if body is not None else None, chance)
        target = address_mutated(address, chance)
        answer = scim.request(method, target, sent, **chance.choice(HEADERS if chance.random() < 0.1 else [{}]))
        assert answer.status_code < 500, (number, method, target, sent, answer.content)
        if answer.status_code >= 400:
            assert answer["Content-Type"] == "application/scim+json"
            assert method == "HEAD" or answer.json()["status"] == str(answer.status_code)
    assert scim.get("/Users").status_code == 200
