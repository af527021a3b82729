"""Whether the database has the tables of this version, and statistics of them."""

import pytest
from django.db import connection

from gatekeeper.health.checks.database_checks import check_migrations, check_statistics
from gatekeeper.health.checks.result import Status
from gatekeeper.health.checks.running import run_checks

pytestmark = pytest.mark.django_db


def test_tables_of_another_version_are_named(monkeypatch):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'health'")

    check = check_migrations()

    assert check.status is Status.FAILED
    assert "health.0001_initial" in check.detail
    assert {found.name for found in run_checks()} == {"database", "migrations", "broker"}


def test_a_database_that_gathers_no_statistics_is_warned_about():
    """Whichever way the server of the tests is set."""
    check = check_statistics()

    if connection.vendor != "postgresql":
        assert check.status is Status.OK
        return
    with connection.cursor() as cursor:
        cursor.execute("SHOW autovacuum")
        assert (check.status is Status.OK) == (cursor.fetchone()[0] == "on")
    assert bool(check.fix) == (check.status is Status.WARNING)
