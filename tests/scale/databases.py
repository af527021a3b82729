"""A database of its own for each size of the company, copied from the migrated one and dropped afterwards."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from gatekeeper.audit.chain import writers
from gatekeeper.audit.chain.head import Head, new_trail, store_head
from scim.query import list_positions
from tests.prepared_database import PREFIX, digest, locked
from tests.scale.copies import execute
from tests.scale.fill import fill


@contextmanager
def filled_database(people: int, *, analysed: bool = True, forbids_scans: bool = False) -> Iterator[None]:
    """The configured connection leads to a database with that many people, on PostgreSQL.

    ``forbids_scans``: what does without a scan of a whole table does so in a small one too, where it would be quicker.
    """
    tests_own, name = connection.settings_dict["NAME"], f"gatekeeper_scale_{people}_{os.getpid()}"
    with locked(), connection.creation._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{PREFIX}{digest()}"')
    try:
        _lead_to(name)
        store_head(new_trail(), Head(0, ""))
        execute("ALTER TABLE directory_user SET (autovacuum_enabled = off)")
        fill(people, analysed=analysed)
        execute("SET max_parallel_workers_per_gather = 0")  # whose work would not be counted
        execute(f"SET enable_seqscan = {'off' if forbids_scans else 'on'}")
        yield
    finally:
        _lead_to(tests_own)
        with connection.creation._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')


def _lead_to(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name
    writers.begin_anew()
    list_positions.forget()
