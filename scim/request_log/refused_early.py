"""A limit on log entries of requests that their credential's limit or networks refuse: a few a minute and process.

How many there were is counted (``gatekeeper/audit/request_counts.py``); the entries show which they were like.
"""

import threading
import time
from collections import Counter

MOST_IN_A_MINUTE = 3  # of one credential and reason, in one process

_SECONDS = 60


class EarlyRefusals:
    """Which were listed in this minute; no statement is needed to know it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._minute = 0
        self._listed: Counter[tuple[object, str]] = Counter()

    def take_place(self, key_id: object, reason: str) -> bool:
        """Whether one more may be listed."""
        minute = int(time.time()) // _SECONDS
        with self._lock:
            if minute != self._minute:
                self._minute = minute
                self._listed.clear()
            self._listed[key_id, reason] += 1
            return self._listed[key_id, reason] <= MOST_IN_A_MINUTE


early_refusals = EarlyRefusals()
