"""The threads that serve requests, and how many requests wait for one: a budget for each kind of request.

What one kind needs, however much, is taken from none of the others: a flood over SCIM leaves the pages, the sign-in and
the health checks as many threads as before. A request that would wait too long is not served at all.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

WAITING_FOR_EACH = 8  # requests that may wait for each thread
LONGEST_WAIT = 10  # seconds for a thread
RETRY_AFTER = "2"  # whole seconds, for whoever is refused: a queue that was full has an end soon
SIGN_IN_THREADS = 2
HEALTH_THREADS = 2
SLOW_CLIENTS = 64  # that send a head or a body, in each process, while all budgets are full

_SCIM = ("/scim/", "/oauth2/")  # and the tokens for it
_SIGN_IN = ("/sign-in/", "/saml/")
_HEALTH = frozenset({"/healthz", "/readyz", "/metrics"})

Answer = TypeVar("Answer")


class Budget:
    """So many threads, and a queue in front of them that has an end."""

    def __init__(self, name: str, threads: int) -> None:
        self.threads = threads
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)  # starts threads by need: after the fork
        self._open = 0
        self._lock = threading.Lock()

    @property
    def most(self) -> int:
        """Requests that are served or wait at the same time."""
        return self.threads * (1 + WAITING_FOR_EACH)

    def run(self, serve: Callable[[], None], answered: "Future[Answer]") -> Answer | None:
        """What ``serve``, in a thread of this budget, sets as the result of ``answered``; None when there is no thread.

        Raises: what ``serve`` sets as its exception.
        """
        if not self._enter():
            return None
        task = self._executor.submit(serve)
        task.add_done_callback(self._leave)
        try:
            return answered.result(LONGEST_WAIT)
        except TimeoutError:
            if task.cancel():
                return None
        return answered.result()  # it has begun, and takes its time

    def _enter(self) -> bool:
        with self._lock:
            if self._open >= self.most:
                return False
            self._open += 1
        return True

    def _leave(self, task: "Future[None]") -> None:
        del task
        with self._lock:
            self._open -= 1


class Budgets:
    """The budgets of a process. ``threads``: those for SCIM, and as many for pages and the API."""

    def __init__(self, threads: int) -> None:
        self._scim = Budget("scim", threads)
        self._pages = Budget("pages", threads)
        self._sign_in = Budget("sign-in", SIGN_IN_THREADS)
        self._health = Budget("health", HEALTH_THREADS)

    def of(self, path: str) -> Budget:
        """The budget that a request for this path is served from."""
        if path.startswith(_SCIM):
            return self._scim
        if path in _HEALTH:
            return self._health
        return self._sign_in if path.startswith(_SIGN_IN) else self._pages

    @property
    def most(self) -> int:
        """Requests that are served or wait at the same time, of all kinds."""
        return sum(budget.most for budget in (self._scim, self._pages, self._sign_in, self._health))


def connection_threads(threads: int) -> int:
    """The threads of gunicorn that receive and send: one for each request in a budget, and those for slow clients."""
    return Budgets(threads).most + SLOW_CLIENTS
