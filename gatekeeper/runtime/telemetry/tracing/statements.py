"""How many statements a request or task sent, and how long the database took for them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import perf_counter
from typing import Any

from django.db.backends.signals import connection_created
from opentelemetry.trace import Span


class StatementCount:
    """Adds up while it is the current one."""

    def __init__(self) -> None:
        self.number, self.seconds = 0, 0.0


_current: ContextVar[StatementCount | None] = ContextVar("statements", default=None)


@contextmanager
def counted() -> Iterator[StatementCount]:
    """Counts the statements of what is inside."""
    counted_here = StatementCount()
    token = _current.set(counted_here)
    try:
        yield counted_here
    finally:
        _current.reset(token)


def note(made: Span, counted_here: StatementCount) -> None:
    """In the span. The statements themselves hold names in their values, and are not sent."""
    made.set_attributes({"db.statements": counted_here.number, "db.seconds": round(counted_here.seconds, 6)})


def count_statements(connection: Any, **_: Any) -> None:
    """Every statement that goes through Django's cursors, from a connection's first one on."""
    if _count not in connection.execute_wrappers:
        connection.execute_wrappers.insert(0, _count)  # the last place is that of whoever wraps for a block


def _count(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    counted_here = _current.get()
    if counted_here is None:
        return execute(sql, params, many, context)
    began = perf_counter()
    try:
        return execute(sql, params, many, context)
    finally:
        counted_here.number += 1
        counted_here.seconds += perf_counter() - began


connection_created.connect(count_statements, dispatch_uid="gatekeeper.telemetry.count_statements")
