"""The disk is full while an identity provider writes, and is free again: nothing is lost, and nobody restarts anything.

The site runs as an operator runs it, with what it says on the same disk. With SQLite every change is refused meanwhile;
with PostgreSQL the database's own disk is what matters, and DATA_DIR may be full without anybody noticing.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.chaos.disks import SmallDisk, small_disk
from tests.chaos.outcome import assert_nothing_is_lost, is_alive
from tests.chaos.provisioning import Client
from tests.site import ROOT, Site, on_the_server, wait_until

FULL_FOR = 3.0 if float(os.environ.get("CHAOS_SECONDS", "10")) < 60 else 90.0  # seconds; beat writes within the second
MEBIBYTES = 64
CLIENTS = 2
DATA_DIR_IS_READ_ONLY = "DATA_DIR must be a folder that can be written to"  # one line, and nothing else is looked at
IS_SERVER = os.environ.get("DATABASE_URL", "").startswith("postgres")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", MEBIBYTES) as disk:
        yield disk


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that the account of the database's server can be given: pytest keeps its own to itself."""
    folder = Path(tempfile.mkdtemp(prefix="gatekeeper-disk-"))
    yield folder
    shutil.rmtree(folder)


@contextmanager
def running(site: Site, output: Path) -> Iterator[None]:
    """``manage.py start``, with all that it says in a file."""
    with output.open("ab") as file:
        command = [sys.executable, "manage.py", "start"]
        process = subprocess.Popen(command, cwd=ROOT, env=site.environment, stdout=file, stderr=file)
    try:
        wait_until(lambda: process.poll() is None and answers(site), what=f"the site's start, see {output}")
        yield
        assert process.poll() is None, output.read_text()[-3000:]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(40)


def answers(site: Site) -> bool:
    try:
        return httpx.get(f"{site.url}/readyz", timeout=10).status_code == httpx.codes.OK and is_alive(site)
    except httpx.TransportError:
        return False


@contextmanager
def writing(site: Site, key: str) -> Iterator[Sequence[Client]]:
    """Clients that write; the block's end is their end."""
    clients = [Client(number, site.url, key, number) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        yield clients
    finally:
        for client in clients:
            client.end()


def acknowledged(clients: Sequence[Client]) -> int:
    return sum(client.expected.changes.total() for client in clients)


def repeated(clients: Sequence[Client]) -> int:
    return sum(client.expected.repeated for client in clients)


def test_a_full_data_dir_refuses_changes_at_most_and_is_left_without_a_restart(make_site, disk: SmallDisk):
    site = make_site(processes=(), data_dir=disk.path / "data")
    key = site.manage("scim_key", "generate")["api_key"]
    output = disk.path / "output.log"
    with running(site, output):
        with writing(site, key) as clients:
            wait_until(lambda: acknowledged(clients) > 20, what="some changes before")
            disk.fill()
            if IS_SERVER:
                before = acknowledged(clients)
                time.sleep(FULL_FOR)
                assert (repeated(clients), acknowledged(clients) > before) == (0, True), (
                    "the database's disk is another"
                )
            else:
                wait_until(lambda: repeated(clients) > 0, what="a change that is refused")
                wait_until(lambda: not answers(site), what="readiness that goes off")
                time.sleep(FULL_FOR)
            assert httpx.get(f"{site.url}/healthz").status_code == 200
            assert "gatekeeper_data_dir_writable 0.0" in httpx.get(f"{site.url}/metrics", timeout=60).text
            assert failed_checks(site) >= ({"data_dir"} if IS_SERVER else {"data_dir", "database_writable"})
            disk.make_room()
            after = acknowledged(clients)
            wait_until(lambda: acknowledged(clients) > after + 20, what="changes after it")
        wait_until(lambda: answers(site), what="readiness, worker and beat as before")
        assert "ended by itself" not in output.read_text()
        assert_nothing_is_lost(site, key, clients)


@pytest.mark.skipif(not IS_SERVER, reason="SQLite's file is in DATA_DIR")
def test_a_full_disk_of_the_database_refuses_changes_until_it_has_room(make_site, folder: Path):
    with small_disk(folder / "disk", MEBIBYTES) as disk:
        site = make_site(processes=())
        key = site.manage("scim_key", "generate")["api_key"]
        with tables_on(disk, site), running(site, folder / "output.log"):
            with writing(site, key) as clients:
                wait_until(lambda: acknowledged(clients) > 20, what="some changes before")
                disk.fill()
                wait_until(lambda: repeated(clients) > 0, what="a change that is refused")
                assert httpx.get(f"{site.url}/healthz").status_code == 200
                time.sleep(FULL_FOR)
                disk.make_room()
                after = acknowledged(clients)
                wait_until(lambda: acknowledged(clients) > after + 20, what="changes after it")
            wait_until(lambda: answers(site), what="readiness, worker and beat as before")
            assert_nothing_is_lost(site, key, clients)


@contextmanager
def tables_on(disk: SmallDisk, site: Site) -> Iterator[None]:
    """The site's database in a tablespace of its own, which the server's account can reach."""
    name = site.database_name
    folder = disk.path / "tables"
    folder.mkdir()
    for each in (disk.path.parent, disk.path, folder):
        shutil.chown(each, "postgres")
    on_the_server(f"CREATE TABLESPACE \"{name}\" LOCATION '{folder}'")
    try:
        on_the_server(f'ALTER DATABASE "{name}" SET TABLESPACE "{name}"')
        yield
    finally:
        on_the_server(f'DROP DATABASE "{name}" WITH (FORCE)')
        on_the_server(f'DROP TABLESPACE "{name}"')


@pytest.mark.skipif(not IS_SERVER, reason="SQLite's file, which is open, is in DATA_DIR")
def test_a_data_dir_that_became_read_only_is_named_and_the_site_goes_on(make_site, disk: SmallDisk, tmp_path: Path):
    site = make_site(processes=(), data_dir=disk.path / "data")
    key = site.manage("scim_key", "generate")["api_key"]
    with running(site, tmp_path / "output.log"), writing(site, key) as clients:
        wait_until(lambda: acknowledged(clients) > 20, what="some changes before")
        disk.take_no_writes()
        before = acknowledged(clients)
        assert "gatekeeper_data_dir_writable 0.0" in httpx.get(f"{site.url}/metrics", timeout=60).text
        assert DATA_DIR_IS_READ_ONLY in site.manage("doctor", as_json=False, status=1).stderr
        wait_until(
            lambda: acknowledged(clients) > before + 20, what="changes meanwhile: the database's disk is another"
        )
        assert repeated(clients) == 0
        disk.take_writes()
        assert "gatekeeper_data_dir_writable 1.0" in httpx.get(f"{site.url}/metrics", timeout=60).text


def failed_checks(site: Site) -> set[str]:
    """What ``doctor`` says at this moment."""
    done = subprocess.run(
        [sys.executable, "manage.py", "doctor", "--json"],
        cwd=ROOT,
        env=site.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return {check["name"] for check in json.loads(done.stdout)["checks"] if check["status"] == "failed"}
