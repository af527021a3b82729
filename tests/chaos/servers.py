"""Servers of a test's own, which may be stopped, killed and exchanged: PostgreSQL with a standby, and Redis."""

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
import redis

from tests.site import free_port, wait_until

PLACES = "/usr/lib/postgresql/*/bin"  # Debian's, which are on nobody's PATH


class PostgreSql:
    """One server, in ``folder``/``name``. Root starts it as the account of the machine's own server.

    ``environment``: what its processes are started with, beside this one's.
    """

    def __init__(self, folder: Path, name: str, environment: dict[str, str] | None = None) -> None:
        self._environment = {**os.environ, **(environment or {})}
        self.data, self.port = folder / name, free_port()
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/postgres"
        self._folder = folder

    def create(self) -> None:
        """An empty one."""
        self._run("initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")

    def admit(self, network: str) -> None:
        """Connections from there, before it is started."""
        with (self.data / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {network} trust\n")

    def follow(self, primary: "PostgreSql") -> None:
        """A standby of another one."""
        self._run("pg_basebackup", "-d", primary.url, "-D", str(self.data), "-R", "--checkpoint=fast", "--no-sync")

    def start(self, **settings: str) -> None:
        """Return when it answers."""
        given = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self._folder),
            "fsync": "off",  # what is killed here are processes, and no machine
            "wal_retrieve_retry_interval": "200ms",
            **settings,
        }
        options = " ".join(f"-c {name}={value}" for name, value in given.items())
        self._run("pg_ctl", "start", "-w", "-D", str(self.data), "-l", f"{self.data}.log", "-o", options)

    def stop(self) -> None:
        """At once, as if all of its processes were killed."""
        self._run("pg_ctl", "stop", "-D", str(self.data), "-m", "immediate")

    def promote(self) -> None:
        """Make a primary of a standby."""
        self._run("pg_ctl", "promote", "-w", "-D", str(self.data))

    def one(self, statement: str) -> object:
        """The value that a statement returns."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            [row] = connection.execute(statement.encode()).fetchall()
            return row[0]

    def _run(self, name: str, *arguments: str) -> None:
        found = shutil.which(name) or next(map(str, sorted(Path("/").glob(f"{PLACES[1:]}/{name}"))), None)
        if found is None:
            pytest.skip(f"There is no {name} on this machine.")
        as_owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        with Path(f"{self.data}-{name}.log").open("ab") as log:
            done = subprocess.run(
                [*as_owner, found, *arguments],
                cwd="/",
                env=self._environment,
                stdout=log,
                stderr=log,
                timeout=120,
                check=False,
            )
        assert done.returncode == 0, Path(log.name).read_text()[-2000:]


class Forwarder:
    """An address that leads to one server and then to another one, as a virtual address or a proxy does."""

    def __init__(self, target: int) -> None:
        self.target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def lead_to(self, target: int) -> None:
        """From now on; the connections to the other server are cut."""
        self.target = target
        for each in list(self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.close()
        self.lead_to(0)

    def _accept(self) -> None:
        with suppress(OSError):  # it was closed
            while True:
                client, _ = self._listener.accept()
                try:
                    server = socket.create_connection(("127.0.0.1", self.target), timeout=5)
                except OSError:
                    client.close()
                    continue
                server.settimeout(None)
                for one, other in ((client, server), (server, client)):
                    self._open.add(one)
                    threading.Thread(target=self._copy, args=(one, other), daemon=True).start()

    def _copy(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
        for each in (one, other):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._open.discard(one)
        one.close()


class RedisServer:
    """One that keeps nothing when it is killed; ``folder``: where it would write what it saves."""

    def __init__(self, folder: Path, addresses: Sequence[str] = ("127.0.0.1",)) -> None:
        self.folder, self.port, self.addresses = folder, free_port(), addresses
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """With an empty memory; returns when it answers."""
        found = shutil.which("redis-server")
        if found is None:
            pytest.skip("There is no redis-server on this machine.")
        (self.folder / "dump.rdb").unlink(missing_ok=True)
        options = {"--port": str(self.port), "--dir": str(self.folder), "--save": "900 1", "--protected-mode": "no"}
        command = [found, "--bind", *self.addresses, *(word for option in options.items() for word in option)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_until(self._answers, what="Redis")

    def kill(self) -> None:
        """As a machine that is lost."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url)

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False
