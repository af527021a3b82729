"""What goes wrong with a running site, one thing at a time, at random moments."""

import os
import random
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from urllib.parse import urlsplit

import psycopg
import redis

from tests.site import Site, on_the_server

BETWEEN = (0.3, 1.5)  # seconds of peace
READ_ONLY_FOR = 1.0  # second
LOCKED_FOR = 1.0  # second


class Faults:
    """The faults that are possible with this site. A process that was killed is started again, as a supervisor does."""

    def __init__(self, site: Site, seed: int) -> None:
        self.site = site
        self.counts: Counter[str] = Counter()
        self._random = random.Random(seed)
        self._possible: list[Callable[[], None]] = [
            self.kill_a_web_process,
            self.kill_the_web_server,
            self.kill_the_worker,
            self.kill_beat,
        ]
        if site.environment.get("DATABASE_URL", "").startswith("postgres"):
            self._possible += [self.cut_the_connections, self.make_the_database_read_only]
        else:
            self._possible.append(self.lock_the_database)
        if "REDIS_URL" in site.environment:
            self._possible.append(self.cut_redis)

    def all_and_more(self, seconds: float) -> None:
        """Each of them once, and then whichever comes, for so long."""
        end = time.monotonic() + seconds
        waiting = self._random.sample(self._possible, len(self._possible))
        while waiting or time.monotonic() < end:
            time.sleep(self._random.uniform(*BETWEEN))
            fault = waiting.pop() if waiting else self._random.choice(self._possible)
            self.counts[fault.__name__] += 1
            fault()

    def kill_a_web_process(self) -> None:
        """One of those that serve; gunicorn starts another one."""
        children = children_of(gunicorn_of(self.site))
        if children:
            kill(self._random.choice(children))

    def kill_the_web_server(self) -> None:
        """All of its processes, in mid-request."""
        self._restart("web")

    def kill_the_worker(self) -> None:
        """With its pool, in mid-task."""
        self._restart("worker")

    def kill_beat(self) -> None:
        """Its schedule is in its own file."""
        self._restart("beat")

    def cut_the_connections(self) -> None:
        """Of PostgreSQL, as a restart or a fail-over does."""
        on_the_server(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            f"WHERE datname = '{self._database}' AND pid <> pg_backend_pid()"
        )

    def make_the_database_read_only(self) -> None:
        """As a standby is, until it is promoted."""
        on_the_server(f'ALTER DATABASE "{self._database}" SET default_transaction_read_only = on')
        self.cut_the_connections()
        time.sleep(READ_ONLY_FOR)
        on_the_server(f'ALTER DATABASE "{self._database}" RESET default_transaction_read_only')
        self.cut_the_connections()

    def lock_the_database(self) -> None:
        """SQLite's, as a copy or a long change does."""
        connection = sqlite3.connect(self.site.data_dir / "gatekeeper.sqlite3", timeout=30, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            time.sleep(LOCKED_FOR)
            connection.execute("ROLLBACK")
        finally:
            connection.close()

    def cut_redis(self) -> None:
        """All connections to the broker's and the cache's database."""
        address = self.site.environment["REDIS_URL"]
        client = redis.Redis.from_url(address)
        number = urlsplit(address).path.lstrip("/")
        for each in client.client_list():
            if each["db"] == number and each["id"] != str(client.client_id()):
                client.client_kill_filter(_id=each["id"])
        client.close()

    @property
    def _database(self) -> str:
        return urlsplit(self.site.environment["DATABASE_URL"]).path.lstrip("/")

    def _restart(self, process: str) -> None:
        self.site.end_process(process, signal.SIGKILL)
        self.site.start_process(process)


def stored(site: Site, statement: str) -> list[tuple[object, ...]]:
    """The rows of the site's own database."""
    address = site.environment.get("DATABASE_URL", "")
    if address.startswith("postgres"):
        with psycopg.connect(address) as connection:
            return connection.execute(statement.encode()).fetchall()
    connection_to_file = sqlite3.connect(site.data_dir / "gatekeeper.sqlite3")
    try:
        return connection_to_file.execute(statement).fetchall()
    finally:
        connection_to_file.close()


def gunicorn_of(site: Site) -> int:
    """The process that starts those that serve: the shell of the Procfile's line, or its child."""
    shell = site.running["web"].pid
    children = children_of(shell)
    return children[0] if len(children) == 1 else shell


def children_of(pid: int) -> list[int]:
    """The processes that this one has started."""
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout
    return [int(line) for line in found.split()]


def kill(pid: int) -> None:
    """At once, if it is still there."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
