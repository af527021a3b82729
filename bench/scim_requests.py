"""What SCIM requests cost, as ratios to a bare Django view on the same server in the same run.

    .venv/bin/python -m bench.scim_requests [--people 10000] [--rounds 5] [--requests 100]

Uses DATABASE_URL when it is set (a database of its own is made there), SQLite otherwise. Prints a Markdown table.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from entra_client.directory.company import Company, make_company
from entra_client.protocol import requests
from entra_client.protocol.client_quirks import WITHOUT_FLAG
from entra_client.protocol.transport import Request, ScimServer
from tests.site import ROOT, Site, free_port, wait_until

FILL = Path(__file__).parent / "fill.py"
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")  # per second, in /proc/PID/stat
SMALL = 10  # members of the small group


@dataclass
class Case:
    """One kind of request; ``make`` returns the next one to send."""

    name: str
    server: ScimServer
    processes: list[int]
    make: Callable[[], Request]
    expected: int
    seconds: list[float] = field(default_factory=list)  # wall clock for a request, one figure a round
    cpu: list[float] = field(default_factory=list)  # of the server's processes, likewise

    def round(self, number: int) -> None:
        """Send ``number`` requests one after the other and note what each cost on average."""
        wanted = [self.make() for _ in range(number)]
        cpu, begun = cpu_seconds(self.processes), time.perf_counter()
        for request in wanted:
            answer = self.server.send(request)
            if answer.status != self.expected:
                raise SystemExit(f"{request} answered {answer.status}: {answer.content[:300]!r}")
        self.seconds.append((time.perf_counter() - begun) / number)
        self.cpu.append((cpu_seconds(self.processes) - cpu) / number)


def cpu_seconds(processes: list[int]) -> float:
    """User and system time of the processes so far (Linux)."""
    ticks = 0
    for process in processes:
        fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / CLOCK_TICKS


def group_of(leader: int) -> list[int]:
    """The processes of a process group."""
    found = subprocess.run(["pgrep", "-g", str(leader)], capture_output=True, text=True, check=True)
    return [int(line) for line in found.stdout.split()]


def start_floor() -> tuple[subprocess.Popen[bytes], int]:
    """Serve the floor as the Procfile serves the site: gunicorn reads the same gunicorn.conf.py."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "bench.floor:application", "--bind", f"127.0.0.1:{port}"]
    process = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
    wait_until(lambda: _answers(port), what="the floor's start")
    return process, port


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/").is_success
    except httpx.TransportError:
        return False


def fill(site: Site, people: int) -> dict[str, Any]:
    """Put people and two groups in through the site's own service functions; returns ids."""
    done = subprocess.run(
        [sys.executable, str(FILL), str(people), str(SMALL)],
        cwd=ROOT,
        env=site.environment | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        check=True,
    )
    ids: dict[str, Any] = json.loads(done.stdout)
    return ids


def cases(site: Site, ids: dict[str, Any], key: str, floor: tuple[subprocess.Popen[bytes], int]) -> list[Case]:
    """Everything that is measured, the floor first."""
    bare = ScimServer(f"http://127.0.0.1:{floor[1]}", "none")
    server = ScimServer(f"{site.url}/scim/v2", key)
    web = group_of(site.running["web"].pid)
    company = make_company(people=200, groups=0, seed=5)
    numbers = count()
    names = [f"person{number}@bench.example" for number in range(0, ids["people"], 7)]

    def case(name: str, make: Callable[[], Request], expected: int = 200) -> Case:
        return Case(name, server, web, make, expected)

    def add(group: str) -> Callable[[], Request]:
        spare = iter(ids["spare"][group])
        return lambda: requests.change("Group", ids[group], WITHOUT_FLAG.add_members([next(spare)]))

    return [
        Case("floor: a bare Django view", bare, group_of(floor[0].pid), lambda: Request(method="GET", path="/"), 200),
        case("GET /Users by filter", lambda: requests.find_user(WITHOUT_FLAG, names[next(numbers) % len(names)])),
        case("GET /Users/{id}", lambda: requests.read("User", ids["user"])),
        case("GET /Users, a page of 100", lambda: requests.page_of_users(1 + next(numbers) % 50, 100)),
        case("POST /Users", _new_people(company), 201),
        case(f"PATCH one member into a group of {SMALL}", add("small"), 204),
        case(f"PATCH one member into a group of {ids['people']}", add("large"), 204),
        case("GET /Groups by filter, without members", lambda: requests.find_group(WITHOUT_FLAG, "Large")),
    ]


def _new_people(company: Company) -> Callable[[], Request]:
    def make() -> Request:
        body = WITHOUT_FLAG.new_user(company.people[0])
        return requests.create("User", body | {"userName": f"{uuid4().hex[:20]}@bench.example", "emails": []})

    return make


def rows(measured: list[Case]) -> Iterator[str]:
    """The Markdown table: medians of the rounds, and each as a multiple of the floor."""
    floor = measured[0]
    floor_cpu = statistics.median(floor.cpu) or float("nan")
    yield "| request | requests/s | × floor | CPU ms/request | × floor |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for case in measured:
        seconds, cpu = statistics.median(case.seconds), statistics.median(case.cpu)
        slower = seconds / statistics.median(floor.seconds)
        yield f"| {case.name} | {1 / seconds:.0f} | {slower:.1f} | {cpu * 1000:.2f} | {cpu / floor_cpu:.1f} |"


def main() -> None:
    """Start the site and the floor, fill, measure in rounds, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=100)
    options = parser.parse_args()
    site = Site(processes=("web",)).start()
    floor = start_floor()
    try:
        print(f"filling {options.people} people …", file=sys.stderr)
        ids = fill(site, options.people)
        key = site.manage("scim_key", "generate")["api_key"]
        measured = cases(site, ids, key, floor)
        for case in measured:
            case.round(20)  # to warm up
            case.seconds.clear()
            case.cpu.clear()
        for number in range(options.rounds):  # rounds, so that a busy moment hits every case
            print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
            for case in measured:
                case.round(options.requests)
        print("\n".join(rows(measured)))
    finally:
        floor[0].terminate()
        floor[0].wait()
        site.stop()


if __name__ == "__main__":
    main()
