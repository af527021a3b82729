"""What PostgreSQL knows of a table outlives the transaction of a test that had it analysed."""

from django.db import connection
from django.db.models import Model


def forget_statistics(*models: type[Model]) -> None:
    """PostgreSQL knows nothing of these tables in the rest of the transaction, as if they had never been analysed."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE pg_class SET reltuples = -1, relpages = 0 WHERE oid = ANY (%s::regclass[])",
                [[model._meta.db_table for model in models]],
            )


def gather_statistics(*models: type[Model]) -> None:
    """PostgreSQL knows these tables as they are now, as it would after a minute."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for model in models:
                cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")
