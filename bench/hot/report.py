"""What came out, as Markdown tables and as the recorded ratios."""

import statistics
from collections.abc import Iterator
from typing import Any

from bench.hot.cells import Cell, Spread, spread
from bench.hot.rows import ROWS, SQLITE_MAY_COST, Row, Size
from bench.hot.run import CONNECTIONS, TWIN_PATHS, Measured
from bench.hot.servers import DATABASES, Database

OURS = "Gatekeeper"
TWIN_NAMES = {
    "constant": "a view without any query",
    "read": "twin of a read",
    "write": "twin of a write",
    "page": "twin of a page",
}
NEAR = 1.3  # times: what two costs that should not depend on a size may differ by


def target_of(row: Row, database: Database) -> float:
    """What the row may cost there, as a multiple of its twin."""
    return row.target * (SQLITE_MAY_COST if database == "SQLite" else 1)


def each_row(measured: Measured, database: Database) -> Iterator[tuple[Row, Size]]:
    """Rows with their sizes that were measured there."""
    for row in ROWS:
        for size in row.sizes:
            if (database, size, row.name, OURS, 1) in measured.cells:
                yield row, size


def times_twin(measured: Measured, database: Database, row: Row, size: Size, connections: int) -> Spread | None:
    """The cost of the row as a multiple of its twin's."""
    cell = measured.cells.get((database, size, row.name, OURS, connections))
    return cell and cell.times(measured.cells[database, size, row.twin, "twin", connections])


def ratios(measured: Measured) -> dict[str, dict[str, float]]:
    """By database and row: what is recorded."""
    return {
        database: {
            f"{row.name}, {measured.plan.sizes[size]:,} people": round(found.median, 2)
            for row, size in each_row(measured, database)
            if (found := times_twin(measured, database, row, size, 1))
        }
        for database in DATABASES
        if any(key[0] == database for key in measured.cells)
    }


def tables(measured: Measured) -> Iterator[str]:
    """Everything, database by database."""
    for database in DATABASES:
        if any(key[0] == database for key in measured.cells):
            yield from _table(measured, database)
            yield ""
            yield from _flatness(measured, database)
            yield ""
    yield from _peers(measured)


def _table(measured: Measured, database: Database) -> Iterator[str]:
    yield f"### {database}"
    yield ""
    yield "| request | people | requests/s | over 8 connections | CPU ms | × twin | over 8 | target | met |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |"
    people = measured.plan.sizes["middle"]
    for name in TWIN_PATHS:
        one, eight = (measured.cells.get((database, "middle", name, "twin", number)) for number in CONNECTIONS)
        yield f"| *{TWIN_NAMES[name]}* | {people:,} | {_rate(one)} | {_rate(eight)} | {_cost(one)} | | | | |"
    for row, size in each_row(measured, database):
        one, eight = (measured.cells.get((database, size, row.name, OURS, number)) for number in CONNECTIONS)
        target = target_of(row, database)
        times, at_eight = (times_twin(measured, database, row, size, number) for number in CONNECTIONS)
        assert times is not None
        yield (
            f"| {row.name} | {measured.plan.sizes[size]:,} | {_rate(one)} | {_rate(eight)} | {_cost(one)} | "
            f"**{_number(times.median)}** ({_number(times.low)}–{_number(times.high)}) | "
            f"{_number(at_eight.median) if at_eight else '–'} | ≤ {_number(target)} | "
            f"{'yes' if times.median <= target else 'no'} |"
        )


def _flatness(measured: Measured, database: Database) -> Iterator[str]:
    """Whether what should not depend on a size does not."""
    pairs: tuple[tuple[str, tuple[str, Size], tuple[str, Size]], ...] = (
        (
            "one member: group of {large} beside a group of 10",
            ("PATCH one member, group of everybody", "large"),
            ("PATCH one member, group of 10", "large"),
        ),
        ("PATCH active: {large} people beside {small}", ("PATCH active", "large"), ("PATCH active", "small")),
        (
            "PATCH three attributes: {large} people beside {small}",
            ("PATCH three attributes", "large"),
            ("PATCH three attributes", "small"),
        ),
    )
    yield "| does not depend on the size | × | at most | met |"
    yield "| --- | ---: | ---: | --- |"
    people = {size: f"{number:,}" for size, number in measured.plan.sizes.items()}
    for text, (large_row, large_size), (small_row, small_size) in pairs:
        large = measured.cells.get((database, large_size, large_row, OURS, 1))
        small = measured.cells.get((database, small_size, small_row, OURS, 1))
        if large and small:
            times = large.times(small).median
            yield f"| {text.format(**people)} | {times:.2f} | {NEAR} | {'yes' if times <= NEAR else 'no'} |"


def peers_of(measured: Measured) -> list[str]:
    """The other servers that were measured, in their order."""
    names = [key[3] for key in measured.cells] + [server for _, _, server in measured.reasons]
    return [name for name in dict.fromkeys(names) if name not in (OURS, "twin")]


def rate_of(measured: Measured, row: Row, server: str, connections: int) -> float | None:
    """Requests/s on PostgreSQL with the middle number of people; None where it was not measured."""
    cell = measured.cells.get(("PostgreSQL", "middle", row.name, server, connections))
    return statistics.median(cell.rates) if cell else None


def _peers(measured: Measured) -> Iterator[str]:
    peers = peers_of(measured)
    if not peers:
        return
    yield "### Beside other servers"
    yield ""
    for connections in measured.plan.connections:
        yield f"Requests/s, {measured.plan.sizes['middle']:,} people, connections: {connections}."
        yield ""
        yield f"| request | {OURS} | {' | '.join(peers)} | ahead |"
        yield f"| --- |{' ---: |' * (len(peers) + 1)} --- |"
        for row in ROWS:
            ours = rate_of(measured, row, OURS, connections)
            if ours is None or "middle" not in row.sizes:
                continue
            theirs = [rate_of(measured, row, peer, connections) for peer in peers]
            can = [rate for rate in theirs if rate is not None]
            ahead = "" if not can else "yes" if ours > max(can) else "no"
            shown = " | ".join("–" if rate is None else _rate_text(rate) for rate in theirs)
            yield f"| {row.name} | {_rate_text(ours)} | {shown} | {ahead} |"
        yield ""
    reasons = {f"{server}, {row}: {reason}" for (_, row, server), reason in measured.reasons.items() if server in peers}
    yield from (f"- {reason}." for reason in sorted(reasons))


def _rate(cell: Cell | None) -> str:
    if cell is None:
        return "–"
    found = spread(cell.rates)
    return f"{_rate_text(found.median)} ({_rate_text(found.low)}–{_rate_text(found.high)})"


def _rate_text(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}"


def _cost(cell: Cell | None) -> str:
    return "–" if cell is None else f"{statistics.median(cell.costs) * 1000:.2f}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def as_data(measured: Measured) -> dict[str, Any]:
    """What the plot needs."""
    return {
        row.name: {server: rate_of(measured, row, server, 1) for server in (OURS, *peers_of(measured))}
        for row in ROWS
        if "middle" in row.sizes
    }
