"""Statements that nothing in the rest of a transaction waits for, sent to PostgreSQL together at its end.

An answer that is waited for costs a small INSERT as much again. What is collected is sent before a statement that names
one of its tables, and before a savepoint begins or ends, so nobody in the transaction can tell the difference. SQLite
has no messages: there everything is run at once.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from gatekeeper.runtime.statements.prepared import prepared_cursor

_SAVEPOINTS = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO")


@dataclass(slots=True)
class _Collected:
    statements: list[tuple[str, Sequence[Any]]] = field(default_factory=list)
    tables: set[str] = field(default_factory=set)

    def before_another(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        """Runs around each statement of the connection, as one of Django's execute wrappers."""
        if self.statements:
            if sql.startswith("ROLLBACK TO"):
                self.forget()  # it would be rolled back: what is older was sent before the savepoint
            elif sql.startswith(_SAVEPOINTS) or any(table in sql for table in self.tables):
                self.send()
        return execute(sql, params, many, context)

    def send(self) -> None:
        statements = self.statements
        self.forget()
        if statements:
            with connection.wrap_database_errors, connection.connection.pipeline(), prepared_cursor() as cursor:
                for text, parameters in statements:
                    cursor.execute(text, parameters)

    def forget(self) -> None:
        self.statements, self.tables = [], set()


_collected: ContextVar[_Collected | None] = ContextVar("sent_together", default=None)


@contextmanager
def sent_together() -> Iterator[None]:
    """Inside a transaction: collect what ``run_later`` gets, and send it when the block ends without an exception."""
    if connection.vendor != "postgresql" or _collected.get() is not None:
        yield
        return
    collected = _Collected()
    token = _collected.set(collected)
    try:
        with connection.execute_wrapper(collected.before_another):
            yield
        collected.send()
    finally:
        _collected.reset(token)


def is_collecting() -> bool:
    """Whether ``run_later`` waits."""
    return _collected.get() is not None


def run_later(table: str, text: str, parameters: Sequence[Any]) -> None:
    """Run a statement on one table by the end of the transaction; right now where nothing is collected.

    Raises what the statement raises, here or at the end; so it is no statement whose failure somebody handles.
    """
    collected = _collected.get()
    if collected is None:
        with prepared_cursor() as cursor:
            cursor.execute(text, parameters)
        return
    collected.statements.append((text, parameters))
    collected.tables.add(table.strip('"'))


def send_collected() -> None:
    """Send what was collected so far, before something that is no statement, such as COPY."""
    collected = _collected.get()
    if collected is not None:
        collected.send()
