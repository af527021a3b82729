"""What a whole run leaves: the tables in bench/RESULTS.md, bench/ratios.json, and the plot of the README."""

import os
import platform
import subprocess
import textwrap
import time
from collections.abc import Iterable
from pathlib import Path

from bench.hot.plot import Rates, plot
from bench.hot.run import Plan

BENCH = Path(__file__).resolve().parents[1]
RESULTS = BENCH / "RESULTS.md"
PLOT = BENCH.parent / "docs" / "images" / "requests-per-second.svg"
BEGIN = "<!-- What `make bench` writes stands between these two lines. -->\n"
END = "<!-- end -->\n"


def commit() -> str:
    """Of the code that is about to be measured."""
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=BENCH, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


def circumstances(plan: Plan, measured_commit: str) -> str:
    """When and where it was measured."""
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    text = (
        f"`make bench`, {time.strftime('%Y-%m-%d')}, commit {measured_commit}, {os.cpu_count()} cores (load at the end "
        f"{load}), Python {platform.python_version()}, gunicorn as the Procfile has it; {plan.rounds} rounds of "
        f"{plan.seconds:g} s for each figure, interleaved; medians, quartiles in brackets. CPU is Python and database "
        "together; '× twin' is divided round by round. [How it is measured](README.md)."
    )
    return textwrap.fill(text, width=125)


def write_results(plan: Plan, measured_commit: str, tables: Iterable[str]) -> None:
    """Replace what the last run wrote, and nothing else."""
    before, _, rest = RESULTS.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    text = "\n".join(["## The hot SCIM requests", "", circumstances(plan, measured_commit), "", *tables, ""])
    RESULTS.write_text(f"{before}{BEGIN}{text}{END}{after}")


def write_plot(rates: Rates, *, people: int) -> None:
    """Without the rows that no other server can do."""
    shown = {name: row for name, row in rates.items() if sum(rate is not None for rate in row.values()) > 1}
    title = f"SCIM requests per second over one connection, {people:,} people, PostgreSQL, in one run"
    PLOT.write_text(plot(shown, title=title))
