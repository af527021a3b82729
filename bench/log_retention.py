"""What an entry of a log costs to write and to delete, in a log that is small and in one that is large.

    .venv/bin/python -m bench.log_retention 10000000 [ProvisioningEntry] [AuditEntry] [partitions]

Of the provisioning log, of the audit trail, and on PostgreSQL of the provisioning log in monthly partitions, of which
the oldest is dropped. In a database of its own beside the one of DATABASE_URL, which is dropped afterwards: 10 million
entries of a table take 15 GB. Processor time is this process's and, on PostgreSQL, its backend's. A log is filled by
the database with entries of two years; those that are measured are written as a request writes them.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gatekeeper.settings")
os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="gatekeeper-bench-"))

import django

django.setup()

from django.db import connection, models, transaction  # noqa: E402

from bench.log_partitions import partitioned  # noqa: E402
from bench.own_database import own_database  # noqa: E402
from bench.processor import processor_seconds  # noqa: E402
from gatekeeper.audit.actor import Actor  # noqa: E402
from gatekeeper.audit.events import Event  # noqa: E402
from gatekeeper.audit.log import ProvisioningRecord, record, record_provisioning  # noqa: E402
from gatekeeper.audit.models import AuditEntry, ProvisioningEntry  # noqa: E402
from gatekeeper.runtime.bulk.old_rows import delete_before  # noqa: E402
from tests.audit.chain.attacker import without_triggers  # noqa: E402

YEARS = timedelta(days=730)
WRITTEN = 3_000  # entries that are measured
DELETED = 200_000
BODY = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
    "userName": "ada.lovelace@example.com",
    "displayName": "Ada Lovelace",
    "active": True,
    "emails": [{"primary": True, "type": "work", "value": "ada.lovelace@example.com"}],
    "name": {"givenName": "Ada", "familyName": "Lovelace"},
}
NUMBERS = {
    "postgresql": "SELECT g AS n FROM generate_series(1, %(entries)s) AS g",
    "sqlite": ("WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < %(entries)s) SELECT n FROM g"),
}
MOMENT = {
    "postgresql": "now() - interval '1 second' * ((%(entries)s - n) * 86400.0 * 730 / %(entries)s)",
    "sqlite": (
        "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', "
        "'-' || CAST((%(entries)s - n) * 86400.0 * 730 / %(entries)s AS TEXT) || ' seconds')"
    ),
}
AN_ID = {"postgresql": "gen_random_uuid()", "sqlite": "lower(hex(randomblob(16)))"}
NAME = "'person' || n || '@example.com'"


def write_request() -> None:
    """An entry of the provisioning log, as a request writes it."""
    known = {"method": "POST", "path": "/scim/v2/Users", "status": 201, "outcome": "changed", "key_id": KEY}
    stated = {"request": BODY, "answer": {**BODY, "id": str(uuid4())}, "user_label": f"{uuid4()}@example.com"}
    record_provisioning(ProvisioningRecord(request_id=str(uuid4()), user_id=uuid4(), **known, **stated))


def write_audit_entry() -> None:
    """An entry of the audit trail, as a service writes it."""
    actor = Actor.scim_key(KEY, "Entra", request_id=str(uuid4()))
    record(Event.USER_CREATED, actor=actor, kind="user", object_id=uuid4(), label=f"{uuid4()}@example.com", after=BODY)


KEY = str(uuid4())


@contextmanager
def without_indexes(table: str) -> Iterator[None]:
    """While PostgreSQL fills a table its indexes are away, as far as they are no constraints: a tenth of the time."""
    made: list[tuple[str, str]] = []
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND NOT EXISTS "
                "(SELECT FROM pg_constraint WHERE conindid = quote_ident(indexname)::regclass)",
                [table],
            )
            made = cursor.fetchall()
        for name, _ in made:
            cursor.execute(f'DROP INDEX "{name}"')
        yield
        for _, definition in made:
            cursor.execute(definition.replace(" ON ONLY ", " ON "))  # on the partitions, too


@dataclass(frozen=True)
class Log:
    """``own``: the columns that each entry has a value of its own in, and the expression."""

    name: str
    model: type[models.Model]
    write: Callable[[], None]
    own: dict[str, str]

    def fill(self, entries: int) -> None:
        """Entries of two years, the oldest first, each like one that was written."""
        self.write()
        table, vendor = self.model._meta.db_table, connection.vendor
        own = {"at": MOMENT[vendor], **self.own}
        others = [each.column for each in self.model._meta.concrete_fields if each.column not in {"id", *own}]
        columns = ", ".join(f'"{column}"' for column in (*own, *others))
        values = ", ".join((*own.values(), *(f'"{column}"' for column in others)))
        like = f'(SELECT * FROM "{table}" ORDER BY id DESC LIMIT 1) AS one'
        statement = f'INSERT INTO "{table}" ({columns}) SELECT {values} FROM ({NUMBERS[vendor]}) AS numbers, {like}'
        with connection.cursor() as cursor, without_indexes(table):
            cursor.execute(statement, {"entries": entries})
        if vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f'VACUUM ANALYZE "{table}"')


def logs() -> Iterator[Log]:
    """The provisioning log and the audit trail."""
    an_id = AN_ID[connection.vendor]
    text = f"CAST({an_id} AS text)"
    request = {"request_id": text, "user_id": an_id, "user_label": NAME}
    yield Log("provisioning log", ProvisioningEntry, write_request, request)
    number = {"number": "n + 100000", "position": "n + 100000"}
    entry = {"request_id": text, "object_id": text, "object_label": NAME, **number}
    yield Log("audit trail", AuditEntry, write_audit_entry, entry)


@dataclass
class Costs:
    """``written``: milliseconds of processor time for an entry, empty and full. ``longest``: seconds of a deletion."""

    written: list[float] = field(default_factory=list)
    deleted: float = 0.0
    rows: int = 0
    seconds: float = 0.0
    longest: float = 0.0
    size: list[int] = field(default_factory=list)
    vacuumed: float = 0.0


def milliseconds(count: int, run: Callable[[], object]) -> float:
    """Processor time for each of ``count``."""
    before = sum(processor_seconds())
    run()
    return (sum(processor_seconds()) - before) / count * 1000


def write_many(log: Log) -> Callable[[], None]:
    """Entries in transactions of their own."""

    def write() -> None:
        for _ in range(WRITTEN):
            with transaction.atomic():
                log.write()

    return write


class Longest:
    """Keeps the longest time of one statement: each batch of a deletion is one."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        begun = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.seconds = max(self.seconds, time.perf_counter() - begun)


def size_of(table: str) -> int:
    """Bytes with indexes; the partitions' too."""
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(pg_total_relation_size(relid)), pg_total_relation_size(%s)) "
            "FROM pg_partition_tree(%s)",
            [table, table],
        )
        return int(cursor.fetchone()[0])


def delete_in_batches(log: Log, entries: int, costs: Costs) -> None:
    """What is due is deleted as the task does it."""
    longest, begun = Longest(), time.perf_counter()
    cutoff = datetime.now(UTC) - YEARS + YEARS * DELETED / entries
    with connection.execute_wrapper(longest):
        spent = milliseconds(1, lambda: costs.__setattr__("rows", delete_before(_rows(log), "at", cutoff)))
    costs.seconds, costs.longest = time.perf_counter() - begun, longest.seconds
    costs.deleted = spent / max(1, costs.rows)


def _rows(log: Log) -> Any:
    return log.model._default_manager.all()


def measure(log: Log, entries: int, delete: Callable[[Log, int, Costs], None]) -> Costs:
    """Write into the empty log, fill it, write into the full one, delete what is due, let it be vacuumed."""
    costs, table = Costs(), log.model._meta.db_table
    log.write()
    write_many(log)()  # what is done once
    costs.written.append(milliseconds(WRITTEN, write_many(log)))
    log.fill(entries)
    costs.written += [milliseconds(WRITTEN, write_many(log)) for _ in range(2)]
    costs.size.append(size_of(table))
    delete(log, entries, costs)
    if connection.vendor == "postgresql":
        begun = time.perf_counter()
        with connection.cursor() as cursor:
            cursor.execute(f'VACUUM "{table}"')
        costs.vacuumed = time.perf_counter() - begun
    costs.size.append(size_of(table))
    return costs


def report(name: str, costs: Costs) -> None:
    """A row of the table for RESULTS.md."""
    empty, full = costs.written[0], min(costs.written[1:])
    bytes_now = " → ".join(f"{size / 1e9:.2f}" for size in costs.size)
    print(
        f"| {name} | {empty:.3f} | {full:.3f} | {full / empty:.2f} | {costs.deleted:.4f} "
        f"| {costs.rows / costs.seconds:,.0f} | {costs.longest:.2f} | {costs.vacuumed:.1f} | {bytes_now} |",
        flush=True,
    )


def main(entries: int, *chosen: str) -> None:
    """Print the table for RESULTS.md."""
    print(f"{connection.vendor}, {entries:,} entries of two years\n")
    heads = ("log", "written into an empty one, ms", "into the full one", "ratio", "deleted, ms", "rows a second")
    print(f"| {' | '.join((*heads, 'longest transaction, s', 'vacuum, s', 'GB, before and after'))} |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |", flush=True)
    for log in logs():
        if not chosen or log.model.__name__ in chosen:
            with own_database(f"retention_{os.getpid()}"), without_triggers():
                report(log.name, measure(log, entries, delete_in_batches))
    if connection.vendor == "postgresql" and (not chosen or "partitions" in chosen):
        log = next(logs())
        with own_database(f"retention_{os.getpid()}"):
            drop_month = partitioned(log.model._meta.db_table)
            report(f"{log.name}, partitions", measure(log, entries, drop_month))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000, *sys.argv[2:])
