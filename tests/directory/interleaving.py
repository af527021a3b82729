"""Two changes at one moment on PostgreSQL: one is stopped at a chosen point of its transaction while the other runs."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from threading import Event
from typing import Any

from django.db import connection

Change = Callable[[], Any]

LONGEST = 20.0  # seconds; no change takes that long unless it waits for somebody who waits for it


class Stop:
    """Where the first change waits: ``reached`` says that it is there, ``go`` lets it go on."""

    def __init__(self) -> None:
        self.reached, self.go = Event(), Event()

    def wait(self) -> None:
        if not self.reached.is_set():
            self.reached.set()
            assert self.go.wait(LONGEST)


@contextmanager
def before_commit(stop: Stop) -> Iterator[None]:
    """Everything is written, and nobody else can see it yet."""
    commit = connection._commit

    def commit_later() -> None:
        stop.wait()
        commit()

    connection._commit = commit_later
    try:
        yield
    finally:
        connection._commit = commit


@contextmanager
def after_first_statement(stop: Stop) -> Iterator[None]:
    """The first thing was looked up or locked, and nothing is written yet."""

    def execute(run: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found = run(sql, params, many, context)
        if context["connection"].in_atomic_block and "SAVEPOINT" not in sql:
            stop.wait()
        return found

    with connection.execute_wrapper(execute):
        yield


Where = Callable[[Stop], Any]


class TwoConnections:
    """Two threads, each with a connection of its own that is kept from one pair of changes to the next."""

    def __init__(self) -> None:
        self._threads = (ThreadPoolExecutor(1), ThreadPoolExecutor(1))

    def interleave(self, first: Change, second: Change, where: Where) -> tuple[Any, Any]:
        """What both answer: ``second`` starts when ``first`` has come to the point, and ends before it or waits."""
        stop, second_pid = Stop(), Future[int]()

        def run_first() -> Any:
            try:
                connection.ensure_connection()
                with where(stop):
                    return first()
            finally:
                stop.reached.set()

        def run_second() -> Any:
            connection.ensure_connection()
            second_pid.set_result(connection.connection.info.backend_pid)
            return second()

        one = self._threads[0].submit(run_first)
        assert stop.reached.wait(LONGEST)
        other = self._threads[1].submit(run_second)
        try:
            _wait_until_done_or_waiting(other, second_pid.result(LONGEST))
        finally:
            stop.go.set()
        return one.result(LONGEST), other.result(LONGEST)

    def close(self) -> None:
        """Hang up, so that the test database can be emptied."""

        def hang_up() -> None:
            connection.close()  # the thread's own

        for thread in self._threads:
            thread.submit(hang_up).result(LONGEST)
            thread.shutdown()


def _wait_until_done_or_waiting(change: Future[Any], pid: int) -> None:
    until = time.monotonic() + LONGEST
    while not change.done() and time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute("SELECT cardinality(pg_blocking_pids(%s))", [pid])
            if cursor.fetchone()[0]:
                return
        wait([change], timeout=0.003)
