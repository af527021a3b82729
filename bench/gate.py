"""A few hot requests beside their twins, in this process: quick enough for each run of the tests.

Without a web server both cost less, so these ratios are others than those of ``make bench``, recorded by themselves:
``DATABASE_URL=postgres://… .venv/bin/python -m bench.gate``. ``tests/bench/test_ratios.py`` compares.
"""
# ruff: noqa: E402 - Django has to be set up before models can be imported.

import json
import logging
import os
import statistics
import time
from collections.abc import Callable
from itertools import count

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

from django.db import connection
from django.test import Client, override_settings

from bench.fill import create_first, group
from bench.hot.processor_time import sample
from bench.hot.rows import ROWS, Maker
from bench.hot.servers import Directory
from bench.own_database import own_database
from bench.recorded import Ratios, record
from bench.twins.models import create_table
from entra_client.protocol.transport import Request
from gatekeeper.audit.actor import Actor
from scim.credentials.api_keys import generate_key

PEOPLE, SPARE = 60, 100
ROUNDS, REQUESTS = 7, 6
COMPARED = (
    "GET a user by id",
    "filter userName",
    "POST a user",
    "PATCH one member, group of 10",
    "PATCH active",
)
TWINS = {"read": ("GET", "read"), "write": ("POST", "write")}


def measured_ratios() -> Ratios:
    """Processor time of each as a multiple of its twin's, in the database of this process."""
    create_table()
    directory = fill()
    rows = [row for row in ROWS if row.name in COMPARED]
    client = Caller(generate_key("bench", actor=Actor.command("bench"))[1])
    makers: dict[str, Maker] = {row.name: row.requests_for(directory) for row in rows}
    for name, (method, path) in TWINS.items():
        twin = Request(method=method, path=f"-twin/{path}/{directory.users[0]}", body={} if method == "POST" else None)
        makers[name] = always(twin)
    with override_settings(ROOT_URLCONF="bench.twins.urls"):
        spent = rounds(client.send, makers)
    return {
        row.name: round(statistics.median(a / b for a, b in zip(spent[row.name], spent[row.twin], strict=True)), 2)
        for row in rows
    }


def always(request: Request) -> Maker:
    """The same request whatever its number."""
    return lambda _: request


def fill() -> Directory:
    """A few people in a few groups."""
    ids = [user.id for user in create_first(PEOPLE + SPARE, brief=False)]
    small = [group(f"Small {number}", ids[number * 10 :][:10]) for number in range(PEOPLE // 10)]
    everybody = group("Everybody", ids[:PEOPLE])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    texts = [str(each) for each in ids]
    return Directory(PEOPLE, texts[:PEOPLE], texts[PEOPLE:], [str(each) for each in small], str(everybody))


class Caller:
    """Sends requests through the site's own stack, in this process."""

    def __init__(self, key: str) -> None:
        self.client, self.key = Client(), key

    def send(self, request: Request) -> None:
        """Ends the measurement at a refusal."""
        answer = self.client.generic(
            request.method,
            f"/scim/v2{request.path}",
            "" if request.body is None else json.dumps(request.body),
            "application/scim+json",
            QUERY_STRING=request.query,
            HTTP_AUTHORIZATION=f"Bearer {self.key}",
        )
        assert answer.status_code < 300, (request, answer.content[:300])


def rounds(send: Callable[[Request], None], makers: dict[str, Maker]) -> dict[str, list[float]]:
    """Seconds of processor in each round, by name; the first round, which warms up, is left out."""
    numbers = {name: count() for name in makers}
    spent: dict[str, list[float]] = {name: [] for name in makers}
    for _ in range(ROUNDS + 1):
        for name, make in makers.items():
            wanted = [make(next(numbers[name])) for _ in range(REQUESTS)]
            begun = processor_seconds()
            for request in wanted:
                send(request)
            spent[name].append(processor_seconds() - begun)
    return {name: seconds[1:] for name, seconds in spent.items()}


def processor_seconds() -> float:
    """Of this process and its backend."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [backend] = cursor.fetchone()
    return time.process_time() + sum(sample(lambda: [backend]).values())


if __name__ == "__main__":
    logging.disable(logging.INFO)
    with own_database("gate"):
        found = measured_ratios()
    record("in_process", found)
    print(found)
