"""What it costs to link people after they were provisioned: processor time and the most memory.

    .venv/bin/python -m bench.sync 100000                              on SQLite
    DATABASE_URL=postgres://… .venv/bin/python -m bench.sync 100000    on PostgreSQL

One SAML connection, and people who wait to be linked to it. Then a second run, with nothing to do, the audit entries'
links and their verification. In a database of its own, which is dropped at the end.
"""
# ruff: noqa: E402 - Django has to be set up before models can be imported.

import os
import sys
from collections.abc import Callable

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

import django

django.setup()

import structlog
from django.db import connection
from django.utils import timezone

from bench.own_database import own_database
from bench.processor import peak_megabytes, processor_seconds
from gatekeeper.audit.actor import Actor
from gatekeeper.audit.chain.links import link_new_entries
from gatekeeper.audit.chain.verification import verify
from gatekeeper.directory.identity_linking.identity_providers import add_identity_provider
from gatekeeper.directory.identity_linking.linking import link_users

ACTOR = Actor.scheduler("bench")

_PEOPLE = {
    "postgresql": """
        INSERT INTO directory_user (password, id, origin, user_name, user_name_folded, work_email, work_email_folded,
            external_id, display_name, active, attributes, version, created_at, updated_at)
        SELECT '', gen_random_uuid(), 'scim', 'Person' || n || '@example.com', 'person' || n || '@example.com',
            'Person' || n || '@example.com', 'person' || n || '@example.com', 'e' || n, 'Person ' || n, true, '{}', 1,
            now(), now()
        FROM generate_series(1, %s) AS n
    """,
    "sqlite": """
        WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %s)
        INSERT INTO directory_user (password, id, origin, user_name, user_name_folded, work_email, work_email_folded,
            external_id, display_name, active, attributes, version, created_at, updated_at)
        SELECT '', lower(hex(randomblob(16))), 'scim', 'Person' || n || '@example.com', 'person' || n || '@example.com',
            'Person' || n || '@example.com', 'person' || n || '@example.com', 'e' || n, 'Person ' || n, 1, '{}', 1,
            datetime('now'), datetime('now')
        FROM numbers
    """,
}


def main(people: int) -> None:
    """Fill in SQL, which costs this process no memory; measure; clean up."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with own_database("sync"):
        add_identity_provider("Entra", actor=ACTOR)
        with connection.cursor() as cursor:
            cursor.execute(_PEOPLE[connection.vendor], [people])
        print(f"{connection.vendor}, {people:,} people\n")
        print("| | processor s: Python | database | a second of processor | most memory MB |")
        print("| --- | ---: | ---: | ---: | ---: |")
        print(f"| before | | | | {peak_megabytes():.0f} |")
        measured("people linked", people, lambda: link_users(actor=ACTOR, now=timezone.now()).linked)
        measured("the same again", people, lambda: people + link_users(actor=ACTOR, now=timezone.now()).linked)
        measured("audit entries linked", people, link_new_entries)
        measured("audit entries verified", people, verified)


def verified() -> int:
    """How many links hold; none where one does not."""
    found = verify()
    return found.checked if found.intact else 0


def measured(what: str, count: int, run: Callable[[], int]) -> None:
    """One line of the table. Everything has to have been done."""
    python, database = processor_seconds()
    done = run()
    python, database = (now - then for now, then in zip(processor_seconds(), (python, database), strict=True))
    assert done >= count, (what, done)
    rate = count / (python + database)
    print(f"| {what} | {python:.1f} | {database:.1f} | {rate:,.0f} | {peak_megabytes():.0f} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
