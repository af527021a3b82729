"""Runs the site's processes until Ctrl-C, and ends all of them when one ends by itself: ``supervisor.py PROCESSES``.

``PROCESSES``: names and commands, as a JSON object. ``start.py`` becomes this program, which needs nothing of the site
and imports nothing of it: it would keep that in memory for as long as the site runs.
"""

import json
import sys
from collections.abc import Mapping
from functools import partial

from honcho import manager as process_manager

SECONDS_TO_STOP = 20  # for requests and tasks in flight; then what still runs is killed
PATIENCE = 2.0  # seconds between two looks whether something has to be killed; news is seen at once


def supervise(processes: Mapping[str, str]) -> int:
    """Start them, wait for the end; the exit status."""
    process_manager.KILL_WAIT = SECONDS_TO_STOP
    manager = process_manager.Manager()
    wait_for_news = manager.events.get
    manager.events.get = lambda timeout: wait_for_news(timeout=PATIENCE if manager.returncode is None else timeout)
    for name, command in processes.items():
        manager.add_process(name, command)
    manager.loop()
    stopped_by_person = manager.returncode in {130, 143}  # SIGINT and SIGTERM, as a shell reports them
    write = partial(print, flush=True)
    if stopped_by_person:
        write("Gatekeeper has stopped.")
        return 0
    write("A process ended by itself, so everything was stopped; its last lines above say why.", file=sys.stderr)
    return int(manager.returncode or 1)


if __name__ == "__main__":
    sys.exit(supervise(json.loads(sys.argv[1])))
