"""What a page of 100 users costs over SCIM, first, in the middle and last, by startIndex and by cursor.

    .venv/bin/python -m bench.lists 250000                              on SQLite
    DATABASE_URL=postgres://… .venv/bin/python -m bench.lists 250000    on PostgreSQL

Processor time of this process and its backend, without HTTP, the median of several. In a database of its own, which is
dropped at the end.
"""
# ruff: noqa: E402 - Django has to be set up before models can be imported.

import os
import sys
from collections.abc import Callable
from datetime import timedelta
from statistics import median
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

import django

django.setup()

import structlog
from django.db import connection
from django.test import Client
from django.utils import timezone

from bench.own_database import own_database
from bench.processor import processor_seconds
from gatekeeper.audit.actor import Actor
from gatekeeper.directory.models import User
from scim.credentials.api_keys import generate_key

PAGE = 100
REPEATS = 20


def main(people: int) -> None:
    """Fill, measure, clean up."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with own_database("lists"):
        fill(people)
        client = Client(headers={"Authorization": f"Bearer {generate_key('bench', actor=Actor.command('bench'))[1]}"})
        print(f"{connection.vendor}, {people:,} people, ms of processor a page\n\n| page | startIndex | cursor |")
        print("| --- | ---: | ---: |")
        for name, start in (("first", 1), ("middle", people // 2 + 1), ("last", people - PAGE + 1)):
            by_index = cost(lambda: client.get(f"/scim/v2/Users?startIndex={start}&count={PAGE}"))  # noqa: B023
            cursor = cursor_at(client, start)
            by_cursor = cost(lambda: client.get(f"/scim/v2/Users?cursor={cursor}&count={PAGE}"))  # noqa: B023
            print(f"| {name} | {by_index:.1f} | {by_cursor:.1f} |", flush=True)


def fill(people: int) -> None:
    """One a second, until yesterday."""
    begin = timezone.now() - timedelta(days=1, seconds=people)
    User.objects.bulk_create((person(number, begin + timedelta(seconds=number)) for number in range(people)), 5000)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM" if connection.vendor == "sqlite" else "VACUUM ANALYZE directory_user")
        cursor.execute("ANALYZE")


def person(number: int, created_at: Any) -> User:
    """As Entra provisions them."""
    name = f"person{number}@example.com"
    emails = [{"type": "work", "primary": True, "value": name}]
    named = {"name": {"givenName": "Person", "familyName": f"Number {number}"}, "title": "Engineer", "emails": emails}
    return User(
        user_name=name,
        user_name_folded=name,
        work_email=name,
        work_email_folded=name,
        display_name=f"Person {number}",
        attributes=named,
        created_at=created_at,
        updated_at=created_at,
    )


def cursor_at(client: Client, start: int) -> str:
    """The cursor of the page that begins there, as a walk would give it."""
    cursor, passed = "", 1
    while passed < start:
        count = min(1000, start - passed)
        page = client.get(f"/scim/v2/Users?cursor={cursor}&count={count}&attributes=id").json()
        cursor, passed = page["nextCursor"], passed + count
    return cursor


def cost(ask: Callable[[], Any]) -> float:
    """Milliseconds of processor, after a first time that does not count."""
    ask()
    taken = []
    for _ in range(REPEATS):
        began = sum(processor_seconds())
        assert ask().status_code == 200
        taken.append(sum(processor_seconds()) - began)
    # The backend's ticks are of 10 ms: only their sum says something.
    return (median(taken) if connection.vendor == "sqlite" else sum(taken) / REPEATS) * 1000


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 250_000)
