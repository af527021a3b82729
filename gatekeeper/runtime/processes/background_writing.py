"""What requests have only added up in memory is written by a thread of its own, so that none of them waits for it."""

import threading
import time
from collections.abc import Callable

from django.db import connections

WRITE_EVERY = 5.0  # seconds


def keep_writing(name: str, has_any: Callable[[], bool], write: Callable[[], None]) -> None:
    """Start a thread that writes every few seconds, while there is something, and keeps no connection meanwhile."""

    def run() -> None:
        while True:
            time.sleep(WRITE_EVERY)
            if has_any():
                write()
                connections.close_all()

    threading.Thread(target=run, name=name, daemon=True).start()
