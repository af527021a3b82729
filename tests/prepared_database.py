"""The test database as a copy of one that was migrated before: its migrations take longer than most test files.

What was migrated is kept under a digest of everything that it follows from. On SQLite it is a file in pytest's cache
folder; on PostgreSQL a database on the same server, which the next one that is made drops after two weeks.
"""

import ast
import fcntl
import hashlib
import importlib.util
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import django
from django.apps import apps
from django.conf import settings
from django.core import management
from django.db import connection
from django.test.utils import setup_databases

from gatekeeper.audit.chain.head import Head, new_trail, store_head
from tests.kept import FOLDER, kept_file

OUR_PACKAGES = ("gatekeeper", "scim", "saml")
PREFIX = "gatekeeper_tests_"
KEPT_DAYS = 14
LOCK = 4_711_001  # any number: the PostgreSQL lock of whoever makes or copies a prepared database


def create_test_databases() -> Any:
    """What Django's ``setup_databases`` does and returns, with a copy in the place of ``migrate``."""
    with locked():
        template = PREFIX + digest()
        settings_of_test = connection.settings_dict["TEST"]
        settings_of_test["TEMPLATE"] = template if connection.vendor == "postgresql" and _is_kept(template) else None
        with mock.patch.object(management, "call_command", _instead_of_migrating(template)):
            created = setup_databases(verbosity=0, interactive=False, aliases={"default"}, serialized_aliases=set())
    store_head(new_trail(), Head(0, ""))  # the audit log's head is signed with this run's SECRET_KEY
    return created


def digest() -> str:
    """Changes with whatever the migrated database follows from."""
    facts = [django.VERSION, sqlite3.sqlite_version, settings.INSTALLED_APPS, settings.AUTH_USER_MODEL]
    content = hashlib.sha256(repr(facts).encode())
    for path in sorted(_with_imports(_migration_files())):
        content.update(f"{path.name} {path.stat().st_size}\n".encode() + path.read_bytes())
    return content.hexdigest()[:20]


def _migration_files() -> Iterator[Path]:
    for app in apps.get_app_configs():
        yield from (Path(app.path) / "migrations").glob("*.py")


def _with_imports(paths: Iterable[Path]) -> set[Path]:
    """These files, and those of our packages that they import, directly or through others."""
    found: set[Path] = set()
    waiting = list(paths)
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += _our_imports(path)
    return found


def _our_imports(path: Path) -> Iterator[Path]:
    source = path.read_text()
    if not any(package in source for package in OUR_PACKAGES):
        return
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        yield from filter(None, map(_file_of, names))


def _file_of(module: str) -> Path | None:
    if module.partition(".")[0] not in OUR_PACKAGES:
        return None
    try:
        spec = importlib.util.find_spec(module)
    except ModuleNotFoundError:  # an attribute of a module, not a module
        return None
    return Path(spec.origin) if spec and spec.origin else None


def _instead_of_migrating(template: str) -> Callable[..., None]:
    """A ``call_command`` whose ``migrate`` copies what is kept, or migrates and keeps the result."""
    call_command = management.call_command
    keep = _keep_on_postgresql if connection.vendor == "postgresql" else _keep_on_sqlite

    def call(name: str, *arguments: Any, **options: Any) -> None:
        if name != "migrate":
            call_command(name, *arguments, **options)
        elif not _is_kept(template):
            call_command(name, *arguments, **options)
            keep(template)
        elif connection.vendor == "sqlite":
            _copy_on_sqlite(template)

    return call


@contextmanager
def locked() -> Iterator[None]:
    """One test process at a time prepares or copies."""
    if connection.vendor == "postgresql":
        with connection.creation._nodb_cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
            yield
    else:
        with kept_file("lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _is_kept(template: str) -> bool:
    if connection.vendor == "sqlite":
        return kept_file(f"{template}.sqlite3").exists()
    with connection.creation._nodb_cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [template])
        return cursor.fetchone() is not None


# ── SQLite: a file ───────────────────────────────────────────────────────────────────────────────────────────────
def _keep_on_sqlite(template: str) -> None:
    path = kept_file(f"{template}.sqlite3")
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    with closing(sqlite3.connect(partial)) as copy:
        connection.connection.backup(copy)
    partial.replace(path)
    for former in FOLDER.glob(f"{PREFIX}*.sqlite3"):
        if former.stat().st_mtime < (datetime.now(UTC) - timedelta(days=KEPT_DAYS)).timestamp():
            former.unlink()


def _copy_on_sqlite(template: str) -> None:
    path = kept_file(f"{template}.sqlite3")
    path.touch()  # it was used today
    connection.ensure_connection()
    with closing(sqlite3.connect(path)) as kept:
        kept.backup(connection.connection)


# ── PostgreSQL: a database ───────────────────────────────────────────────────────────────────────────────────────
def _keep_on_postgresql(template: str) -> None:
    migrated = connection.settings_dict["NAME"]
    connection.close()
    connection.close_pool()
    with connection.creation._nodb_cursor() as cursor:
        quote = connection.ops.quote_name
        cursor.execute(f"CREATE DATABASE {quote(template)} TEMPLATE {quote(migrated)}")
        today = datetime.now(UTC).date()
        cursor.execute(f"COMMENT ON DATABASE {quote(template)} IS '{today.isoformat()}'")
        cursor.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE %s AND shobj_description(oid, 'pg_database') < %s",
            [f"{PREFIX}%", (today - timedelta(days=KEPT_DAYS)).isoformat()],
        )
        for (former,) in cursor.fetchall():
            cursor.execute(f"DROP DATABASE IF EXISTS {quote(former)}")
