"""How many audit entries a second of processor time can be written, linked and verified.

    .venv/bin/python -m bench.audit_trail 100000

In a database of its own beside the one of DATABASE_URL (SQLite: in memory), which is dropped afterwards. Processor
time is this process's; what the PostgreSQL server spends beside it shows in the wall clock only.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gatekeeper.settings")
os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="gatekeeper-bench-"))

import django

django.setup()

from django.db import connection, transaction  # noqa: E402

from gatekeeper.audit.actor import Actor  # noqa: E402
from gatekeeper.audit.chain.links import link_new_entries  # noqa: E402
from gatekeeper.audit.chain.verification import verify  # noqa: E402
from gatekeeper.audit.events import Event  # noqa: E402
from gatekeeper.audit.log import entry, record, record_all  # noqa: E402

ACTOR = Actor.command("bench")
SAID = {
    "userName": "ada.lovelace@example.com",
    "active": True,
    "attributes": {"title": "Countess", "roles": ["a", "b"]},
}


def measured(what: str, count: int, run: Callable[[], object]) -> None:
    """Run it once; print entries for each second of processor time and of the clock."""
    clock, processor = time.perf_counter(), time.process_time()
    run()
    clock, processor = time.perf_counter() - clock, time.process_time() - processor
    print(f"| {what} | {count / processor:,.0f} | {count / clock:,.0f} |")


def write(count: int) -> None:
    """As provisioning does: batches of entries in one transaction."""
    for start in range(0, count, 500):
        record_all(
            [
                entry(Event.USER_CREATED, actor=ACTOR, kind="user", object_id=start + n, label="Ada", after=SAID)
                for n in range(500)
            ]
        )


def write_one_by_one(count: int) -> None:
    """As a page does, but for the transaction around each."""
    with transaction.atomic():
        for number in range(count):
            record(Event.USER_CHANGED, actor=ACTOR, kind="user", object_id=number, label="Ada", before=SAID, after=SAID)


def main(count: int) -> None:
    """Print the table for RESULTS.md."""
    connection.creation.create_test_db(verbosity=0)
    try:
        print(
            f"{connection.vendor}, {count:,} entries\n\n| | a second of processor | a second |\n| --- | ---: | ---: |"
        )
        measured("written, 500 at once", count, lambda: write(count))
        measured("written one by one", count // 10, lambda: write_one_by_one(count // 10))
        measured("linked", count * 11 // 10, link_new_entries)
        measured("verified", count * 11 // 10, lambda: print(end="" if verify().intact else "ALTERED\n"))
    finally:
        connection.creation.destroy_test_db(connection.settings_dict["NAME"], verbosity=0)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
