"""The copy that tests run on is what the migrations make, and another one once a migration says something else."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from gatekeeper.audit.models import AuditHead
from tests import prepared_database

SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name"


@pytest.mark.django_db
def test_every_migration_is_in_the_copy() -> None:
    executor = MigrationExecutor(connection)

    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []
    assert AuditHead.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL copies its databases itself")
def test_the_copy_has_the_schema_that_migrations_make(tmp_path: Path) -> None:
    migrated = tmp_path / "migrated.sqlite3"
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{migrated}", "DATA_DIR": str(tmp_path)}
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity=0"], env=environment, check=True)

    with connection.cursor() as cursor, closing(sqlite3.connect(migrated)) as database:
        assert cursor.execute(SCHEMA).fetchall() == database.execute(SCHEMA).fetchall()


@pytest.mark.parametrize("said", ["# another migration", "from gatekeeper.audit.chain import triggers"])
def test_another_migration_is_another_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    written = tmp_path / "0001_initial.py"
    monkeypatch.setattr(prepared_database, "_migration_files", lambda: [written])
    written.write_text("# a migration")
    before = prepared_database.digest()

    written.write_text(said)

    assert prepared_database.digest() != before


def test_what_a_migration_imports_counts_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    migration, imported = tmp_path / "0001_initial.py", tmp_path / "statements.py"
    migration.write_text("from gatekeeper.statements import INSTALL")
    imported.write_text("INSTALL = 'CREATE'")
    files: dict[str, Any] = {"gatekeeper.statements": imported}
    monkeypatch.setattr(prepared_database, "_migration_files", lambda: [migration])
    monkeypatch.setattr(prepared_database, "_file_of", files.get)
    before = prepared_database.digest()

    imported.write_text("INSTALL = 'CREATE TRIGGER'")

    assert prepared_database.digest() != before
