"""Does the database answer, take writes, and have the tables and the time that this version expects?"""

from datetime import timedelta
from pathlib import Path

from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from gatekeeper.health import heartbeats
from gatekeeper.health.checks.result import Check, failed, ok, one_line, warning
from gatekeeper.health.heartbeats import Process
from gatekeeper.health.measured.system import why_not_writable

CLOCK_TOLERANCE = timedelta(seconds=5)  # SAML assertions are refused beyond the skew that saml allows, which is larger


def check_database() -> Check:
    """One statement through the connection that everything uses."""
    name = "database"
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return failed(name, f"The database does not answer: {one_line(error)}", "Start it, or correct DATABASE_URL.")
    return ok(name, f"{connection.vendor} answers.")


def check_writable() -> Check:
    """Whether the database takes a write: a standby, a full disk and a read-only file system answer reads all the same.

    The write is undone, so SQLite never gets to its disk, which is tried by itself. Without its table there is nothing
    to try, which ``check_migrations`` says.
    """
    name = "database_writable"
    error: Exception | None = _why_the_disk_takes_nothing()
    if error:
        fix = "Free space on the disk of the database's file, or mount it so that it can be written."
        return failed(name, f"The database takes no writes: {one_line(error)}", fix)
    try:
        with transaction.atomic():
            heartbeats.beat(Process.WEB)
            transaction.set_rollback(True)
    except DatabaseError as error:
        fix = "Point DATABASE_URL at the primary server, and free space on its disk."
        return failed(name, f"The database takes no writes: {one_line(error)}", fix)
    return ok(name, "It takes writes.")


def _why_the_disk_takes_nothing() -> OSError | None:
    """None where the database is a server, or its file is in memory."""
    place = str(connection.settings_dict["NAME"])
    if connection.vendor != "sqlite" or "memory" in place:
        return None
    return why_not_writable(Path(place).parent)


def check_migrations() -> Check:
    """Whether the tables are those that this version of the code expects."""
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if pending:
        names = ", ".join(f"{migration.app_label}.{migration.name}" for migration, _ in pending[:5])
        return failed("migrations", f"{len(pending)} not applied: {names}", "Run manage.py migrate.")
    return ok("migrations", "All are applied.")


def check_statistics() -> Check:
    """Whether PostgreSQL gathers statistics by itself: without them it reads whole tables where an index would do."""
    if connection.vendor != "postgresql":
        return ok("statistics", "SQLite plans without them.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('autovacuum')::boolean AND current_setting('track_counts')::boolean")
        gathers = cursor.fetchone()[0]
    if not gathers:
        fix = "Set autovacuum and track_counts to on; until then run VACUUM ANALYZE daily."
        return warning("statistics", "PostgreSQL gathers none: autovacuum is off.", fix)
    return ok("statistics", "PostgreSQL gathers them by itself.")


def check_clock() -> Check:
    """Whether this machine's clock agrees with the database's; assertions and sessions depend on it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()" if connection.vendor == "postgresql" else "SELECT 1")
        stated = cursor.fetchone()[0]
    if connection.vendor != "postgresql":
        return ok("clock", f"It is {timezone.now():%Y-%m-%d %H:%M} UTC here; the database is on this machine.")
    difference = abs(timezone.now() - stated)
    if difference > CLOCK_TOLERANCE:
        detail = f"This machine and the database differ by {difference.total_seconds():.0f} seconds."
        return failed("clock", detail, "Synchronise both machines' clocks (NTP).")
    return ok("clock", "This machine and the database agree.")
