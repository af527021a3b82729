"""The site behind gunicorn's threads, granian and uvicorn's workers, two processes of four threads each, in one run.

    .venv/bin/python -m bench.web_servers [--people 1000] [--rounds 5] [--seconds 0.5]

`make bench-peers` installs them into .venv-web. Measured on PostgreSQL where it answers: requests/s and processor time
of a few requests, memory, idle processor time, and how long others wait while clients hold connections and hardly send.
"""

import argparse
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import count

from bench.hot.cells import Cell, spread
from bench.hot.connections import Connection
from bench.hot.processor_time import process_group, resident_bytes, sample
from bench.hot.report import TWIN_NAMES
from bench.hot.rows import ROWS
from bench.hot.run import CONNECTIONS, TWIN_PATHS, Measured, Plan, add_row, measure, postgres_if_there, progress, twin
from bench.hot.servers import GatekeeperServer, Server
from entra_client.protocol.transport import Request
from tests.site import ROOT

BIN = ROOT / ".venv-web" / "bin"
COMMANDS: dict[str, list[str]] = {
    "gunicorn, gthread": ["gunicorn", "gatekeeper.wsgi"],
    "granian": [
        *("granian", "--interface", "wsgi", "--workers", "2", "--blocking-threads", "4", "--no-ws"),
        *("--host", "127.0.0.1", "--port", "{port}", "gatekeeper.wsgi:application"),
    ],
    "gunicorn, uvicorn": ["gunicorn", "--worker-class", "uvicorn_worker.UvicornWorker", "bench.peers.asgi:application"],
}
MEASURED = ("GET a user by id", "POST a user", "PATCH one member, group of 10", "page of 100 users, first")
SLOW_CLIENTS = 16  # twice as many as there are threads
WATCHED = 10.0  # seconds
PATIENCE = 30.0  # seconds that somebody else waits for an answer


class WebServer(GatekeeperServer):
    """The site behind one of them."""

    def __init__(self, name: str, like: GatekeeperServer | None) -> None:
        self.name = name
        super().__init__("PostgreSQL" if POSTGRES else "SQLite", postgres=POSTGRES, like=like)

    def begin(self) -> None:
        """Serve with its own command."""
        program, *options = COMMANDS[self.name]
        self.serve([str(BIN / program), *(option.format(port=self.port) for option in options)])


POSTGRES = postgres_if_there()


def main() -> None:
    """Start each, measure in rounds, print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.5)
    options = parser.parse_args()
    measured = Measured(Plan({"middle": options.people}, options.rounds, options.seconds))
    with ExitStack() as stack:
        servers: list[WebServer] = []
        for name in COMMANDS:
            servers.append(WebServer(name, servers[0] if servers else None))
            stack.callback(servers[-1].stop)
        for server in servers:
            progress(server.name)
            server.fill(options.people)
            server.begin()
            add_cells(measured, server)
        measure(measured)
        print("\n".join(rate_table(measured, servers)))
        print("\n".join(behaviour_table(servers)))


def add_cells(measured: Measured, server: Server) -> None:
    """A view without a query, the twin of a read, and a few rows."""
    for name in ("constant", "read"):
        method, path = TWIN_PATHS[name]
        make = twin(method, path.format(user=server.directory.users[0]))
        for connections in measured.plan.connections:
            cell = Cell(server, name, make, 200, connections, count())
            measured.cells["PostgreSQL", "middle", name, server.name, connections] = cell
    for row in ROWS:
        if row.name in MEASURED:
            add_row(measured, "PostgreSQL", "middle", row, server)


def rate_table(measured: Measured, servers: list[WebServer]) -> Iterator[str]:
    """Requests/s, and processor time in brackets."""
    yield f"| requests/s (CPU ms) | connections | {' | '.join(server.name for server in servers)} |"
    yield f"| --- | ---: |{' ---: |' * len(servers)}"
    for name in ("constant", "read", *MEASURED):
        for connections in CONNECTIONS:
            cells = [measured.cells["PostgreSQL", "middle", name, server.name, connections] for server in servers]
            shown = [f"{spread(c.rates).median:,.0f} ({spread(c.costs).median * 1000:.2f})" for c in cells]
            yield f"| {TWIN_NAMES.get(name, name)} | {connections} | {' | '.join(shown)} |"
    yield ""


def behaviour_table(servers: list[WebServer]) -> Iterator[str]:
    """What does not depend on the kind of request."""
    kinds: dict[str, Callable[[WebServer], str]] = {
        "memory of its processes, MB (PSS)": lambda server: f"{resident_bytes(own(server)) / 1e6:.0f}",
        "idle, % of a processor": idle,
        "200 idle kept connections: slowest of 20 others": lambda server: others_wait(server, kept_connections),
        f"{SLOW_CLIENTS} clients connect and send nothing": lambda server: others_wait(server, silent),
        f"{SLOW_CLIENTS} clients send a head byte by byte": lambda server: others_wait(server, slow_heads),
        f"{SLOW_CLIENTS} clients send a body byte by byte": lambda server: others_wait(server, slow_bodies),
    }
    yield f"| | {' | '.join(server.name for server in servers)} |"
    yield f"| --- |{' ---: |' * len(servers)}"
    for kind, find in kinds.items():
        progress(kind)
        yield f"| {kind} | {' | '.join(find(server) for server in servers)} |"


def own(server: WebServer) -> list[int]:
    """Its processes, without the database's."""
    assert server.running is not None
    return process_group(server.running.pid)


def idle(server: WebServer) -> str:
    """Processor time while nobody asks anything."""
    before = sum(sample(lambda: own(server)).values())
    time.sleep(WATCHED)
    return f"{(sum(sample(lambda: own(server)).values()) - before) / WATCHED * 100:.2f}"


def others_wait(server: WebServer, hold: "Callable[[WebServer, threading.Event], None]") -> str:
    """The slowest answer that others get, each over a connection of its own, while ``hold`` goes on."""
    over = threading.Event()
    holder = threading.Thread(target=hold, args=(server, over))
    holder.start()
    time.sleep(1.0)
    slowest = 0.0
    wanted = server.address.bytes_of(twin("GET", "/constant")(0))
    for _ in range(20):
        begun = time.perf_counter()
        try:
            with Connection(server.port, timeout=PATIENCE) as connection:
                connection.send(wanted)
        except OSError:
            slowest = PATIENCE
            break
        slowest = max(slowest, time.perf_counter() - begun)
    over.set()
    holder.join()
    return f"> {PATIENCE:.0f} s" if slowest >= PATIENCE else f"{slowest * 1000:,.0f} ms"


@contextmanager
def opened(server: WebServer, number: int) -> Iterator[list[socket.socket]]:
    """So many connections."""
    with ExitStack() as stack:
        yield [stack.enter_context(socket.create_connection(("127.0.0.1", server.port))) for _ in range(number)]


def kept_connections(server: WebServer, over: threading.Event) -> None:
    """Connections over which something was asked once."""
    wanted = server.address.bytes_of(twin("GET", "/constant")(0))
    with opened(server, 200) as connections:
        for connection in connections:
            connection.sendall(wanted)
            connection.recv(65_536)
        over.wait()


def silent(server: WebServer, over: threading.Event) -> None:
    """Connections over which nothing is sent."""
    with opened(server, SLOW_CLIENTS):
        over.wait()


def slow_heads(server: WebServer, over: threading.Event) -> None:
    """A request's head, byte by byte."""
    drip(server, server.address.bytes_of(Request(method="GET", path="/Users")), begin=0, over=over)


def slow_bodies(server: WebServer, over: threading.Event) -> None:
    """A whole head, and the body byte by byte."""
    wanted = server.address.bytes_of(Request(method="POST", path="/Users", body={"userName": "x" * 500}))
    drip(server, wanted, begin=wanted.index(b"\r\n\r\n") + 4, over=over)


def drip(server: WebServer, wanted: bytes, *, begin: int, over: threading.Event) -> None:
    """Send the beginning at once, and what follows one byte each half second."""
    with opened(server, SLOW_CLIENTS) as connections:
        for connection in connections:
            connection.sendall(wanted[:begin])
        for byte in wanted[begin:]:
            for connection in connections:
                with suppress(OSError):
                    connection.sendall(bytes([byte]))
            if over.wait(0.5):
                return
        over.wait()


if __name__ == "__main__":
    main()
