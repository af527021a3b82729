"""What the dearest hostile messages cost, beside a plain one of the same size at the same address.

    .venv/bin/python -m bench.saml_hostile [HOW_MANY]                              on SQLite
    DATABASE_URL=postgres://… .venv/bin/python -m bench.saml_hostile [HOW_MANY]    on PostgreSQL

Processor time of this process: what the database does besides is not in it. Everything happens in a database of its
own, which is dropped at the end. The messages are those of ``tests/saml/validation/test_hostile_messages.py``.
"""

import logging
import sys

from bench.preview import ACTOR  # isort: skip - sets Django up

from django.db import connection
from django.test.utils import setup_test_environment

from bench.own_database import own_database
from saml.connections.lifecycle import create_connection
from tests.saml.forge import metadata
from tests.saml.hostile.addresses import SIZE, cases, measure


def main() -> None:
    """Make a connection, send everything, print the dearest."""
    how_many = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    logging.disable(logging.CRITICAL)
    setup_test_environment()
    with own_database("saml_hostile"):
        costs = [measure(case) for case in cases(create_connection("Entra", document=metadata(), actor=ACTOR))]
    print(f"{connection.vendor}: {len(costs)} messages of about {SIZE // 1000} KB\n")
    print("| address | message | ms | control ms | ratio |\n| --- | --- | ---: | ---: | ---: |")
    for cost in sorted(costs, key=lambda cost: -cost.ratio)[:how_many]:
        figures = f"{cost.seconds * 1000:.1f} | {cost.control * 1000:.1f} | {cost.ratio:.1f}"
        print(f"| {cost.case.address} | {cost.case.name} | {figures} |")


if __name__ == "__main__":
    main()
