"""Five times the limit of a credential, over a real server with two workers, beside a credential that keeps to its own.

``.venv/bin/python -m bench.rate_limits [SECONDS]``. Each figure is of the time after the burst, which lasts a second or
two of such a load.
"""

import statistics
import sys
import threading
import time
from collections import Counter

import httpx

from tests.site import Site

LIMITS = (25, 50, 100)
TIMES, CONNECTIONS = 5, 10
BURST = 5  # seconds' worth, which the bucket holds
BESIDE = 10  # requests a second with the other credential


class Sender(threading.Thread):
    """One connection that sends so many requests a second, and notes when each was answered, and how."""

    def __init__(self, site: Site, key: str, rate: float, seconds: float) -> None:
        super().__init__()
        headers = {"Authorization": f"Bearer {key}"}
        self.http = httpx.Client(base_url=f"{site.url}/scim/v2", headers=headers, timeout=30)
        self.rate, self.seconds = rate, seconds
        self.answers: list[tuple[float, int, str]] = []
        self.took: list[float] = []

    def run(self) -> None:
        """Until the time is over; what can't be sent in time is left out."""
        begun = time.monotonic()
        for number in range(int(self.rate * self.seconds)):
            time.sleep(max(0.0, begun + number / self.rate - time.monotonic()))
            sent = time.monotonic()
            if sent > begun + self.seconds:
                return
            answer = self.http.get("/Users?count=0")
            self.took.append(time.monotonic() - sent)
            self.answers.append((sent - begun, answer.status_code, answer.headers.get("Retry-After", "")))


def measure(site: Site, limit: int, seconds: float) -> str:
    """One line of the table."""
    limited, other = (site.manage("scim_key", "generate", "--rotate") for _ in range(2))
    site.manage("scim_key", "set", limited["key_id"], "--requests-per-second", str(limit))
    senders = [Sender(site, limited["api_key"], TIMES * limit / CONNECTIONS, seconds) for _ in range(CONNECTIONS)]
    beside = Sender(site, other["api_key"], BESIDE, seconds)
    for each in (*senders, beside):
        each.start()
    for each in (*senders, beside):
        each.join()
    answers = sorted(answer for each in senders for answer in each.answers)
    settled = BURST / (TIMES - 1) + 1  # seconds after which the burst is used up
    after = [status for at, status, _ in answers if at >= settled]
    retry = sorted({wait for _, status, wait in answers if status == httpx.codes.TOO_MANY_REQUESTS})
    time.sleep(int(retry[0]) if retry else 0)
    recovered = senders[0].http.get("/Users?count=0").status_code
    statuses = Counter(status for _, status, _ in answers)
    others = Counter(status for _, status, _ in beside.answers)
    p95 = statistics.quantiles(beside.took, n=20)[-1] * 1000
    return (
        f"| {limit} | {len(answers) / seconds:.0f} | {after.count(200) / (seconds - settled):.1f} | {dict(statuses)} | "
        f"{', '.join(retry)} | {recovered} | {dict(others)} | {p95:.0f} |"
    )


def run(seconds: float) -> None:
    """Print the table."""
    site = Site(processes=("web",))
    try:
        site.start(fresh=True)
        print(
            "| limit/s | sent/s | served/s after the burst | answers | Retry-After | then | the other | its p95, ms |"
        )
        print("| ---: | ---: | ---: | --- | --- | --- | --- | ---: |")
        for limit in LIMITS:
            print(measure(site, limit, seconds), flush=True)
    finally:
        site.stop()


if __name__ == "__main__":
    run(float(sys.argv[1]) if len(sys.argv) > 1 else 20)
