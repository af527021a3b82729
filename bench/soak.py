"""The whole site at four fifths of what it can do, for half an hour: what grows that should not?

    .venv/bin/python -m bench.soak [--minutes 30] [--share 0.8]

First the clients ask as fast as they are answered, for the rate that is possible on this machine now; then they keep to
a share of it. Each minute the memory (PSS), threads and open files of web, worker and beat are read, at the end the
rows of each table. Status 1 when a request failed, or one of these was higher in the last quarter than in the second.
The database and broker are those of DATABASE_URL and REDIS_URL, as in the tests; Linux only.
"""

import argparse
import itertools
import random
import sys
import threading
import time
from collections import Counter
from dataclasses import astuple, dataclass, field
from pathlib import Path
from statistics import median

import httpx

from bench.hot.processor_time import process_group, resident_bytes
from tests.chaos.faults import stored
from tests.site import Site

CLIENTS = 8
PEOPLE = 200  # for each client
WARM_UP, FASTEST = 10.0, 30.0  # seconds
MINUTE = 60.0  # seconds between two samples
GROWTH = 1.05  # each may move by so much
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
# Of a hundred requests: those of an incremental cycle, and somebody at the sign-in page.
MIX = {"find": 55, "read": 20, "change": 12, "replace a person": 8, "sign-in page": 5}


@dataclass
class Sample:
    """One process group at one time: memory in bytes, threads, open files."""

    memory: int
    threads: int
    files: int


@dataclass
class Answers:
    """Numbers of requests by status, and how long each took, in seconds."""

    statuses: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)


class Client(threading.Thread):
    """Sends requests of the mix, at most ``rate`` a second; as fast as they are answered while that is 0."""

    def __init__(self, number: int, site: Site, key: str) -> None:
        super().__init__(name=f"client-{number}", daemon=True)
        self.rate, self.answers, self.is_over = 0.0, Answers(), threading.Event()
        self._random = random.Random(number)
        self._names = itertools.count()
        self._prefix = f"soak-{number}"
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/scim+json"}
        self._http = httpx.Client(base_url=site.url, headers=headers, timeout=60)
        self._people = [self._created() for _ in range(PEOPLE)]

    def run(self) -> None:
        """Until ``is_over``."""
        due = time.monotonic()
        while not self.is_over.is_set():
            if self.rate:
                due = max(due + self._random.expovariate(self.rate), time.monotonic() - 1)
                time.sleep(max(due - time.monotonic(), 0))
            self._ask(*self._random.choices(list(MIX), list(MIX.values())))

    def _ask(self, kind: str) -> None:
        place = self._random.randrange(PEOPLE)
        person_id, name = self._people[place]
        if kind == "find":
            self._sent("GET", "/scim/v2/Users", params={"filter": f'userName eq "{name}"'})
        elif kind == "read":
            self._sent("GET", f"/scim/v2/Users/{person_id}")
        elif kind == "change":
            change = {"op": "replace", "path": "title", "value": f"Title {self._random.random()}"}
            self._sent("PATCH", f"/scim/v2/Users/{person_id}", json={"schemas": [PATCH], "Operations": [change]})
        elif kind == "sign-in page":
            self._sent("GET", "/sign-in/")
        else:
            self._sent("DELETE", f"/scim/v2/Users/{person_id}")
            self._people[place] = self._created()

    def _created(self) -> tuple[str, str]:
        name = f"{self._prefix}-{next(self._names)}@soak.example"
        answer = self._sent("POST", "/scim/v2/Users", json={"userName": name, "displayName": name})
        return str(answer.json()["id"]), name

    def _sent(self, method: str, path: str, **content: object) -> httpx.Response:
        begun = time.monotonic()
        answer = self._http.request(method, path, **content)  # type: ignore[arg-type]
        self.answers.seconds.append(time.monotonic() - begun)
        self.answers.statuses[str(answer.status_code)] += 1
        return answer


def main() -> int:
    """Start a site, load it, report; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=int, default=30)
    parser.add_argument("--share", type=float, default=0.8)
    arguments = parser.parse_args()
    site = Site()
    try:
        site.start()
        key = site.manage("scim_key", "generate")["api_key"]
        return soak(site, key, arguments.minutes, arguments.share)
    finally:
        site.stop()


def soak(site: Site, key: str, minutes: int, share: float) -> int:
    """Measure what is possible, and then a share of it."""
    clients = [Client(number, site, key) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    time.sleep(WARM_UP)
    before = sent(clients)
    time.sleep(FASTEST)
    fastest = (sent(clients) - before) / FASTEST
    for client in clients:
        client.answers, client.rate = Answers(), share * fastest / CLIENTS
    rows, samples = rows_of(site), []
    for _ in range(minutes):
        time.sleep(MINUTE)
        samples.append({name: sampled(process.pid) for name, process in site.running.items()})
    for client in clients:
        client.is_over.set()
    for client in clients:
        client.join()
    return report(clients, fastest, samples, rows, rows_of(site))


def report(
    clients: list[Client], fastest: float, samples: list[dict[str, Sample]], before: Counter[str], after: Counter[str]
) -> int:
    """The table, and whether all is well."""
    statuses: Counter[str] = sum((client.answers.statuses for client in clients), Counter())
    seconds = sorted(second for client in clients for second in client.answers.seconds)
    rate = len(seconds) / len(samples) / MINUTE
    write(f"{fastest:.0f} requests a second were possible; {rate:.0f} a second were sent for {len(samples)} minutes:")
    write(f"{dict(statuses)}; half within {at(seconds, 0.5)}, 99 of 100 within {at(seconds, 0.99)}.\n")
    write("| process | memory, second quarter | last quarter | threads | open files |")
    write("| --- | ---: | ---: | ---: | ---: |")
    quarter = max(len(samples) // 4, 1)
    is_flat = True
    for name in samples[0]:
        early = summary([sample[name] for sample in samples[quarter : 2 * quarter] or samples[:1]])
        late = summary([sample[name] for sample in samples[-quarter:]])
        is_flat &= all(after <= before * GROWTH for before, after in zip(astuple(early), astuple(late), strict=True))
        threads, files = f"{early.threads} → {late.threads}", f"{early.files} → {late.files}"
        write(f"| {name} | {early.memory / 1e6:.1f} MB | {late.memory / 1e6:.1f} MB | {threads} | {files} |")
    write("\n| table | rows more |\n| --- | ---: |")
    for table, number in (after - before).most_common():
        write(f"| {table} | {number:,} |")
    failed = {status: number for status, number in statuses.items() if not status.startswith("2")}
    write(f"\n{'Flat' if is_flat else 'Not flat'}; {sum(failed.values())} requests failed.")
    return 0 if is_flat and not failed else 1


def summary(samples: list[Sample]) -> Sample:
    """The median of each."""
    return Sample(
        *(int(median(getattr(sample, name) for sample in samples)) for name in ("memory", "threads", "files"))
    )


def sampled(leader: int) -> Sample:
    """What the processes of a group use now."""
    processes = process_group(leader)
    folders = [Path(f"/proc/{process}") for process in processes]
    count = {name: sum(len(list((folder / name).iterdir())) for folder in folders) for name in ("task", "fd")}
    return Sample(resident_bytes(processes), count["task"], count["fd"])


def rows_of(site: Site) -> Counter[str]:
    """The rows of each table of the site."""
    is_postgresql = site.environment.get("DATABASE_URL", "").startswith("postgres")
    catalogue = (
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        if is_postgresql
        else "SELECT name FROM sqlite_master WHERE type = 'table'"
    )
    tables = [str(table) for (table,) in stored(site, catalogue)]
    return Counter({table: int(str(stored(site, f'SELECT count(*) FROM "{table}"')[0][0])) for table in tables})


def sent(clients: list[Client]) -> int:
    """Requests so far."""
    return sum(client.answers.statuses.total() for client in clients)


def at(ordered: list[float], share: float) -> str:
    """The value below which so many of all are, in milliseconds."""
    return f"{ordered[int(share * (len(ordered) - 1))] * 1000:.0f} ms"


def write(line: str) -> None:
    """To standard output, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
