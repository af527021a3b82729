"""The audit trail at ten million entries: writing, linking and sealing; and whether autovacuum keeps up by itself.

    .venv/bin/python -m bench.own_server bench.large_logs 10000000 [trail] [log]

The trail begins with entries that the site wrote and linked, which are sealed; those after them are made by the
database, and are as large. Then entries are written and the oldest deleted, thousands in a second, until as many have
gone as half of the table has, while nobody asks for a vacuum: the rows that are dead, and the size, are what autovacuum
leaves. The same with the provisioning log. In databases of its own, of up to 15 GB; PostgreSQL only.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gatekeeper.settings")
os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="gatekeeper-bench-"))

import django

django.setup()

from django.db import connection  # noqa: E402

from bench import audit_segments  # noqa: E402
from bench.log_retention import WRITTEN, Log, Longest, logs, milliseconds, write_many  # noqa: E402
from bench.own_database import own_database  # noqa: E402
from gatekeeper.audit.chain.head import Head, keep_head, store_head  # noqa: E402
from gatekeeper.audit.chain.links import link_new_entries  # noqa: E402
from gatekeeper.audit.chain.writers import begin_anew  # noqa: E402
from gatekeeper.audit.models import AuditEntry, AuditHead, ProvisioningEntry  # noqa: E402
from gatekeeper.audit.segments.sealing import MOST, seal_until  # noqa: E402
from gatekeeper.runtime.bulk.old_rows import delete_before  # noqa: E402
from tests.audit.chain.attacker import sql, without_triggers  # noqa: E402

SEALED = 50_000  # entries, of the small trail and of the large one
TURN = 50_000  # entries that are written, and that are deleted, in a turn of the steady load
TURNS_OF_A_ROW = 10
STATISTICS = (
    "SELECT n_live_tup, n_dead_tup, autovacuum_count, pg_table_size(relid), pg_indexes_size(relid) "
    "FROM pg_stat_user_tables WHERE relname = %s"
)


def trail() -> Log:
    """Entries that the database makes: in the chain behind what the site has linked, by writers of their own."""
    log, behind = list(logs())[1], AuditHead.objects.get().position
    own = {
        "position": f"n + {behind}",
        "number": "n",
        "writer": "'filled ' || n %% 20",
        "digest": "md5(n::text) || md5((-n)::text)",
        "key_hint": "'12345678'",
    }
    return replace(log, own={**log.own, **own})


def fill_trail(entries: int) -> None:
    """Entries, behind which the site links."""
    trail().fill(entries)
    last = AuditEntry.objects.exclude(position=None).order_by("-position").first()
    row = AuditHead.objects.get()
    assert last is not None
    head = Head(last.position or 0, last.digest)
    store_head(row.trail, head)
    keep_head(row.trail, head)


def costs() -> list[float]:
    """Milliseconds of processor time of an entry that is written, linked, sealed; seconds of the longest statement."""
    log, longest = list(logs())[1], Longest()
    write_many(log)()  # what is done once
    link_new_entries()
    written = min(milliseconds(WRITTEN, write_many(log)) for _ in range(2))
    linked = milliseconds(2 * WRITTEN, link_new_entries)

    def seal() -> None:
        cutoff, segments = datetime.now(UTC) - timedelta(days=365), SEALED // MOST
        done = seal_until(cutoff, actor=audit_segments.ACTOR, most_segments=segments)
        assert (done.entries, done.failure) == (SEALED, None), done

    with connection.execute_wrapper(longest):
        sealed = milliseconds(SEALED, seal)
    return [written, linked, sealed, longest.seconds]


def measure_trail(entries: int) -> None:
    """Print what an entry costs in a small and in a large trail; then let the large one be written and deleted."""
    with own_database(f"large_{os.getpid()}"):
        audit_segments.fill(SEALED)
        small = costs()
    begin_anew()
    with own_database(f"large_{os.getpid()}"):
        audit_segments.fill(SEALED)
        fill_trail(entries)
        large = costs()
        print("| trail of | written, ms | linked, ms | sealed, ms | longest statement of sealing, s |")
        print("| --- | ---: | ---: | ---: | ---: |")
        for name, row in ((f"{SEALED:,}", small), (f"{SEALED + entries:,}", large)):
            print(f"| {name} | {' | '.join(f'{value:.4f}' for value in row)} |")
        print(f"| × | {' | '.join(f'{b / a:.2f}' for a, b in zip(small, large, strict=True))} |\n", flush=True)
        with without_triggers():
            steady("audit_auditentry", turn_of_trail, entries)


def measure_log(entries: int) -> None:
    """The provisioning log under the same load."""
    with own_database(f"large_{os.getpid()}"):
        next(logs()).fill(entries)
        steady("audit_provisioningentry", turn_of_log, entries)


def steady(table: str, turn: Callable[[], None], entries: int) -> None:
    """Print the rows that are dead, and the size, while as many entries come and go as half of the table has."""
    print(f"| turns ({table}) | seconds | live | dead | autovacuums | table, GB | indexes, GB |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    begun, turns = time.perf_counter(), max(TURNS_OF_A_ROW, entries // TURN // 2)
    for number in range(turns + 1):
        if number % TURNS_OF_A_ROW == 0:
            with connection.cursor() as cursor:
                cursor.execute(STATISTICS, [table])
                live, dead, vacuums, rows, indexes = cursor.fetchone()
            sizes = f"{rows / 1e9:.2f} | {indexes / 1e9:.2f}"
            seconds = time.perf_counter() - begun
            print(f"| {number} | {seconds:.0f} | {live:,} | {dead:,} | {vacuums} | {sizes} |", flush=True)
        turn()


def turn_of_trail() -> None:
    """Entries are written, linked a thousand at a time as the task does it, and the oldest deleted as in sealing."""
    first = copy_newest(AuditEntry, position="NULL", digest="''", at="now()", number="number + 1000000000")
    newest = AuditEntry.objects.exclude(position=None).order_by("-position").values_list("position", flat=True)[0]
    for start in range(0, TURN, 1000):
        sql(
            "UPDATE audit_auditentry SET position = id - %s + %s, digest = md5(id::text) || md5((-id)::text) "
            "WHERE id >= %s AND id < %s",
            first - 1,
            newest or 0,
            first + start,
            first + start + 1000,
        )
    for _ in range(TURN // MOST):
        oldest = AuditEntry.objects.exclude(position=None).order_by("position").values_list("position", flat=True)[0]
        AuditEntry.objects.filter(position__range=(oldest, (oldest or 0) + MOST - 1)).delete()


def turn_of_log() -> None:
    """Requests are logged, and the oldest deleted as the task does it."""
    copy_newest(ProvisioningEntry, at="clock_timestamp()")
    cutoff = ProvisioningEntry.objects.order_by("at").values_list("at", flat=True)[TURN]
    delete_before(ProvisioningEntry.objects.all(), "at", cutoff)


def copy_newest(model: type[AuditEntry | ProvisioningEntry], **others: str) -> int:
    """Insert rows like the newest ones; returns the id of the first. ``others``: columns with another value."""
    table = model._meta.db_table
    columns = [each.column for each in model._meta.concrete_fields if each.column != "id"]
    values = [others.get(column, f'"{column}"') for column in columns]
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{table}" ({names}) SELECT {", ".join(values)} FROM '
            f'(SELECT * FROM "{table}" ORDER BY id DESC LIMIT {TURN}) AS newest RETURNING id'
        )
        return min(number for (number,) in cursor.fetchall())


def main(entries: int, *chosen: str) -> None:
    """Print the tables for RESULTS.md."""
    print(f"PostgreSQL with its own autovacuum, {entries:,} entries\n", flush=True)
    for name, measure in (("trail", measure_trail), ("log", measure_log)):
        if not chosen or name in chosen:
            measure(entries)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000, *sys.argv[2:])
