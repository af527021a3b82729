"""What the whole site costs while nobody uses it: memory and processor time of every process of ``manage.py start``.

    .venv/bin/python -m bench.idle

PSS counts what processes share once, USS what each has alone (smaps_rollup). With SQLite, the embedded broker and a
folder of its own, whatever the environment says; Linux only.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent
PORT = 8979
SETTLED = 20  # seconds after the site answers, for what starts late
WATCHED = 120  # seconds: two runs of what beat sends every minute
TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Start, wait, measure, stop."""
    with tempfile.TemporaryDirectory(prefix="gatekeeper-idle-") as folder:
        kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
        url = f"http://127.0.0.1:{PORT}"
        environment = {**kept, "DATA_DIR": folder, "PORT": str(PORT), "PUBLIC_URL": url}
        command = [sys.executable, "manage.py", "start"]
        site = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)
        try:
            wait_for(url)
            time.sleep(SETTLED)
            report(site.pid)
        finally:
            site.send_signal(signal.SIGINT)
            site.wait(60)


def wait_for(url: str) -> None:
    """Until it answers."""
    for _ in range(600):
        try:
            if httpx.get(f"{url}/sign-in/").status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise SystemExit("The site did not start.")


def report(root: int) -> None:
    """A line for each process, and their sum."""
    before = {pid: ticks(pid) for pid in tree(root)}
    time.sleep(WATCHED)
    print("| process | PSS MB | USS MB | processor % |\n| --- | ---: | ---: | ---: |")
    sums = [0.0, 0.0, 0.0]
    for pid in tree(root):
        used = (ticks(pid) - before.get(pid, 0)) / TICKS / WATCHED * 100
        line = [*memory(pid), used]
        sums = [total + each for total, each in zip(sums, line, strict=True)]
        print(f"| {name(pid)} | {line[0]:.0f} | {line[1]:.0f} | {line[2]:.2f} |")
    print(f"| {len(tree(root))} processes | {sums[0]:.0f} | {sums[1]:.0f} | {sums[2]:.2f} |")


def tree(root: int) -> list[int]:
    """A process and all below it."""
    return [root, *_below(root)]


def _below(pid: int) -> Iterator[int]:
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield int(child)
        yield from _below(int(child))


def memory(pid: int) -> tuple[float, float]:
    """PSS and USS in megabytes."""
    lines = (line.split() for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    sizes = {line[0]: int(line[1]) / 1024 for line in lines}
    return sizes["Pss:"], sizes["Private_Clean:"] + sizes["Private_Dirty:"]


def ticks(pid: int) -> int:
    """Processor time so far."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return int(user) + int(system)


def name(pid: int) -> str:
    """Its command, shortened."""
    words = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").split()
    return " ".join(Path(word).name for word in words[:5])[:60]


if __name__ == "__main__":
    main()
