"""One request, and what it costs: statements, rows read by their plans, bytes, processor time of both processes."""

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection
from django.test import Client, override_settings

from gatekeeper.directory.access.loaders import local_administrator_called
from tests.scale.first_rows import ADMINISTRATOR, Scim
from tests.scale.openings import Opening
from tests.transactions import rolled_back
from tests.web.pages import signed_in

SECONDS_A_TICK = 1 / os.sysconf("SC_CLK_TCK")
METRICS_TOKEN = "for the one who scrapes"
# That a session is in use is noted once a minute, by whichever request comes then: on a slow machine by many of these.
_NOTED = 'UPDATE "directory_signin" SET "last_seen_at"'
NOT_OF_THE_PAGE = ("SAVEPOINT", "RELEASE", "ROLLBACK", "SET ", "SELECT set_config", _NOTED)
PLAIN_PAGE, PLAIN_API, PLAIN_SCIM = "/docs/scim-limits/", "/api/v1/", "/scim/v2/ServiceProviderConfig"


@dataclass(frozen=True, slots=True)
class Plan:
    """What EXPLAIN ANALYZE says of one statement."""

    sql: str
    rows_read: int  # by all scans, with those that a filter removed
    scanned: dict[str, int]  # table → rows that a sequential scan read
    repeated: int  # how often the sub-plan that ran most often ran
    buffers: int


@dataclass(slots=True)
class Measured:
    """``own``: statements beyond what a page that shows nothing takes."""

    opening: Opening
    status: int
    own: int
    size: int
    is_html: bool
    python: float  # seconds of processor time
    database: float
    plans: list[Plan] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return self.python + self.database

    @property
    def rows_read(self) -> int:
        return sum(plan.rows_read for plan in self.plans)

    @property
    def repeated(self) -> int:
        return max((plan.repeated for plan in self.plans), default=0)

    @property
    def buffers(self) -> int:
        return sum(plan.buffers for plan in self.plans)

    @property
    def worst(self) -> str:
        worst = max(self.plans, key=lambda plan: plan.rows_read, default=None)
        return worst.sql if worst else ""


class Browsers:
    """Whoever opens addresses, by what authenticates them, and the statements of each before a page asks any."""

    def __init__(self) -> None:
        server = Scim()
        session = signed_in(Client(SERVER_NAME=server.host), local_administrator_called(ADMINISTRATOR))
        nobody, bearer = Client(SERVER_NAME=server.host), Client(SERVER_NAME=server.host)
        self.clients = {"session": session, "nothing": nobody, "key": server.client, "link": bearer}
        self.headers = {
            "key": {"HTTP_AUTHORIZATION": f"Bearer {server.key}"},
            "nothing": {"HTTP_AUTHORIZATION": f"Bearer {METRICS_TOKEN}"},
        }
        self.plain = {"nothing": 0, "link": 0}
        for plain, address, by in (
            ("session", PLAIN_PAGE, "session"),
            ("api", PLAIN_API, "session"),
            ("key", PLAIN_SCIM, "key"),
        ):
            self.open(Opening(address, by))
            self.plain[plain] = len(self.statements(Opening(address, by))[1])

    def start(self, tokens: Iterable[str]) -> None:
        """Open set-up links, each of which works in the browser that opened it."""
        for token in tokens:
            self.clients["link"].post(f"/set-up/open/{token}/")

    def open(self, opening: Opening) -> Any:
        client, headers = self.clients[opening.by], self.headers.get(opening.by, {})
        with rolled_back(), override_settings(METRICS_TOKEN=METRICS_TOKEN):
            if opening.form is not None:
                answer = client.post(opening.address, opening.form, **headers)
            else:
                answer = client.get(opening.address, **headers)
            answer.whole = b"".join(answer.streaming_content) if answer.streaming else answer.content
        return answer

    def statements(self, opening: Opening) -> tuple[Any, list[tuple[str, Any]]]:
        found: list[tuple[str, Any]] = []

        def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            if not many and not sql.startswith(NOT_OF_THE_PAGE):
                found.append((sql, params))
            return execute(sql, params, many, context)

        with connection.execute_wrapper(note):
            return self.open(opening), found

    def measure(self, opening: Opening, *, timed: bool = True) -> Measured:
        """Open it once with its statements noted, once more for its time, and explain the statements."""
        answer, statements = self.statements(opening)
        python, database = time.process_time(), backend_seconds()
        if timed:
            self.open(opening)
        python, database = time.process_time() - python, backend_seconds() - database
        return Measured(
            opening,
            answer.status_code,
            max(0, len(statements) - self.plain["api" if opening.address.startswith(PLAIN_API) else opening.by]),
            len(answer.whole),
            "html" in answer.headers.get("Content-Type", ""),
            python,
            database,
            [plan for sql, params in statements if (plan := explain(sql, params))],
        )


def backend_seconds() -> float:
    """Processor time of this connection's PostgreSQL process; 0 where its process is not on this machine."""
    connection.ensure_connection()
    try:
        words = Path(f"/proc/{connection.connection.info.backend_pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(words[11]) + int(words[12])) * SECONDS_A_TICK


def explain(sql: str, params: Sequence[Any] | None) -> Plan | None:
    """The plan of a SELECT, which is run for it; None for other statements."""
    if not sql.lstrip("( ").upper().startswith(("SELECT", "WITH")) or "FOR UPDATE" in sql or "pg_advisory" in sql:
        return None
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params)
        root = cursor.fetchone()[0][0]["Plan"]
    rows, repeated, scanned = 0, 0, dict[str, int]()
    for node in _nodes(root):
        loops = node["Actual Loops"]
        if "Relation Name" in node:
            read = round((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * loops)
            read += node.get("Rows Removed by Index Recheck", 0) * loops
            rows += read
            if node["Node Type"] == "Seq Scan":
                scanned[node["Relation Name"]] = scanned.get(node["Relation Name"], 0) + read
        if node.get("Parent Relationship") == "SubPlan":
            repeated = max(repeated, loops)
    return Plan(sql, rows, scanned, repeated, root.get("Shared Hit Blocks", 0) + root.get("Shared Read Blocks", 0))


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)
