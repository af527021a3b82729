"""The hosts of a test: network namespaces with a cable to the test's own, where they can be made; else ports.

Only root makes namespaces that the test's own processes reach. They are for sites with PostgreSQL and Redis: SQLite is
for one host. A namespace ends with the processes in it, and its cable with the namespace.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from tests.site import free_port

NETWORK = "198.18"  # for measurements between networks (RFC 2544): nobody's
PORT = 8000
TOOLS = ("ip", "nsenter", "unshare")


@dataclass
class Host:
    """``address`` and ``port``: its web server's. ``gateway``: where it finds what runs outside of it.

    ``inside``: what stands before a command that runs on it.
    """

    number: int
    address: str = "127.0.0.1"
    port: int = field(default_factory=free_port)
    gateway: str = "127.0.0.1"
    inside: list[str] = field(default_factory=list)

    @property
    def is_separate(self) -> bool:
        """Whether it has a network of its own."""
        return bool(self.inside)

    def unplug(self) -> None:
        """Nothing that is sent arrives, and nobody is told so."""
        _run(*self.inside, "ip", "link", "set", "cable", "down")

    def plug(self) -> None:
        """What is still open goes on."""
        _run(*self.inside, "ip", "link", "set", "cable", "up")


@contextmanager
def hosts(count: int) -> Iterator[list[Host]]:
    """So many of them, as separate as this machine allows."""
    if not can_separate():
        yield [Host(number) for number in range(count)]
        return
    with ExitStack() as stack:
        yield [stack.enter_context(_namespace(number)) for number in range(count)]


def can_separate() -> bool:
    """Whether namespaces can be made here and are of use."""
    is_on_servers = os.environ.get("DATABASE_URL", "").startswith("postgres")
    if not is_on_servers or os.geteuid() != 0 or not all(map(shutil.which, TOOLS)):
        return False
    tried = ["unshare", "--net", "ip", "link", "add", "gk-tried", "type", "veth", "peer", "name", "gk-other"]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0


@contextmanager
def _namespace(number: int) -> Iterator[Host]:
    """One that ends with the process that holds it; that one ends with the test's, however this ends."""
    subnet = f"{NETWORK}.{os.getpid() % 256}"
    gateway, address = (f"{subnet}.{4 * number + last}" for last in (1, 2))
    name = f"gk{os.getpid()}-{number}"
    holder = subprocess.Popen(
        ["unshare", "--net", "sh", "-c", "echo made; cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert holder.stdout
        assert holder.stdout.readline() == b"made\n"
        inside = ["nsenter", f"--net=/proc/{holder.pid}/ns/net"]
        _run("ip", "link", "add", name, "type", "veth", "peer", "name", "cable", "netns", str(holder.pid))
        _run("ip", "address", "add", f"{gateway}/30", "dev", name)
        _run("ip", "link", "set", name, "up")
        _run(*inside, "ip", "address", "add", f"{address}/30", "dev", "cable")
        for each in ("lo", "cable"):
            _run(*inside, "ip", "link", "set", each, "up")
        yield Host(number, address, PORT, gateway, inside)
    finally:
        subprocess.run(["ip", "link", "delete", name], capture_output=True, check=False)
        holder.kill()
        holder.communicate()


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (command, done.stderr)
