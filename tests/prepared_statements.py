"""The statements that PostgreSQL has prepared for the connection of a test."""

from typing import Any

from django.db import connection


def forget_prepared() -> None:
    """What other tests ran over this connection is forgotten. On SQLite there is nothing to forget."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("DEALLOCATE ALL")
        raw: Any = connection.connection
        raw._prepared.clear()


def plans_of_prepared() -> dict[str, tuple[int, int]]:
    """By text, how often each ran with one plan for all values, and with a plan of its own."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement, generic_plans, custom_plans FROM pg_prepared_statements")
        return {text: (generic, custom) for text, generic, custom in cursor.fetchall()}
