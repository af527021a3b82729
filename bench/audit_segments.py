"""How fast old audit entries are exported, read back, sealed and deleted, and verified from their files.

    .venv/bin/python -m bench.audit_segments 200000

In a database of its own beside the one of DATABASE_URL, which is dropped afterwards. The entries are written with a
moment of two years ago, and linked; the run is the daily one, without its limit.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gatekeeper.settings")
os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="gatekeeper-bench-"))

import django

django.setup()

from django.db import connection  # noqa: E402

from bench.own_database import own_database  # noqa: E402
from bench.processor import processor_seconds  # noqa: E402
from gatekeeper.audit.actor import Actor  # noqa: E402
from gatekeeper.audit.chain.links import link_new_entries  # noqa: E402
from gatekeeper.audit.chain.verification import verify  # noqa: E402
from gatekeeper.audit.erasure import erase_from_logs  # noqa: E402
from gatekeeper.audit.events import Event  # noqa: E402
from gatekeeper.audit.log import entry, record_all  # noqa: E402
from gatekeeper.audit.segments import files  # noqa: E402
from gatekeeper.audit.segments.checking import in_folder  # noqa: E402
from gatekeeper.audit.segments.erasing import erase_from_segments  # noqa: E402
from gatekeeper.audit.segments.sealing import seal_until  # noqa: E402

ACTOR = Actor.command("bench")
NOW = datetime.now(UTC)
SAID = {
    "userName": "ada.lovelace@example.com",
    "active": True,
    "attributes": {"title": "Countess", "roles": ["a", "b"]},
}
ADA = UUID(int=1)


def fill(count: int) -> None:
    """Linked entries of one writer, each of them about another person; one in a thousand is about Ada."""
    for start in range(0, count, 500):
        entries = [
            entry(
                Event.USER_CHANGED,
                actor=ACTOR,
                kind="user",
                object_id=ADA if (start + number) % 1000 == 0 else uuid4(),
                label="Ada Lovelace",
                before=SAID,
                after=SAID,
            )
            for number in range(500)
        ]
        for number, each in enumerate(entries):
            each.at = NOW - timedelta(days=730) + timedelta(seconds=start + number)
        record_all(entries)
    link_new_entries()


def measured(what: str, count: int, run: Callable[[], object]) -> None:
    """Run it once; print entries for each second of processor time (ours and the backend's) and of the clock."""
    clock, processor = time.perf_counter(), sum(processor_seconds())
    run()
    clock, processor = time.perf_counter() - clock, sum(processor_seconds()) - processor
    print(f"| {what} | {count / processor:,.0f} | {count / clock:,.0f} | {clock:.0f} |")


def main(count: int) -> None:
    """Print the table for RESULTS.md."""
    with own_database("segments"):
        fill(count)
        print(f"{connection.vendor}, {count:,} entries\n")
        print("| | entries in a second of processor | in a second | seconds |\n| --- | ---: | ---: | ---: |")

        def seal() -> None:
            done = seal_until(NOW - timedelta(days=365), actor=ACTOR, most_segments=10**6)
            assert (done.entries, done.failure) == (count, None), done

        def check() -> None:
            assert verify(files=in_folder(files.folder())).intact

        def erase() -> None:
            erase_from_logs(ADA, actor=ACTOR)
            erase_from_segments(actor=ACTOR)

        measured("exported, read back, sealed, deleted", count, seal)
        size = sum(path.stat().st_size for path in Path(files.folder()).iterdir())
        measured("verified with the files", count, check)
        measured("searched for a person and every file written anew", count, erase)
        print(f"\n{size / count:,.0f} bytes of file for an entry")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
