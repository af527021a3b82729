"""Two hosts behind nginx or Caddy, each with a web server, a worker and a beat."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.chaos.servers import PostgreSql, RedisServer
from tests.deploy.several_hosts.balancers import Balancer, NginxBalancer
from tests.deploy.several_hosts.hosts import NETWORK, Host, hosts
from tests.deploy.several_hosts.machines import DRAIN, Machines


@contextmanager
def servers_for(them: Sequence[Host]) -> Iterator[dict[str, str]]:
    """PostgreSQL and Redis that separate hosts reach too, and where they are; nothing where the site's are reached."""
    if not all(host.is_separate for host in them):
        yield {}
        return
    folder = Path(tempfile.mkdtemp(prefix="gatekeeper-servers-"))
    addresses = ("127.0.0.1", *(host.gateway for host in them))
    postgresql, redis = PostgreSql(folder, "postgresql"), RedisServer(folder, addresses)
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        postgresql.create()
        postgresql.admit(f"{NETWORK}.0.0/16")
        postgresql.start(listen_addresses=",".join(addresses))
        redis.start()
        yield {"DATABASE_URL": postgresql.url, "REDIS_URL": redis.url}
    finally:
        redis.kill()
        if (postgresql.data / "postmaster.pid").exists():
            postgresql.stop()
        shutil.rmtree(folder)


@pytest.fixture
def machines(make_site, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Machines, Balancer]]:
    """All of them ready, with the proxy in front: nginx where the test names none."""
    with ExitStack() as stack:
        them = stack.enter_context(hosts(2))
        servers = stack.enter_context(servers_for(them))
        proxy = getattr(request, "param", NginxBalancer)(tmp_path, them)
        notes = {"NUMBERS": str(tmp_path / "numbers"), "MINUTES": str(tmp_path / "minutes")}
        for path in notes.values():
            Path(path).touch()
        environment = {"WEB_DRAIN_SECONDS": str(DRAIN), "PUBLIC_URL": proxy.url, **notes, **servers}
        site = make_site(fresh=bool(servers), processes=(), environment=environment)
        both = Machines(site, them)
        stack.callback(both.kill_all)
        both.start_all()
        stack.enter_context(proxy.running())
        yield both, proxy
