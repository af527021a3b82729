"""The whole run: start the servers, measure in interleaved rounds, return what came out."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count

import psycopg

from bench.hot.cells import Cell, reason_against
from bench.hot.connections import Connection
from bench.hot.peers import Peer, installed
from bench.hot.rows import ROWS, Row, Size, Twin
from bench.hot.servers import DATABASES, POSTGRES, Database, GatekeeperServer, PostgresServer, Server
from entra_client.protocol.transport import Request

CONNECTIONS = (1, 8)
WARM_UP = 0.2  # seconds
TWIN_PATHS: dict[Twin | str, tuple[str, str]] = {
    "constant": ("GET", "/constant"),
    "read": ("GET", "/read/{user}"),
    "write": ("POST", "/write/{user}"),
    "page": ("GET", "/page"),
}


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    sizes: dict[Size, int]  # people
    rounds: int
    seconds: float  # of a round
    connections: tuple[int, ...] = CONNECTIONS


WHOLE = Plan(sizes={"small": 1_000, "middle": 5_000, "large": 100_000}, rounds=5, seconds=0.4)
QUICK = Plan(sizes={"small": 200, "middle": 1_000, "large": 5_000}, rounds=3, seconds=0.1)


@dataclass
class Measured:
    """Every cell by what it is of: (database, size, row's or twin's name, server, connections)."""

    plan: Plan
    cells: dict[tuple[Database, Size, str, str, int], Cell] = field(default_factory=dict)
    reasons: dict[tuple[Database, str, str], str] = field(default_factory=dict)  # (database, row, server)


def progress(text: str) -> None:
    """Say on stderr what goes on."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def postgres_if_there() -> PostgresServer | None:
    """The PostgreSQL server, where one answers."""
    try:
        return PostgresServer()
    except psycopg.OperationalError:
        progress(f"PostgreSQL does not answer at {POSTGRES}: only SQLite is measured")
        return None


@contextmanager
def peers(plan: Plan, postgres: PostgresServer | None) -> Iterator[list[Peer]]:
    """The other servers that are installed, with the middle number of people."""
    with ExitStack() as stack:
        running = installed(postgres)
        for server in running:
            stack.callback(server.stop)
        for server in running:
            progress(f"{server.name} with {plan.sizes['middle']:,} people")
            server.start(plan.sizes["middle"])
        yield running


@contextmanager
def sites(plan: Plan, postgres: PostgresServer | None) -> Iterator[dict[tuple[Database, Size], GatekeeperServer]]:
    """Our site on each database, with each number of people."""
    running: dict[tuple[Database, Size], GatekeeperServer] = {}
    with ExitStack() as stack:
        for database in DATABASES:
            if database == "PostgreSQL" and postgres is None:
                continue
            progress(f"prepare {database}")
            prepared: GatekeeperServer | None = None
            for size in plan.sizes:
                server = GatekeeperServer(database, postgres=postgres, like=prepared)
                stack.callback(server.stop)
                prepared = prepared or server
                running[database, size] = server
        for (database, size), server in running.items():
            progress(f"Gatekeeper on {database} with {plan.sizes[size]:,} people")
            server.fill(plan.sizes[size])
            server.serve()
        yield running


def add_site(measured: Measured, database: Database, size: Size, server: Server) -> None:
    """Cells of the site itself: each row of this size, and their twins; the middle one has all of these."""
    numbers: count[int] = count()
    wanted = set(TWIN_PATHS) if size == "middle" else {row.twin for row in ROWS if size in row.sizes}
    for connections in measured.plan.connections:
        for name, (method, path) in ((name, TWIN_PATHS[name]) for name in TWIN_PATHS if name in wanted):
            make = twin(method, path.format(user=server.directory.users[0]))
            cell = Cell(server, name, make, 200, connections, numbers)
            measured.cells[database, size, name, "twin", connections] = cell
    for row in ROWS:
        if size in row.sizes:
            add_row(measured, database, size, row, server)


def add_row(measured: Measured, database: Database, size: Size, row: Row, server: Server) -> None:
    """The cells of a row at a server, or the reason why it can't be measured there."""
    numbers: count[int] = count()
    make = (server.instead.get(row.name) or row.requests_for)(server.directory)
    status, reason = reason_against(server, row, make, numbers)
    if reason:
        measured.reasons[database, row.name, server.name] = reason
        return
    for connections in measured.plan.connections:
        if row.is_long and connections > 1:
            continue
        cell = Cell(server, row.name, make, status, connections, numbers)
        measured.cells[database, size, row.name, server.name, connections] = cell


def twin(method: str, path: str) -> Callable[[int], Request]:
    """Requests to a twin, whose address begins as SCIM's base does."""
    body = {"userName": "twin"} if method == "POST" else None
    return lambda _: Request(method=method, path=f"-twin{path}", body=body)


def measure(measured: Measured, postgres: PostgresServer | None) -> None:
    """Rounds, in each of which every cell has its turn, so that a busy moment hits all of them.

    Between them PostgreSQL's tables are vacuumed: a few people are changed thousands of times.
    """
    most = max(measured.plan.connections)
    servers = dict.fromkeys(cell.server for cell in measured.cells.values())
    with ExitStack() as stack:
        connections = {
            server: [stack.enter_context(Connection(server.port)) for _ in range(most)] for server in servers
        }
        for number in range(measured.plan.rounds):
            progress(f"round {number + 1} of {measured.plan.rounds}")
            if postgres:
                postgres.vacuum()
            for server in servers:
                cells = [cell for cell in measured.cells.values() if cell.server is server]
                warm_up(cells, connections[server])
                for cell in cells:
                    cell.measure(connections[server], seconds=measured.plan.seconds)


def warm_up(cells: list[Cell], connections: list[Connection]) -> None:
    """Nothing was asked of it for a while, so each thread connects to the database anew with its first request."""
    widest = next(cell for cell in cells if cell.connections == len(connections) and cell.name != "constant")
    for _ in range(2):
        widest.round(connections, seconds=WARM_UP)
