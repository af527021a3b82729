"""The servers that are measured: this site as the Procfile serves it, and what every server has in common."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit, urlunsplit

import psycopg
from honcho.environ import parse_procfile

from bench.hot.connections import Address, Connection
from bench.hot.processor_time import process_group
from entra_client.protocol.transport import Request
from tests.site import OURS, ROOT, free_port, wait_until

Database = Literal["PostgreSQL", "SQLite"]
DATABASES: tuple[Database, ...] = ("PostgreSQL", "SQLite")
POSTGRES = "postgres://postgres@127.0.0.1:5432/postgres"
SECONDS_TO_START = 900.0  # some fill themselves first
SECONDS_TO_STOP = 10.0


@dataclass(frozen=True)
class Directory:
    """Who is in a server's directory, by the ids that it gave them. ``users`` are in the order of their numbers."""

    people: int
    users: list[str]
    spare: list[str]
    small: list[str]
    everybody: str


class PostgresServer:
    """The PostgreSQL server beside which everything runs."""

    def __init__(self, address: str = "") -> None:
        self.address = address or os.environ.get("DATABASE_URL") or POSTGRES
        self._connection = psycopg.connect(self.address, autocommit=True)
        self._made: list[str] = []

    def create(self, *, like: str = "") -> str:
        """A new database, empty or a copy. Without parallel workers: what these use would be lost when they end."""
        name = f"gatekeeper_bench_{uuid.uuid4().hex[:12]}"
        template = f' TEMPLATE "{like}"' if like else ""
        self._connection.execute(f'CREATE DATABASE "{name}"{template}'.encode())
        self._made.append(name)
        self._connection.execute(f'ALTER DATABASE "{name}" SET max_parallel_workers_per_gather = 0'.encode())
        return name

    def drop(self, name: str) -> None:
        """End it, whoever is connected."""
        self._made.remove(name)
        self._connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())

    def vacuum(self) -> None:
        """What autovacuum does in every database that was made, also where it is switched off."""
        for name in self._made:
            with psycopg.connect(self.url_of(name), autocommit=True) as connection:
                connection.execute("VACUUM (ANALYZE)")

    def backends(self, name: str) -> list[int]:
        """The processes that work for the clients of a database."""
        rows = self._connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'", (name,)
        )
        return [pid for (pid,) in rows.fetchall()]

    def url_of(self, name: str) -> str:
        """DATABASE_URL of one of its databases."""
        return urlunsplit(urlsplit(self.address)._replace(path=f"/{name}"))


class Server:
    """A running server: its processes, those of its database, and who is in its directory."""

    name: str
    address: Address
    directory: Directory
    instead: dict[str, Callable[[Directory], Callable[[int], Request]]] = {}  # rows that it is asked in its own way

    def __init__(self, *, postgres: PostgresServer | None, like: str = "") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="gatekeeper-bench-"))
        self.port = free_port()
        self.postgres = postgres
        self.database = postgres.create(like=like) if postgres else ""
        self.running: subprocess.Popen[bytes] | None = None

    def processes(self) -> list[int]:
        """Whose processor time counts: the server's own, and its database's backends."""
        own = process_group(self.running.pid) if self.running else []
        return own + (self.postgres.backends(self.database) if self.postgres else [])

    def launch(self, command: list[str], environment: dict[str, str], *, answers_at: str) -> None:
        """Start it in a process group of its own and wait until it answers there, whatever it says."""
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        wait_until(
            lambda: self._answers(answers_at),
            seconds=SECONDS_TO_START,
            what=f"the start of {self.name}; see {self.log}",
        )

    @property
    def log(self) -> Path:
        """What it has written."""
        return self.folder / "server.log"

    def stop(self) -> None:
        """End it and leave nothing behind."""
        if self.running:
            with suppress(ProcessLookupError):  # it ended by itself, which whoever waited for it has said
                os.killpg(self.running.pid, signal.SIGKILL)
            self.running.wait(SECONDS_TO_STOP)
        if self.postgres:
            self.postgres.drop(self.database)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self, path: str) -> bool:
        assert self.running is not None
        assert self.running.poll() is None, self.log.read_text()[-2000:]
        wanted = Address(self.port, "", "none").bytes_of(Request(method="GET", path=path))
        try:
            with Connection(self.port) as connection:
                return bool(connection.send(wanted).status)
        except OSError:
            return False


class GatekeeperServer(Server):
    """Our site, with the twins beside its addresses: prepare (or copy one that is), fill, serve."""

    name = "Gatekeeper"

    def __init__(
        self, database: Database, *, postgres: PostgresServer | None = None, like: "GatekeeperServer | None" = None
    ) -> None:
        on_postgres = postgres if database == "PostgreSQL" else None
        super().__init__(postgres=on_postgres, like=like.database if like else "")
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in OURS},
            "DJANGO_SETTINGS_MODULE": "bench.twins.settings",
            "DATA_DIR": str(self.folder),
            "PORT": str(self.port),
            "PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            "PYTHONPATH": str(ROOT),
        }
        if self.postgres:
            self.environment["DATABASE_URL"] = self.postgres.url_of(self.database)
        if like:
            shutil.copytree(like.folder, self.folder, dirs_exist_ok=True)
            key = like.address.key
        else:
            self.manage("manage.py", "start", "--prepare-only")
            key = json.loads(self.manage("manage.py", "scim_key", "generate", "--json"))["api_key"]
        self.address = Address(self.port, "/scim/v2", key)

    def fill(self, people: int) -> None:
        """Put people and groups in."""
        self.directory = Directory(**json.loads(self.manage("-m", "bench.fill", str(people))))

    def serve(self, command: list[str] | None = None) -> None:
        """As the Procfile says, or otherwise."""
        self.launch(command or procfile_command(), self.environment, answers_at="/healthz")

    def manage(self, *arguments: str) -> str:
        """Run a Python command with the site's environment; what it printed."""
        done = subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"{arguments} ended with {done.returncode}: {done.stdout}\n{done.stderr}")
        return done.stdout


def procfile_command() -> list[str]:
    """How the site's web server is started."""
    line: Any = parse_procfile((ROOT / "Procfile").read_text()).processes["web"]
    return str(line).removeprefix("exec ").replace(".venv/bin/", f"{Path(sys.executable).parent}/").split()
