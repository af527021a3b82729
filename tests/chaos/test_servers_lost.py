"""PostgreSQL is restarted and fails over to its standby, Redis loses its memory, while an identity provider writes.

Whoever asks meanwhile is answered 503 with ``Retry-After``. What was acknowledged is there afterwards, and nobody does
anything to the site.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from redis.exceptions import ResponseError

from tests.chaos.clocks import Clock
from tests.chaos.disks import small_disk
from tests.chaos.outcome import assert_nothing_is_lost, is_alive
from tests.chaos.provisioning import Client
from tests.chaos.servers import Forwarder, PostgreSql, RedisServer
from tests.chaos.test_clock_jumps import EMAIL, PASSWORD, signed_in
from tests.site import Site, wait_until

CLIENTS = 2
ROUNDS = 1 if float(os.environ.get("CHAOS_SECONDS", "10")) < 60 else 5

pytestmark = pytest.mark.skipif(
    not os.environ.get("DATABASE_URL", "").startswith("postgres"), reason="They are tried where the tests have servers"
)


@pytest.fixture
def primary_and_standby() -> Iterator[tuple[PostgreSql, PostgreSql]]:
    """What the primary acknowledges, the standby has."""
    folder = Path(tempfile.mkdtemp(prefix="gatekeeper-postgresql-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    primary, standby = PostgreSql(folder, "primary"), PostgreSql(folder, "standby")
    try:
        primary.create()
        primary.start()
        standby.follow(primary)
        standby.start()
        primary.stop()
        primary.start(synchronous_standby_names="'*'")
        yield primary, standby
    finally:
        for each in (primary, standby):
            if (each.data / "postmaster.pid").exists():
                each.stop()
        shutil.rmtree(folder)


@contextmanager
def writing(site: Site) -> Iterator[Sequence[Client]]:
    key = site.manage("scim_key", "generate")["api_key"]
    clients = [Client(number, site.url, key, number) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        wait_until(lambda: acknowledged(clients) > 20, what="some changes before")
        yield clients
    finally:
        for client in clients:
            client.end()
    wait_until(lambda: is_alive(site), what="worker and beat as before")
    assert_nothing_is_lost(site, key, clients)


def acknowledged(clients: Sequence[Client]) -> int:
    return sum(client.expected.changes.total() for client in clients)


def goes_on(clients: Sequence[Client]) -> None:
    """Twenty more changes are acknowledged."""
    before = acknowledged(clients)
    wait_until(lambda: acknowledged(clients) > before + 20, what="changes after it")


def test_the_database_is_restarted_and_its_standby_takes_over(make_site, primary_and_standby):
    primary, standby = primary_and_standby
    address = Forwarder(primary.port)
    url = primary.url.replace(str(primary.port), str(address.port))
    site = make_site(fresh=True, environment={"DATABASE_URL": url, "DATABASE_CONNECT_TIMEOUT": "5"})
    with writing(site) as clients:
        for _ in range(ROUNDS):
            primary.stop()
            wait_until(lambda: is_refused(site), what="an answer that says when to come again")
            primary.start(synchronous_standby_names="'*'")
            goes_on(clients)

        primary.stop()
        wait_until(lambda: is_refused(site), what="an answer that says when to come again")
        standby.promote()
        address.lead_to(standby.port)
        goes_on(clients)
        assert standby.one("SELECT pg_is_in_recovery()") is False
    address.close()


def is_refused(site: Site) -> bool:
    """Whether pages and SCIM say that the database is away, and when to come again; liveness does not depend on it."""
    page = httpx.get(f"{site.url}/sign-in/", timeout=60)
    if page.status_code == httpx.codes.OK:
        return False
    assert httpx.get(f"{site.url}/healthz", timeout=60).status_code == httpx.codes.OK
    assert (page.status_code, page.headers["Retry-After"].isdecimal()) == (503, True)
    assert "<h1" in page.text
    return True


def test_redis_is_full_cannot_save_and_loses_its_memory(make_site, tmp_path: Path):
    clock = Clock(tmp_path)
    with small_disk(tmp_path / "disk", 1) as disk:
        server = RedisServer(disk.path)
        server.start()
        try:
            site = make_site(
                environment={**clock.environment, "REDIS_URL": server.url}, options={"beat": "--max-interval 1"}
            )
            site.manage("create_admin", EMAIL, "--password-stdin", input=PASSWORD)
            browser = signed_in(site)
            with writing(site) as clients, server.client() as client:
                client.config_set("maxmemory", "1")
                assert refuses_writes(server, "maxmemory")
                goes_on(clients)
                client.config_set("maxmemory", "0")

                disk.fill()
                client.bgsave()
                wait_until(lambda: refuses_writes(server, "MISCONF"), what="a save that fails")
                goes_on(clients)
                disk.make_room()
                client.bgsave()
                wait_until(lambda: client.info()["rdb_last_bgsave_status"] == "ok", what="a save")

                site.end_process("worker")
                goes_on(clients)
                server.kill()
                goes_on(clients)
                assert browser.get("/profile/").status_code == httpx.codes.OK, "sessions are in the database"
                server.start()
                site.start_worker()
                goes_on(clients)
                # Whatever waited in the queue is gone; the schedule's next minute brings it again.
                clock.jump(timedelta(seconds=(58 - clock.now().second) % 60))
            assert browser.get("/profile/").status_code == httpx.codes.OK
        finally:
            server.kill()


def refuses_writes(server: RedisServer, code: str) -> bool:
    with server.client() as client:
        try:
            client.set("tests:full", "1")
        except ResponseError as error:
            return code in str(error)
    return False
