"""Cursors whose statements PostgreSQL parses and plans once for each connection.

Planning a statement that joins costs PostgreSQL several times what running it does. Only fixed texts go through these
cursors, which bind values on the server; the setting ``prepare_threshold`` makes the driver prepare them, and none of
Django's own, which binds values in the text. A text stays prepared until its connection ends or rolls back. Behind a
pooler that needs sessions of their own, as the rest of the site does (docs/operating.md).
"""

from typing import Any, cast

from django.db import connection
from django.db.backends.utils import CursorWrapper


def prepared_cursor() -> CursorWrapper:
    """A cursor for fixed statements, within Django's wrappers.

    SQLite's own cursors keep the texts that they compiled. Where Django logs its queries, it logs them with their
    values, which a prepared statement's text does not have.
    """
    if connection.vendor != "postgresql" or connection.queries_logged:
        return connection.cursor()
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    driver = cast(Any, connection).Database
    return connection.make_cursor(driver.Cursor(connection.connection))


def load_instants_quickly(cursor: CursorWrapper) -> None:
    """Have PostgreSQL's driver read timestamps: Django's loader makes the same of them, in thirty times as long."""
    if connection.vendor == "postgresql":
        driver = cast(Any, connection).Database
        kind = driver.adapters.types["timestamptz"].oid
        cursor.cursor.adapters.register_loader(kind, driver.adapters.get_loader(kind, driver.pq.Format.TEXT))
