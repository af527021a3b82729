"""A database that a measurement fills and drops, beside the one of DATABASE_URL."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection
from django.test.utils import setup_databases, teardown_databases

from bench.termination import cleaning_up


@contextmanager
def own_database(name: str) -> Iterator[None]:
    """Migrated and empty; a file on SQLite, so that it is what a site has."""
    file = Path(tempfile.mkdtemp(prefix="gatekeeper-bench-")) / f"{name}.sqlite3"
    connection.settings_dict["TEST"]["NAME"] = (
        f"gatekeeper_bench_{name}" if connection.vendor == "postgresql" else str(file)
    )
    with cleaning_up():
        databases = setup_databases(verbosity=0, interactive=False)
        try:
            yield
        finally:
            teardown_databases(databases, verbosity=0)
