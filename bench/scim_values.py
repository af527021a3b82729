"""Processor time of reading a request's values and applying them, without database and HTTP.

    .venv/bin/python -m bench.scim_values

Ten times as many elements ought to cost about ten times as much, whether they come at once or one by one.
"""

import os
import time
from collections.abc import Callable
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gatekeeper.settings")
django.setup()

from scim.patch.parser import read_patch  # noqa: E402
from scim.protocol.schemas import GROUP, USER  # noqa: E402

SIZES = (10, 100, 1000)
ROUNDS = 5

Operations = list[dict[str, Any]]


def emails(count: int) -> list[dict[str, Any]]:
    """So many elements that differ."""
    return [{"type": "work", "value": f"person{number}@bench.example"} for number in range(count)]


def ids(count: int) -> list[dict[str, Any]]:
    """So many references to members."""
    return [{"value": f"00000000-0000-4000-8000-{number:012}"} for number in range(count)]


CASES: dict[str, Callable[[int], tuple[Any, dict[str, Any], Operations]]] = {
    "add N elements at once": lambda n: (USER, {}, [{"op": "add", "path": "emails", "value": emails(n)}]),
    "add N elements, an operation each": lambda n: (
        USER,
        {},
        [{"op": "add", "path": "emails", "value": [each]} for each in emails(n)],
    ),
    "add N elements that are there": lambda n: (
        USER,
        {"emails": emails(n)},
        [{"op": "add", "path": "emails", "value": emails(n)}],
    ),
    "remove N elements by a list": lambda n: (
        USER,
        {"emails": emails(n)},
        [{"op": "remove", "path": "emails", "value": emails(n)}],
    ),
    "N selections by eq among N": lambda n: (
        USER,
        {"emails": emails(n)},
        [
            {"op": "replace", "path": f'emails[value eq "{each["value"]}"].display', "value": "shown"}
            for each in emails(n)
        ],
    ),
    "add N members, an operation each": lambda n: (
        GROUP,
        {},
        [{"op": "add", "path": "members", "value": [each]} for each in ids(n)],
    ),
}


def milliseconds(case: Callable[[int], tuple[Any, dict[str, Any], Operations]], size: int) -> float:
    """The best of some rounds."""
    resource_type, profile, operations = case(size)
    best = float("inf")
    for _ in range(ROUNDS):
        begun = time.process_time()
        patch = read_patch(resource_type, {"Operations": operations})
        patch.edited(profile)
        _ = patch.members
        best = min(best, time.process_time() - begun)
    return best * 1000


if __name__ == "__main__":
    print("| CPU ms |", " | ".join(f"N = {size:,}" for size in SIZES), "|")
    print("| --- |", " | ".join("---:" for _ in SIZES), "|")
    for name, case in CASES.items():
        print(f"| {name} |", " | ".join(f"{milliseconds(case, size):.2f}" for size in SIZES), "|")
