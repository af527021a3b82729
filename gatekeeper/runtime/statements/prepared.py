"""Cursors whose statements PostgreSQL parses and plans once for each connection.

Planning a statement that joins costs PostgreSQL several times what running it does. Only fixed texts go through these
cursors: each text stays prepared until its connection ends or rolls back. Behind a pooler that needs sessions of their
own, as the rest of the site does (docs/operating.md).
"""

from functools import cache
from typing import Any

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
    cursor = _cursor_class()(connection.connection)
    return connection.make_cursor(cursor)


@cache
def _cursor_class() -> type[Any]:
    """Made when it is needed: an installation on SQLite has no driver of PostgreSQL to import."""
    from django.db.backends.postgresql.base import ServerBindingCursor  # noqa: PLC0415

    base: Any = ServerBindingCursor

    class PreparedCursor(base):  # type: ignore[misc]
        def execute(self, query: str, params: Any = None) -> Any:
            return super().execute(query, params, prepare=True)

    return PreparedCursor
