"""One kind of request at one server: measured in rounds, each beside the others of the run."""

import json
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

from bench.hot.connections import Connection, UnexpectedAnswer, send_for
from bench.hot.processor_time import ProcessEnded, between, sample
from bench.hot.rows import Row
from bench.hot.servers import Server
from entra_client.protocol.transport import Request

REPEATS = 3  # of a round in which a process ended


class Spread(NamedTuple):
    """Median and quartiles of the rounds."""

    low: float
    median: float
    high: float


def spread(values: list[float]) -> Spread:
    """Of at least one value."""
    if len(values) == 1:
        return Spread(values[0], values[0], values[0])
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(low, median, high)


@dataclass
class Cell:
    """What is sent to one server, and what each round of it cost."""

    server: Server
    name: str
    make: Callable[[int], Request]
    expected: int
    connections: int
    numbers: "count[int]"
    rates: list[float] = field(default_factory=list)  # requests/s, one a round
    costs: list[float] = field(default_factory=list)  # seconds of processor for a request, likewise

    def round(self, open_connections: list[Connection], *, seconds: float) -> tuple[float, float]:
        """Requests/s, and seconds of processor for a request."""
        address = self.server.address
        for _ in range(REPEATS):
            before = sample(self.server.processes)
            load = send_for(
                open_connections[: self.connections],
                lambda number: address.bytes_of(self.make(number)),
                self.numbers,
                seconds=seconds,
                expected=self.expected,
            )
            try:
                used = between(before, sample(self.server.processes))
            except ProcessEnded:
                continue
            return load.requests / load.seconds, used / load.requests
        raise SystemExit(f"{self.server.name}: processes ended in each of {REPEATS} rounds; see {self.server.log}")

    def measure(self, open_connections: list[Connection], *, seconds: float) -> None:
        """One more round."""
        rate, cost = self.round(open_connections, seconds=seconds)
        self.rates.append(rate)
        self.costs.append(cost)

    def times(self, floor: "Cell") -> Spread:
        """The cost as a multiple of another cell's, round by round."""
        return spread([mine / its for mine, its in zip(self.costs, floor.costs, strict=True)])


def reason_against(server: Server, row: Row, make: Callable[[int], Request], numbers: "count[int]") -> tuple[int, str]:
    """The status of the row's request there, and why the row can't be measured; empty when it can."""
    request = make(next(numbers))
    with Connection(server.port) as connection:
        answer = connection.send(server.address.bytes_of(request))
    if answer.status not in row.status:
        return answer.status, f"answers {answer.status}"
    if row.results is not None:
        try:
            found = len(json.loads(answer.content).get("Resources", ()))
        except ValueError:
            return answer.status, "answers no JSON"
        if found != row.results:
            return answer.status, f"answers {found:,} users instead of {row.results}"
    return answer.status, ""


__all__ = ["Cell", "Spread", "UnexpectedAnswer", "reason_against", "spread"]
