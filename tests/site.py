"""The real site for tests: the Procfile's own processes on a free port, with a data folder and database of their own.

``Site.start()`` prepares and starts web, worker and beat; ``stop()`` ends them. Which database and broker is used
follows the environment of the test run: SQLite and the embedded broker, or a fresh PostgreSQL database and a Redis
number when DATABASE_URL and REDIS_URL are set.
"""

import atexit
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import psycopg
import redis
from honcho.environ import parse_procfile

ROOT = Path(__file__).resolve().parent.parent
START_TIMEOUT = 120.0  # seconds; two cores may be busy with other tests
STOP_TIMEOUT = 20.0
CLAIM = "tests:site"  # its value: the test process that claims the database of this number
_TAKE = """
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('flushdb')
redis.call('set', KEYS[1], ARGV[2])
return 1"""
REDIS_NUMBERS = 14  # of Redis's sixteen databases: 0 is left alone, 15 belongs to the tests without a site


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_until(condition: Callable[[], Any], *, seconds: float = START_TIMEOUT, what: str = "it") -> Any:
    """Ask every 0.1 s until the answer is true, and return it; fails by name after ``seconds``."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.1)
    raise AssertionError(f"{what} did not happen within {seconds:.0f} seconds")


class Template:
    """A prepared data folder (and PostgreSQL database) that further sites of this test process start from."""

    def __init__(self) -> None:
        self.is_ready = False
        self._folder = Path()
        self._database = ""

    def take(self, data_dir: Path, database: str) -> None:
        """Keep copies of a site that was prepared just now and has no process yet."""
        self._folder = Path(tempfile.mkdtemp(prefix="gatekeeper-template-")) / "data"
        shutil.copytree(data_dir, self._folder)
        if database:
            self._database = f"gatekeeper_template_{uuid.uuid4().hex[:12]}"
            on_the_server(f'CREATE DATABASE "{self._database}" TEMPLATE "{database}"')
        self.is_ready = True
        atexit.register(self.drop)

    def give(self, data_dir: Path, database: str) -> None:
        """Copy what was kept into a site's own folder and database."""
        shutil.copytree(self._folder, data_dir, dirs_exist_ok=True)
        if database:
            on_the_server(f'DROP DATABASE "{database}"')
            on_the_server(f'CREATE DATABASE "{database}" TEMPLATE "{self._database}"')

    def drop(self) -> None:
        """Leave nothing behind when the test process ends."""
        shutil.rmtree(self._folder.parent, ignore_errors=True)
        if self._database:
            on_the_server(f'DROP DATABASE IF EXISTS "{self._database}" WITH (FORCE)')


TEMPLATE = Template()


def on_the_server(statement: str) -> None:
    """Run one statement on the PostgreSQL server that DATABASE_URL names, outside of any transaction."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(statement.encode())


class Site:
    """One running Gatekeeper. ``processes``: those that are started (web, worker, beat); ``host``: its PUBLIC_URL's.

    ``code``: where manage.py and the packages are; another release's for what starts from then on.
    ``data_dir``: an empty folder; one of its own where none is given. ``options``: what is added to the command of a
    process, by its name.
    """

    def __init__(
        self,
        *,
        processes: tuple[str, ...] = ("web", "worker", "beat"),
        environment: dict[str, str] | None = None,
        host: str = "127.0.0.1",
        code: Path = ROOT,
        data_dir: Path | None = None,
        options: dict[str, str] | None = None,
    ) -> None:
        self.port = free_port()
        self.url = f"http://{host}:{self.port}"
        self.data_dir = data_dir or Path(tempfile.mkdtemp(prefix="gatekeeper-site-"))
        self.wanted, self.options = processes, options or {}
        self.code = code
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.logs = self.data_dir
        self.database_name = ""
        self._redis = ""
        self._logs: list[IO[bytes]] = []
        self.environment = {**_clean_environment(), **self._stores(), **(environment or {})}

    def start(self, *, fresh: bool = False) -> "Site":
        """Prepare tables and static files, start the processes, return when the site answers.

        The first site of a test process is prepared as an operator's is; the next ones are copies of it as it was
        then, unless ``fresh`` asks for a first start of their own.
        """
        if fresh or not TEMPLATE.is_ready:
            self.prepared = self.manage("start", "--prepare-only", as_json=False)
            if not fresh:
                TEMPLATE.take(self.data_dir, self.database_name)
        else:
            TEMPLATE.give(self.data_dir, self.database_name)
        for name in self.wanted:
            self.start_process(name)
        if "web" in self.wanted:
            try:
                wait_until(self.answers, what=f"the site's start; see {self.log('web')}")
            except AssertionError:
                self.stop()
                raise
        return self

    def answers(self) -> bool:
        """Whether the web server lives."""
        web = self.running["web"]
        assert web.poll() is None, f"web ended with {web.returncode}: {self.log('web').read_text()[-2000:]}"
        try:
            return httpx.get(f"{self.url}/healthz", timeout=2).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def manage(self, *arguments: str, input: str | None = None, as_json: bool = True, status: int = 0) -> Any:  # noqa: A002
        """Run a management command; its JSON document, or the CompletedProcess with ``as_json=False`` or a status."""
        command = [sys.executable, "manage.py", *arguments, *(["--json"] if as_json else [])]
        done = subprocess.run(
            command,
            cwd=self.code,
            env=self.environment,
            input=input,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == status, f"{arguments} ended with {done.returncode}: {done.stdout}\n{done.stderr}"
        return json.loads(done.stdout) if as_json and status == 0 else done

    def start_process(self, name: str) -> None:
        """Start one line of the Procfile in a process group of its own, its output in the data folder."""
        command = parse_procfile((self.code / "Procfile").read_text()).processes[name]
        command = command.replace(".venv/bin/", f"{Path(sys.executable).parent}/") + f" {self.options.get(name, '')}"
        log = self.log(name).open("ab")
        self._logs.append(log)
        self.running[name] = subprocess.Popen(
            command, shell=True, cwd=self.code, env=self.environment, stdout=log, stderr=log, start_new_session=True
        )

    def log(self, name: str) -> Path:
        """The file that holds what the process has written."""
        return self.logs / f"{name}.log"

    def start_worker(self) -> None:
        """Start the worker (again)."""
        self.start_process("worker")

    def kill_worker(self) -> None:
        """End the worker and its pool at once, as a power cut would."""
        self.end_process("worker", signal.SIGKILL)

    def end_process(self, name: str, with_signal: signal.Signals = signal.SIGTERM) -> int:
        """Signal one process's whole group and wait for its end; returns its exit status."""
        process = self.running.pop(name)
        try:
            os.killpg(process.pid, with_signal)
            return process.wait(STOP_TIMEOUT)
        except ProcessLookupError:
            return process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return process.wait(STOP_TIMEOUT)

    def stop(self) -> None:
        """End every process and give the database and the Redis number back."""
        for name in list(self.running):
            self.end_process(name, signal.SIGKILL)  # nothing of it is kept, so nothing is waited for
        for log in self._logs:
            log.close()
        shutil.rmtree(self.data_dir, ignore_errors=True)
        if self.database_name:
            on_the_server(f'DROP DATABASE IF EXISTS "{self.database_name}" WITH (FORCE)')
        if self._redis:
            client = redis.Redis.from_url(self._redis)
            client.flushdb()
            client.close()

    def _stores(self) -> dict[str, str]:
        stores = {
            "DATA_DIR": str(self.data_dir),
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "PUBLIC_URL": self.url,
            "DJANGO_SETTINGS_MODULE": "gatekeeper.settings",
        }
        database = os.environ.get("DATABASE_URL", "")
        if database.startswith("postgres"):
            self.database_name = f"gatekeeper_site_{uuid.uuid4().hex[:12]}"
            on_the_server(f'CREATE DATABASE "{self.database_name}"')
            stores["DATABASE_URL"] = urlunsplit(urlsplit(database)._replace(path=f"/{self.database_name}"))
        if os.environ.get("REDIS_URL"):
            self._redis = stores["REDIS_URL"] = claim_redis_number(os.environ["REDIS_URL"])
        return stores


def claim_redis_number(address: str) -> str:
    """A Redis database that no other site of a living test process uses; the claim ends with the site's flushdb."""
    for number in range(1, REDIS_NUMBERS + 1):
        candidate = urlunsplit(urlsplit(address)._replace(path=f"/{number}"))
        client = redis.Redis.from_url(candidate, decode_responses=True)
        claimed = client.set(CLAIM, os.getpid(), nx=True) or _taken_over(client)
        client.close()
        if claimed:
            return candidate
    raise AssertionError("All Redis databases are taken by running sites; flush those that were left behind.")


def _taken_over(client: redis.Redis) -> bool:
    """Whether the database was left behind by a test process that is gone, and is ours now.

    No claim ends with time: two sites with one number do each other's tasks, once a run takes longer than a claim.
    """
    owner = client.get(CLAIM)
    return owner is not None and not _lives(int(owner)) and bool(client.eval(_TAKE, 1, CLAIM, owner, os.getpid()))


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # somebody else's
    else:
        return True


OURS = (
    "DATABASE_URL",
    "REDIS_URL",
    "DATA_DIR",
    "SECRET_KEY",
    "SECRET_KEY_FALLBACKS",
    "PUBLIC_URL",
    "ALLOWED_HOSTS",
    "DEBUG",
    "HOST",
    "PORT",
)


def _clean_environment() -> dict[str, str]:
    """This process's environment without what configures a site, and without what pytest leaves there."""
    return {name: value for name, value in os.environ.items() if name not in OURS and not name.startswith("PYTEST_")}
