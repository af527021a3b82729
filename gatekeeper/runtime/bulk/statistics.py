"""Statistics of tables that were just filled: without them PostgreSQL plans as if they were nearly empty.

Autovacuum gathers them within minutes. What reads a whole table right after it was filled does not wait for that: it
would be minutes in the wrong order instead of seconds.
"""

from django.db import connection
from django.db.models import Model

_MISSING = """
    SELECT relname FROM pg_class
    WHERE oid = ANY (%s::regclass[]) AND pg_relation_size(oid) > 200000
        AND (reltuples < 0 OR pg_relation_size(oid) > 2 * 8192 * relpages::bigint)
"""


def gather_missing_statistics(*models: type[Model]) -> None:
    """ANALYZE the tables that have grown to twice their size, or have never been analysed. SQLite plans without."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(_MISSING, [[model._meta.db_table for model in models]])
        for (table,) in cursor.fetchall():
            cursor.execute(f"ANALYZE {connection.ops.quote_name(table)}")
