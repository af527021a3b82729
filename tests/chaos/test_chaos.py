"""Processes are killed, connections cut and the database taken away while an identity provider writes.

Afterwards the directory equals the clients' own lists, the provisioning log has each acknowledged change once, the
audit trail verifies, and the worker catches up. ``make chaos`` runs it for longer.
"""

import os
import sys
from collections import Counter

from tests.chaos.faults import Faults
from tests.chaos.outcome import assert_nothing_is_lost
from tests.chaos.provisioning import Client
from tests.site import wait_until

SECONDS = float(os.environ.get("CHAOS_SECONDS", "10"))
SEED = int(os.environ.get("CHAOS_SEED", "1"))
CLIENTS = 4


def test_nothing_that_was_acknowledged_is_lost_whatever_happens(make_site):
    site = make_site(environment={"DATABASE_CONNECT_TIMEOUT": "5"})
    key = site.manage("scim_key", "generate")["api_key"]
    clients = [Client(number, site.url, key, SEED) for number in range(CLIENTS)]
    faults = Faults(site, SEED)
    for client in clients:
        client.start()
    try:
        faults.all_and_more(SECONDS)
        wait_until(site.answers, what="the last start of the web server")
    finally:
        for client in clients:
            client.end()

    changes = assert_nothing_is_lost(site, key, clients)
    methods = Counter(method for method, _ in changes.elements())
    repeated = sum(client.expected.repeated for client in clients)
    sys.stdout.write(f"{dict(faults.counts)}; acknowledged {dict(methods)}, after {repeated} repetitions\n")
