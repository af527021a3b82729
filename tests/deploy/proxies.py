"""Real proxies with the configuration of deploy/, in front of a real site: their places and addresses changed only."""

import datetime as dt
import os
import ssl
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.deploy.programs import DEPLOY, program
from tests.site import free_port, wait_until

NAME = "localhost"
CLIENT, OTHER_CLIENT = "127.0.0.1", "127.0.0.2"  # addresses from which tests connect


class Proxy(ABC):
    """One proxy on ports of its own. ``upstream``: the site's port, which ``free_port`` chose before it runs."""

    def __init__(self, folder: Path, upstream: int) -> None:
        self.folder, self.upstream = folder, upstream
        self.port, self.plain_port = free_port(), free_port()
        self.url, self.plain_url = f"https://{NAME}:{self.port}", f"http://{NAME}:{self.plain_port}"
        make_certificate(folder)

    @abstractmethod
    def command(self) -> tuple[list[str], dict[str, str]]:
        """Write the configuration; how to start the proxy, and with which variables."""

    @contextmanager
    def running(self) -> Iterator["Proxy"]:
        command, environment = self.command()
        log = (self.folder / "proxy.log").open("wb")
        process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=log, stderr=log)
        try:
            wait_until(lambda: process.poll() is None and self.answers(), what=f"{command[0]}, see {log.name}")
            yield self
        finally:
            process.terminate()
            process.wait(20)
            log.close()

    def answers(self) -> bool:
        try:
            with self.client() as client:
                return client.get("/healthz").status_code > 0
        except httpx.TransportError:
            return False

    def tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.folder / "certificate.pem"))

    def client(self, address: str = CLIENT, **options: Any) -> httpx.Client:
        """A client that connects from this address."""
        transport = httpx.HTTPTransport(verify=self.tls(), local_address=address)
        return httpx.Client(base_url=self.url, transport=transport, timeout=60, **options)


class Nginx(Proxy):
    def command(self) -> tuple[list[str], dict[str, str]]:
        changes = {
            "127.0.0.1:8000": f"127.0.0.1:{self.upstream}",
            "gatekeeper.example.com": NAME,
            "listen 80;": f"listen 127.0.0.1:{self.plain_port};",
            "listen 443 ssl http2;": f"listen 127.0.0.1:{self.port} ssl http2;",
            "    listen [::]:80;\n": "",
            "    listen [::]:443 ssl http2;\n": "",
            f"/etc/letsencrypt/live/{NAME}/fullchain.pem": str(self.folder / "certificate.pem"),
            f"/etc/letsencrypt/live/{NAME}/privkey.pem": str(self.folder / "key.pem"),
            "/var/log/nginx": str(self.folder),
        }
        (self.folder / "site.conf").write_text(changed(DEPLOY / "nginx" / "gatekeeper.conf", changes))
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        places = "".join(f"    {kind}_temp_path {self.folder}/{kind};\n" for kind in kinds)
        user = "user root;\n" if os.geteuid() == 0 else ""
        # gzip is on in Debian's own nginx.conf.
        (self.folder / "nginx.conf").write_text(
            f"{user}daemon off;\npid {self.folder}/pid;\nerror_log {self.folder}/error.log;\nevents {{}}\n"
            f"http {{\n    gzip on;\n{places}    include {self.folder}/site.conf;\n}}\n"
        )
        return [program("nginx"), "-e", "stderr", "-p", str(self.folder), "-c", "nginx.conf"], {}


class Caddy(Proxy):
    patience = 1  # seconds that it tries to reach a web server; 10 in deploy/

    def command(self) -> tuple[list[str], dict[str, str]]:
        certificate = f"tls {self.folder}/certificate.pem {self.folder}/key.pem"
        changes = {
            "{\n\tservers": "{\n\tadmin off\n\tauto_https disable_redirects\n\tservers",
            "lb_try_duration 10s": f"lb_try_duration {self.patience}s",
            "http://{$SITE_HOST} {": f"{self.plain_url} {{",
            "\n{$SITE_HOST} {": f"\n{self.url} {{\n\t{certificate}",
        }
        (self.folder / "Caddyfile").write_text(changed(DEPLOY / "caddy" / "Caddyfile", changes))
        command = [program("caddy"), "run", "--adapter", "caddyfile", "--config", str(self.folder / "Caddyfile")]
        home = {name: str(self.folder) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
        return command, {**home, "SITE_HOST": NAME, "UPSTREAM": f"127.0.0.1:{self.upstream}"}


def changed(path: Path, changes: dict[str, str]) -> str:
    """The file with each of these texts, which has to be in it, replaced."""
    text = path.read_text()
    for before, after in changes.items():
        assert before in text, f"{before!r} is not in {path}"
        text = text.replace(before, after)
    return text


def make_certificate(folder: Path) -> None:
    """``certificate.pem`` and ``key.pem`` for localhost."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = dt.datetime.now(dt.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(NAME), x509.IPAddress(ip_address(CLIENT))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=2))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, private, serialization.NoEncryption())
    )
