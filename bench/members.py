"""What 20,000 members cost, beside reading their JSON and the set-based SQL that the change comes down to.

    DATABASE_URL=postgres://… .venv/bin/python -m bench.members [MEMBERS]

Processor time of this process and of its PostgreSQL backend together; requests go through the whole stack of the site.
The floor is ``parse_json`` of the same body, and the statements that a change of so many members needs at the least.
Everything happens in a database of its own, which is dropped at the end.
"""
# ruff: noqa: E402 - Django has to be set up before models can be imported.

import json
import os
import sys
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

import django

django.setup()

from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from bench.own_database import own_database
from bench.preview import processor_time
from gatekeeper.audit.actor import Actor
from gatekeeper.directory.models import ActivePeriod, IdpGroup, Membership, User
from scim.credentials.api_keys import generate_key
from scim.protocol.json_text import parse_json
from scim.protocol.limits import MAX_OPERATIONS

ROUNDS = 3
ACTOR = Actor.command("bench")


def main() -> None:
    """Fill, measure each kind at a tenth, half and the whole size, clean up."""
    most = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    with own_database("members"):
        ids = fill(most)
        client = Caller(generate_key("bench", actor=ACTOR)[1])
        print(f"{connection.vendor}, CPU seconds, best of {ROUNDS}\n")
        print("| members | JSON | set-based SQL | PUT, new | × | PUT, the same | PUT, none | PATCH add | POST |")
        print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
        for size in (most // 10, most // 2, most):
            print(row(client, ids[:size]))
        print("\n| Bulk operations | CPU | ms each |\n| ---: | ---: | ---: |")
        for size in (MAX_OPERATIONS // 10, MAX_OPERATIONS):
            spent = best(lambda: client.send("POST", "/Bulk", creations(size)))  # noqa: B023
            print(f"| {size} | {spent:.2f} | {spent / size * 1000:.2f} |")


def fill(people: int) -> list[UUID]:
    """People in bulk."""
    names = [f"p{number}@example.com" for number in range(people)]
    users = [
        User(user_name=name, user_name_folded=name, work_email=name, work_email_folded=name, display_name=name)
        for name in names
    ]
    User.objects.bulk_create(users, batch_size=5000)
    ActivePeriod.objects.bulk_create((ActivePeriod(user=user) for user in users), batch_size=5000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return [user.id for user in users]


class Caller:
    """Sends requests through the site's own stack, in this process."""

    def __init__(self, key: str) -> None:
        self.client, self.key = Client(), key

    def send(self, method: str, path: str, body: bytes) -> Any:
        """The answer; ends the bench when it is a refusal."""
        answer = self.client.generic(
            method, f"/scim/v2{path}", body, "application/scim+json", HTTP_AUTHORIZATION=f"Bearer {self.key}"
        )
        assert answer.status_code < 300, answer.content[:300]
        return answer


def row(client: Caller, ids: list[UUID]) -> str:
    """One line of the table."""
    members = [{"value": str(user_id)} for user_id in ids]
    empty = json.dumps({"displayName": "G"}).encode()
    whole = json.dumps({"displayName": "G", "members": members}).encode()
    added = json.dumps({"Operations": [{"op": "add", "path": "members", "value": members}]}).encode()
    path = f"/Groups/{client.send('POST', '/Groups', empty).json()['id']}"

    def emptied() -> None:
        client.send("PUT", path, empty)

    read = best(lambda: parse_json(whole))
    statements = best(lambda: set_based(ids))
    put = best(lambda: client.send("PUT", path, whole), before=emptied)
    again = best(lambda: client.send("PUT", path, whole))
    gone = best(emptied, before=lambda: client.send("PUT", path, whole))
    patch = best(lambda: client.send("PATCH", path, added), before=emptied)
    client.client.delete(f"/scim/v2{path}", HTTP_AUTHORIZATION=f"Bearer {client.key}")
    post = best(lambda: client.send("POST", "/Groups", whole.replace(b'"G"', f'"{uuid4()}"'.encode())))
    times = put / (read + statements)
    figures = " | ".join(f"{each:.3f}" for each in (read, statements, put))
    return f"| {len(ids):,} | {figures} | {times:.1f} | {again:.3f} | {gone:.3f} | {patch:.3f} | {post:.3f} |"


def set_based(ids: list[UUID]) -> None:
    """The statements of a PUT that fills an empty group: who exists, who is in, the new rows, and the answer's rows."""
    group = IdpGroup.objects.create(display_name="F", display_name_folded=str(uuid4()))
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT id FROM directory_user WHERE id = ANY(%s) AND deleted_at IS NULL", [ids])
            cursor.fetchall()
            cursor.execute("SELECT user_id FROM directory_membership WHERE group_id = %s AND until IS NULL", [group.id])
            cursor.fetchall()
            cursor.execute(
                "INSERT INTO directory_membership (user_id, group_id, since, ended_because) "
                "SELECT id, %s, %s, '' FROM unnest(%s) AS id",
                [group.id, timezone.now(), ids],
            )
        else:
            Membership.objects.bulk_create(Membership(group=group, user_id=each) for each in ids)
        cursor.execute(
            "SELECT user_id, display_name FROM directory_membership m JOIN directory_user u ON u.id = m.user_id "
            "WHERE group_id = %s AND until IS NULL ORDER BY m.id",
            [group.id if connection.vendor == "postgresql" else group.id.hex],
        )
        cursor.fetchall()


def creations(number: int) -> bytes:
    """A Bulk request that creates people who were never there."""
    return json.dumps(
        {
            "Operations": [
                {"method": "POST", "path": "/Users", "bulkId": str(each), "data": {"userName": f"{uuid4()}@x.com"}}
                for each in range(number)
            ]
        }
    ).encode()


def best(work: Callable[[], object], *, before: Callable[[], object] = lambda: None) -> float:
    """Processor time of the quickest of a few runs; ``before`` each, what is not measured."""
    spent = []
    for _ in range(ROUNDS):
        before()
        begun = processor_time()
        work()
        spent.append(processor_time() - begun)
    return min(spent)


if __name__ == "__main__":
    main()
