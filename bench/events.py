"""What writing an event costs a service, and how many events a second of processor time are delivered.

    .venv/bin/python -m bench.events 20000

In a database of its own beside the one of DATABASE_URL (SQLite: in memory), which is dropped afterwards. Processor time
is this process's and, on PostgreSQL, its backend's, as the kernel counts it.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gatekeeper.settings")
os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="gatekeeper-bench-"))

import django

django.setup()

from django.db import connection, transaction  # noqa: E402

from gatekeeper.audit.actor import Actor  # noqa: E402
from gatekeeper.events import delivery  # noqa: E402
from gatekeeper.events.codes import EventCode  # noqa: E402
from gatekeeper.events.delivery import deliver_due  # noqa: E402
from gatekeeper.events.models import Delivery, OutboxEvent  # noqa: E402
from gatekeeper.events.outbox import emit, emit_all, event  # noqa: E402
from gatekeeper.events.queueing import queue_new_events  # noqa: E402
from gatekeeper.events.subscription import Occurrence, Subscriber  # noqa: E402

ACTOR = Actor.scim_key("2f3c", "Entra", request_id="7e1c")
DATA = {"user": {"id": "5d1f", "user_name": "ada.lovelace@example.com", "external_id": "e-77"}, "active": True}


def ignore(occurrence: Occurrence) -> None:
    """A subscriber that costs nothing, so that what is measured is ours."""


SUBSCRIBERS = [Subscriber("bench", ignore, frozenset(EventCode))]


def backend_seconds() -> float:
    """Processor seconds of the PostgreSQL backend so far; 0 on SQLite, whose work is this process's."""
    if connection.vendor != "postgresql":
        return 0.0
    connection.ensure_connection()
    fields = Path(f"/proc/{connection.connection.info.backend_pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measured(what: str, count: int, run: Callable[[], object]) -> None:
    """Run it once; print events for each second of processor time, and the milliseconds of one."""
    processor = time.process_time() + backend_seconds()
    run()
    processor = time.process_time() + backend_seconds() - processor
    print(f"| {what} | {count / processor:,.0f} | {processor / count * 1000:.3f} |")


def write_one_by_one(count: int) -> None:
    """As a request does, but for the transaction around each."""
    with transaction.atomic():
        for number in range(count):
            emit(EventCode.USER_PROVISIONED, actor=ACTOR, kind="user", object_id=number, data=DATA)


def write_many(count: int, objects: int) -> None:
    """As the sync does."""
    with transaction.atomic():
        emit_all(
            [
                event(EventCode.USER_LINKED, actor=ACTOR, kind="user", object_id=number % objects, data=DATA)
                for number in range(count)
            ]
        )


def queue_all() -> None:
    """As the first part of a run does."""
    while queue_new_events(SUBSCRIBERS):
        pass


def deliver_all() -> None:
    """As runs do, one after the other."""
    while Delivery.objects.exists():
        deliver_due(SUBSCRIBERS)


def main(count: int) -> None:
    """Print the table for RESULTS.md."""
    connection.creation.create_test_db(verbosity=0)
    delivery.RUN_SECONDS = 3600.0
    try:
        print(f"{connection.vendor}, {count:,} events\n")
        print("| | a second of processor | ms for one |\n| --- | ---: | ---: |")
        measured("written one by one", count // 4, lambda: write_one_by_one(count // 4))
        OutboxEvent.objects.all().delete()
        measured("written by one call", count, lambda: write_many(count, count))
        measured("queued", count, queue_all)
        measured("delivered, each of another object", count, deliver_all)
        write_many(count, 1)
        queue_all()
        measured("delivered, all of one object", count, deliver_all)
        measured("a run with nothing to do", 500, lambda: [deliver_due(SUBSCRIBERS) for _ in range(500)])
    finally:
        connection.creation.destroy_test_db(connection.settings_dict["NAME"], verbosity=0)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
