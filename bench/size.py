"""How many bytes the database stores for a user whom Entra creates, by table, and how many go to the write-ahead log.

    .venv/bin/python -m bench.size [--people 2000] [--tree FOLDER]… [--database sqlite|postgresql]…

For each person a POST and a PATCH of the manager, as Entra sends them, then a PATCH of the title. Each tree is a
checked out version of the site (this one is always measured), with a ``.venv`` of its own or this one's packages: the
same requests are sent to each, so that a former version stands beside the present one. What the worker does each minute
and autovacuum are run in between.

PostgreSQL is that of DATABASE_URL, whose role has to be a superuser; the databases are dropped afterwards. Of its
write-ahead log the records are counted that name the database's pages, by ``pg_walinspect`` (PostgreSQL 15).
"""

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, LiteralString
from urllib.parse import urlsplit, urlunsplit

import psycopg

from bench.termination import cleaning_up
from entra_client.directory.company import make_company
from entra_client.protocol.client_quirks import WithoutFlag

ROOT = Path(__file__).resolve().parent.parent
SERVER = "postgres://postgres@127.0.0.1:5432/postgres"
TITLES = 1  # changes of a title for each person
Request = dict[str, Any]
Sizes = Counter[tuple[str, str]]  # bytes by table and part of it

_POSTGRESQL_SIZES = """
SELECT relname, pg_relation_size(oid, 'main'),
       coalesce(pg_total_relation_size(nullif(reltoastrelid, 0)), 0), pg_indexes_size(oid)
  FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"""
_WRITTEN_AHEAD = """
SELECT coalesce(sum(record_length), 0), coalesce(sum(fpi_length), 0)
  FROM pg_get_wal_records_info(%s, pg_current_wal_flush_lsn())
 WHERE position('/' || (SELECT oid FROM pg_database WHERE datname = current_database()) || '/' IN block_ref) > 0"""
_SQLITE_SIZES = """
SELECT coalesce(owner.tbl_name, pages.name), owner.type = 'index', sum(pages.pgsize)
  FROM dbstat AS pages LEFT JOIN sqlite_master AS owner ON owner.name = pages.name GROUP BY 1, 2"""


@dataclass
class Phase:
    """What one kind of request added; ``images``: the bytes of ``wal`` that are whole pages."""

    name: str
    requests: int
    sizes: Sizes
    wal: int = 0
    images: int = 0


@dataclass
class Measured:
    """One tree on one database."""

    tree: str
    database: str
    phases: list[Phase] = field(default_factory=list)


def phases_of(people: int) -> Iterator[tuple[str, list[Request]]]:
    """The name of each phase and its requests."""
    quirks, company = WithoutFlag(), make_company(people=people, groups=0, seed=1)

    def patch(person: str, body: Request, *named: str) -> Request:
        return {"method": "PATCH", "path": f"/Users/{{{person}}}", "body": body, "named": [person, *named], "name": ""}

    yield (
        "POST",
        [
            {"method": "POST", "path": "/Users", "body": quirks.new_user(person), "named": [], "name": person.object_id}
            for person in company.people
        ],
    )
    yield (
        "PATCH of the manager",
        [
            patch(person.object_id, quirks.set_manager(f"{{{person.manager_id}}}"), person.manager_id)
            for person in company.people
            if person.manager_id
        ],
    )
    yield (
        "PATCH of the title",
        [
            patch(person.object_id, quirks.change_user({"title": f"{person.title} {number}"}))
            for number in range(TITLES)
            for person in company.people
        ],
    )


def measure(tree: Path, database: str, people: int) -> Measured:
    """Migrate, send, and read the sizes after each phase."""
    measured = Measured(tree.name, database)
    with tempfile.TemporaryDirectory(prefix="gatekeeper-bench-") as folder, site_database(database, folder) as url:
        site = _Site(tree, url, Path(folder))
        site.run("manage.py", "migrate", "--verbosity", "0")
        key = json.loads(site.run("manage.py", "scim_key", "generate", "--json"))["api_key"]
        before = sizes_of(url)
        for name, requests in phases_of(people):
            (Path(folder) / "requests").write_text("\n".join(map(json.dumps, requests)))
            start = log_position(url)
            site.run(str(ROOT / "bench/played_requests.py"), key, f"{folder}/requests", f"{folder}/ids")
            after = sizes_of(url)
            added = Counter(after)
            added.subtract(before)
            measured.phases.append(Phase(name, len(requests), +added, *written_ahead(url, start)))
            before = after
    return measured


class _Site:
    """Runs programs of one tree on one database."""

    def __init__(self, tree: Path, url: str, folder: Path) -> None:
        python = tree / ".venv/bin/python"
        self._python = str(python if python.exists() else sys.executable)
        self._tree = tree
        plain = {name: value for name, value in os.environ.items() if name not in ("REDIS_URL", "PUBLIC_URL")}
        self._environment = {**plain, "DATABASE_URL": url, "DATA_DIR": str(folder / "data")}

    def run(self, *arguments: str) -> str:
        """Standard output. Raises CalledProcessError."""
        command = [self._python, *arguments]
        done = subprocess.run(command, cwd=self._tree, env=self._environment, check=True, stdout=subprocess.PIPE)
        return done.stdout.decode()


@contextmanager
def site_database(database: str, folder: str) -> Iterator[str]:
    """The address of an empty database, which is dropped afterwards."""
    if database == "sqlite":
        yield f"sqlite:///{folder}/site.sqlite3"
        return
    server = os.environ.get("DATABASE_URL", SERVER)
    name = f"gatekeeper_bench_size_{os.getpid()}"
    with cleaning_up(), psycopg.connect(server, autocommit=True) as connection:
        try:
            connection.execute(f'CREATE DATABASE "{name}"')
            # As long as it stands, the server keeps its write-ahead log.
            connection.execute("SELECT pg_create_physical_replication_slot(%s, true)", [name])
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            drop = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s"
            connection.execute(drop, [name])
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def sizes_of(url: str) -> Sizes:
    """Bytes of each table: its rows, what is stored beside them (TOAST), its indexes."""
    sizes: Sizes = Counter()
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as file:
            for table, is_index, size in file.execute(_SQLITE_SIZES):
                sizes[table, "indexes" if is_index else "rows"] += size
        return sizes
    with psycopg.connect(url) as connection:
        for table, rows, toast, indexes in connection.execute(_POSTGRESQL_SIZES):
            sizes.update({(table, "rows"): rows, (table, "toast"): toast, (table, "indexes"): indexes})
    return sizes


def log_position(url: str) -> str:
    """The end of the server's write-ahead log, after a checkpoint, so that runs are alike; empty on SQLite."""
    if url.startswith("sqlite"):
        return ""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        return str(_row(connection, "SELECT pg_current_wal_lsn()")[0])


def written_ahead(url: str, start: str) -> tuple[int, int]:
    """Bytes of the write-ahead log about this database since then, and how many of them are images of whole pages."""
    if not start:
        return 0, 0
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_walinspect")
        size, images = _row(connection, _WRITTEN_AHEAD, [start])
    return int(size), int(images)


def _row(connection: psycopg.Connection[tuple[Any, ...]], text: LiteralString, values: Sequence[Any] = ()) -> Any:
    """The only row of an answer."""
    return connection.execute(text, values).fetchone()


def report(all_measured: list[Measured], people: int) -> None:
    """The tables for RESULTS.md."""
    for measured in all_measured:
        print(f"\n**{measured.tree}, {measured.database}**, {people:,} people\n")
        print("| bytes for each person | rows | toast | indexes | all |\n| --- | ---: | ---: | ---: | ---: |")
        created: Sizes = sum((phase.sizes for phase in measured.phases[:2]), Counter())
        by_table = Counter({table: 0 for table, _ in created})
        for (table, _), size in created.items():
            by_table[table] += size
        for table, size in by_table.most_common():
            parts = [created[table, part] / people for part in ("rows", "toast", "indexes")]
            if size / people >= 1:
                print(f"| {table} | {' | '.join(f'{part:,.0f}' for part in parts)} | {size / people:,.0f} |")
        print(f"| **created, with a manager** | | | | **{by_table.total() / people:,.0f}** |")
        print("\n| for 100,000 requests | stored, MB | write-ahead log, MB | without images of pages, MB |")
        print("| --- | ---: | ---: | ---: |")
        for phase in measured.phases:
            each = 100_000 / phase.requests / 1e6
            ahead = (phase.wal, phase.wal - phase.images)
            shown = " | ".join(f"{size * each:,.0f}" if size > 0 else "–" for size in ahead)
            print(f"| {phase.name} | {phase.sizes.total() * each:,.0f} | {shown} |")


def main() -> None:
    """Measure each tree on each database."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=2_000)
    parser.add_argument("--tree", type=Path, action="append", default=[], help="a checked out version to measure too")
    parser.add_argument("--database", action="append", choices=("postgresql", "sqlite"))
    options = parser.parse_args()
    trees = [*(tree.resolve() for tree in options.tree), ROOT]
    databases = options.database or ["postgresql", "sqlite"]
    report([measure(tree, each, options.people) for each in databases for tree in trees], options.people)


if __name__ == "__main__":
    main()
