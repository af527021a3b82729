"""May this credential's request be served now? Right across processes, and hardly any work for a request.

A process takes a fiftieth of a second's tokens at a time and hands them out from its memory, so that at the default
limit one request of twenty asks the store. While Redis does not answer, the machine's file counts, and where that
can't be written either, nothing does: provisioning goes on, since a limit protects the site, and stopping would not.
"""

import math
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import structlog
from django.conf import settings

from scim.rate_limits.stores import FileStore, RedisStore, Store, StoreAway

log = structlog.get_logger(__name__)

SHARES = 50  # of a second's tokens; a process takes one at a time
ASK_AGAIN_AFTER = 5.0  # seconds, once a store did not answer
WARN_EVERY = 60.0  # seconds
_MOST_LEASES = 1_000  # credentials whose tokens a process keeps in its memory


@dataclass(slots=True)
class _Lease:
    """What this process has taken for a credential: tokens, or that there is none before ``next_at``."""

    rate: int
    tokens: int = 0
    next_at: float = 0.0


class _Guarded:
    """A store that is left alone for a while after it has not answered."""

    def __init__(self, store: Store, name: str) -> None:
        self.store, self.name = store, name
        self._away_until = self._warn_at = 0.0
        self._failures = 0

    def is_away(self, now: float) -> bool:
        return now < self._away_until

    def note_failure(self, error: StoreAway, now: float) -> None:
        """Leave it alone; say so once a minute, with how often it was."""
        self._away_until = now + ASK_AGAIN_AFTER
        self._failures += 1
        if now >= self._warn_at:
            log.warning("rate_limits_unreachable", store=self.name, reason=str(error), failures=self._failures)
            self._warn_at, self._failures = now + WARN_EVERY, 0


class Limiter:
    """The limits of this process; ``stores`` in the order in which they are asked."""

    def __init__(self, stores: dict[str, Store]) -> None:
        self._stores = [_Guarded(store, name) for name, store in stores.items()]
        self._lock = threading.Lock()
        self._leases: dict[str, _Lease] = {}

    def seconds_to_wait(self, name: str, rate: int) -> int:
        """0 when one more request may be served now, of ``rate`` a second; else whole seconds until it may."""
        with self._lock:
            now = time.monotonic()
            lease = self._leases.get(name)
            if lease is None or lease.rate != rate:
                lease = self._new_lease(name, rate)
            if lease.tokens < 1 and now >= lease.next_at:
                self._renew(lease, name, now)
            if lease.tokens < 1:
                return max(1, math.ceil(lease.next_at - now))
            lease.tokens -= 1
            return 0

    def _new_lease(self, name: str, rate: int) -> _Lease:
        if len(self._leases) >= _MOST_LEASES:
            self._leases.clear()
        lease = self._leases[name] = _Lease(rate)
        return lease

    def _renew(self, lease: _Lease, name: str, now: float) -> None:
        for each in self._stores:
            if each.is_away(now):
                continue
            try:
                taken = each.store.take(name, lease.rate, max(1, lease.rate // SHARES))
            except StoreAway as error:
                each.note_failure(error, now)
                continue
            lease.tokens, lease.next_at = taken.tokens, now + taken.wait
            return
        lease.tokens = 1  # nothing counts


def stores() -> dict[str, Store]:
    """Redis where there is one, and this machine's file."""
    file = FileStore(Path(settings.DATA_DIR) / "rate-limits")
    return {"redis": RedisStore(settings.REDIS_URL), "file": file} if settings.REDIS_URL else {"file": file}


limiter = Limiter(stores())
