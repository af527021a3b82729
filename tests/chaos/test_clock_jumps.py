"""A clock is set two hours forward and back while an identity provider writes: the site's, its database's, or both.

Afterwards all is as in ``test_chaos.py``, and what follows the site's clock has followed it: the schedule, the signs
of life, sessions. The database's own moves none of that: the site reads no time from it that it stores.
"""

import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.chaos.clocks import HOUR, Clock
from tests.chaos.outcome import assert_nothing_is_lost, is_alive
from tests.chaos.provisioning import Client
from tests.chaos.servers import PostgreSql
from tests.site import Site, wait_until

JUMPS = (2 * HOUR, -2 * HOUR, -2 * HOUR)
if float(os.environ.get("CHAOS_SECONDS", "10")) >= 60:
    # Back to an hour that was not run: one that was, and comes within a minute, is left at that (CLOCKS_DIFFER_BY).
    JUMPS = (*JUMPS, *(2 * HOUR, -3 * HOUR) * 4)
CLIENTS = 2
DUE = 5  # the minute at which a task is due that says when it runs
SOON = 3.0  # seconds until that minute comes, after a jump
SEEN_WITHIN = 45.0  # seconds; beat looks at the clock each second here, and each minute as it comes
EMAIL, PASSWORD = "clock@example.com", "a-long-password-for-clocks"


@dataclass
class Running:
    """A site, the clock that is set, and whether the site has it: its database may have it alone."""

    site: Site
    clock: Clock
    is_the_site_s: bool


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that the account of a PostgreSQL server may read as well."""
    found = Path(tempfile.mkdtemp(prefix="gatekeeper-clocks-"))
    if on_servers() and os.geteuid() == 0:
        shutil.chown(found, "postgres")
    yield found
    shutil.rmtree(found)


@pytest.fixture(params=["site", "site and database", "database"])
def running(request: pytest.FixtureRequest, make_site, folder: Path) -> Iterator[Running]:
    """The clock of what is named is at some minutes past the hour, so that what is due hourly comes by a jump only."""
    who = request.param
    if who != "site" and not on_servers():
        pytest.skip("SQLite has no clock of its own")
    clock = Clock(folder)
    clock.jump_to_before(10, timedelta(0), 0)
    environment, options = {"LOG_FORMAT": "json"}, {"beat": "--max-interval 1"}
    if who != "database":
        environment |= clock.environment
    if who == "site":
        yield Running(make_site(environment=environment, options=options), clock, is_the_site_s=True)
        return
    with its_own_database(folder, clock) as address:
        site = make_site(fresh=True, environment={**environment, "DATABASE_URL": address}, options=options)
        yield Running(site, clock, is_the_site_s=who != "database")
        site.stop()


@contextmanager
def its_own_database(folder: Path, clock: Clock) -> Iterator[str]:
    """The address of a PostgreSQL server that lives by this clock."""
    server = PostgreSql(folder, "postgresql", clock.environment)
    try:
        server.create()
        server.start()
        yield server.url
    finally:
        if (server.data / "postmaster.pid").exists():
            server.stop()


def on_servers() -> bool:
    return os.environ.get("DATABASE_URL", "").startswith("postgres")


def test_the_site_goes_on_whatever_clock_is_set(running: Running):
    site, clock = running.site, running.clock
    site.manage("create_admin", EMAIL, "--password-stdin", input=PASSWORD)
    key = site.manage("scim_key", "generate")["api_key"]
    clients = [Client(number, site.url, key, number) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        wait_until(lambda: is_alive(site), what="the first heartbeats")
        browser = signed_in(site)
        expected: list[datetime] = []
        for by in JUMPS:
            if running.is_the_site_s:
                due = clock.jump_to_before(DUE, by, SOON)
                # One run makes up for what a jump leaves out; what comes again after a jump back is run again.
                expected += [due, due] if by > timedelta(0) else [due]
                until(lambda expected=expected: hours_of(site) == expected, f"the runs after {by}")
            else:
                clock.jump(by)
                goes_on(clients)
            until(lambda: is_alive(site), "heartbeats that are neither old nor ahead")
            assert browser.get("/profile/").is_redirect is running.is_the_site_s, "two hours forward end a session"
    finally:
        for client in clients:
            client.end()

    assert_nothing_is_lost(site, key, clients)
    assert httpx.get(f"{site.url}/readyz").status_code == 200
    assert signed_in(site).get("/profile/").status_code == 200
    assert hours_of(site) == expected or not running.is_the_site_s


def goes_on(clients: Sequence[Client]) -> None:
    """A hundred more changes are acknowledged."""
    before = sum(client.expected.changes.total() for client in clients)
    until(lambda: sum(client.expected.changes.total() for client in clients) > before + 100, "changes after a jump")


def until(condition: Callable[[], object], what: str) -> None:
    wait_until(condition, seconds=SEEN_WITHIN, what=what)


def hours_of(site: Site) -> list[datetime]:
    """In which hour of the site's clock each hourly run was, in their order: each logs the newest link of the trail."""
    lines = [json.loads(line) for line in site.log("worker").read_text().splitlines() if '"audit_head"' in line]
    return [datetime.fromisoformat(line["timestamp"]).replace(minute=DUE, second=0, microsecond=0) for line in lines]


def signed_in(site: Site) -> httpx.Client:
    """A browser of the administrator."""
    browser = httpx.Client(base_url=site.url, timeout=60)
    form = browser.get("/sign-in/").text
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
    assert token
    fields = {"email": EMAIL, "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
    assert browser.post("/sign-in/", data=fields, headers={"Referer": site.url}).is_redirect
    return browser
