"""Open everything in the configured database, which was filled before: ``python -m tests.scale.measure PEOPLE [WORD]``.

Prints what each opening costs, the dearest first; WORD chooses the addresses that have it.
"""

import os
import sys

import django
from django.apps import apps

if not apps.ready:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()

from tests.scale.copies import execute
from tests.scale.measuring import Browsers, Measured
from tests.scale.openings import openings, world


def everything(people: int, word: str = "") -> list[Measured]:
    """Everything whose address has ``word``, opened, without parallel processes, whose work would not be counted."""
    execute("SET max_parallel_workers_per_gather = 0")
    execute("SET jit = off")
    execute("SET statement_timeout = 20000")
    browsers, known, found = Browsers(), world(people), []
    browsers.start(known["tokens"])
    for each in openings(known):
        if word in str(each):
            found.append(browsers.measure(each))
            sys.stderr.write(f"{line(found[-1])}\n")
    return found


def line(each: Measured) -> str:
    return (
        f"{each.seconds:7.2f} s = {each.python:5.2f} + {each.database:5.2f} | {each.own:3} queries | "
        f"{each.size / 1000:6.0f} kB | {each.rows_read:9,} rows | {each.repeated:7,} x | {each.status} | {each.opening}"
    )


if __name__ == "__main__":
    for each in sorted(everything(int(sys.argv[1]), " ".join(sys.argv[2:])), key=lambda m: -m.seconds):
        print(line(each))  # noqa: T201
