"""The directory's Django app. It sets limits and planner options on each new database connection."""

from typing import Any

from django.apps import AppConfig
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from gatekeeper.runtime.database_limits import on_new_connection
from gatekeeper.runtime.lost_peers import OF_SESSION


class DirectoryConfig(AppConfig):
    name = "gatekeeper.directory"
    label = "directory"
    verbose_name = "Directory"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        connection_created.connect(_prepare, dispatch_uid="gatekeeper.directory.prepare")


def _prepare(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """PostgreSQL runs without JIT: it would compile lists by state for two seconds, and run them in a tenth of one.

    It looks whether we are still there.
    """
    on_new_connection(connection)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET jit = off; {OF_SESSION}")
