"""nginx and Caddy as deploy/ has them, in front of several hosts; with one more address, in clear.

simulate_entra trusts no certificate of a test on this machine.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.deploy.proxies import Caddy, Nginx, Proxy, changed
from tests.deploy.several_hosts.hosts import Host
from tests.site import free_port

NGINX_IN_CLEAR = """
server {{
    listen 127.0.0.1:{port};
    access_log {log}/gatekeeper.log gatekeeper;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-Proto https;
    proxy_set_header X-Forwarded-For $remote_addr;
    location / {{ proxy_pass http://gatekeeper; }}
}}
"""
CADDY_IN_CLEAR = """
http://127.0.0.1:{port} {{
	log
{proxy}
}}
"""


class Balancer(Proxy):
    """One of them, with a line for each host."""

    log = ""  # the file of its folder that has a line for each request

    def __init__(self, folder: Path, hosts: Sequence[Host]) -> None:
        super().__init__(folder, hosts[0].port)
        self.hosts, self.clear_port = hosts, free_port()
        self.clear_url = f"http://127.0.0.1:{self.clear_port}"

    def statuses(self) -> dict[int, int]:
        """How often each status was answered, by the proxy's own log."""
        return dict(Counter(self._statuses()))

    def _statuses(self) -> Iterator[int]:
        for line in (self.folder / self.log).read_text().splitlines():
            noted = json.loads(line)
            if "status" in noted:
                yield noted["status"]


class NginxBalancer(Balancer, Nginx):
    log = "gatekeeper.log"

    def command(self) -> tuple[list[str], dict[str, str]]:
        command = super().command()
        lines = " ".join(f"server {host.address}:{host.port} max_fails=0;" for host in self.hosts)
        site = changed(self.folder / "site.conf", {f"server 127.0.0.1:{self.upstream} max_fails=0;": lines})
        clear = NGINX_IN_CLEAR.format(port=self.clear_port, log=self.folder)
        (self.folder / "site.conf").write_text(site + clear)
        return command


class CaddyBalancer(Balancer, Caddy):
    log = "proxy.log"
    patience = 10

    def command(self) -> tuple[list[str], dict[str, str]]:
        command, environment = super().command()
        site = (self.folder / "Caddyfile").read_text()
        block = site[site.index("\treverse_proxy") : site.index("\n\thandle_errors")]
        trusted = block.replace("X-Forwarded-Proto {scheme}", "X-Forwarded-Proto https")
        clear = CADDY_IN_CLEAR.format(port=self.clear_port, proxy=trusted.rstrip())
        (self.folder / "Caddyfile").write_text(site + clear)
        upstream = " ".join(f"{host.address}:{host.port}" for host in self.hosts)
        return command, {**environment, "UPSTREAM": upstream}
