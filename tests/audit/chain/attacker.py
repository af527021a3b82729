"""Somebody who can write to the database, and has no SECRET_KEY: what protects the tables is taken away first."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from gatekeeper.audit.chain import triggers


def sql(statement: str, *parameters: object) -> int:
    """Run one statement; how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.rowcount


@contextmanager
def without_triggers() -> Iterator[None]:
    """The triggers are away, as the database's owner could have it, and come back."""
    for statement in triggers.remove(connection.vendor):
        sql(statement)
    yield
    for statement in triggers.install(connection.vendor):
        sql(statement)
