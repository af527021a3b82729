"""Of which version the tables are: the migrations that were applied, and those that the program has."""

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder


def applied() -> set[str]:
    """The migrations that the database has, as ``app.name``."""
    return {".".join(each) for each in MigrationRecorder(connection).applied_migrations()}


def known() -> set[str]:
    """The migrations that the program has."""
    return {".".join(each) for each in MigrationLoader(None).disk_migrations}


def has_tables() -> bool:
    """Whether there is any table."""
    return bool(connection.introspection.table_names())
