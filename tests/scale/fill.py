"""A large company in the configured database, in seconds: ``python -m tests.scale.fill PEOPLE``.

At 100,000 people: 2,000 groups (one of everybody, the others of 200), 500,000 memberships, 2 million entries of the
provisioning log, a million of the audit trail. Everything follows from the one number, ids too (``person_id``), so
that whoever opens pages of the filled database finds somebody in each state.
"""

import os
import sys
import time

import django
from django.apps import apps

if not apps.ready:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gatekeeper.settings")
    django.setup()


from django.db import connection

from tests.scale.company import Company, Size
from tests.scale.copies import execute, numbers_to
from tests.scale.first_rows import first_rows
from tests.scale.requests_and_logs import Logs


def fill(people: int, *, analysed: bool = True, told: bool = False) -> None:
    """Fill an empty, migrated site. Without ``analysed`` PostgreSQL has no statistics, as right after a bulk load."""
    if people < 400 or people % 100:
        raise SystemExit("The number of people has to be a multiple of 100, from 400 on.")
    size, first = Size(people), first_rows()
    company, logs = Company(size, first), Logs(size, first)
    parts = [company.people, company.groups, company.memberships, company.mappings, company.links]
    parts += [logs.requests, logs.attempts, logs.events, logs.reads, logs.runs, logs.audit]
    if connection.vendor == "postgresql":
        execute("SET statement_timeout = 0")
    with numbers_to(size.most_rows):
        for part in parts:
            began = time.monotonic()
            part()
            if told:
                sys.stderr.write(f"{part.__name__}: {time.monotonic() - began:.1f} s\n")
    if analysed:
        execute("ANALYZE")
        company.sync()
    if connection.vendor == "postgresql":
        execute("RESET statement_timeout")


if __name__ == "__main__":
    fill(int(sys.argv[1]), told=True)
