"""Statements that nothing in the rest of a transaction waits for, sent to PostgreSQL together at its end.

A message and its answer cost a small INSERT as much again, so statements on different tables become one: common table
expressions that change data (PostgreSQL, chapter 7.8.4). What is collected is sent before a statement that names one of
its tables, and before a savepoint begins or ends, so nobody in the transaction can tell the difference. SQLite has no
messages: there everything is run at once.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import connection

from gatekeeper.runtime.statements.prepared import prepared_cursor

_SAVEPOINTS = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO")


class _Statement(NamedTuple):
    table: str
    text: str
    parameters: Sequence[Any]


@dataclass(slots=True)
class _Collected:
    statements: list[_Statement] = field(default_factory=list)
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
            with prepared_cursor() as cursor:
                for some in _of_different_tables(statements):
                    text = _as_one(tuple(each.text for each in some))
                    cursor.execute(text, [value for each in some for value in each.parameters])

    def forget(self) -> None:
        self.statements, self.tables = [], set()


def _of_different_tables(statements: Sequence[_Statement]) -> list[list[_Statement]]:
    """The statements in their order, divided where a table comes again: parts of one statement don't see each other."""
    divided: list[list[_Statement]] = [[]]
    for each in statements:
        if any(each.table == other.table for other in divided[-1]):
            divided.append([])
        divided[-1].append(each)
    return divided


@lru_cache(maxsize=200)
def _as_one(texts: tuple[str, ...]) -> str:
    *others, last = texts
    parts = ", ".join(f"part{number} AS ({text})" for number, text in enumerate(others))
    return f"WITH {parts} {last}" if parts else last


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
    name = table.strip('"')
    collected.statements.append(_Statement(name, text, parameters))
    collected.tables.add(name)


def send_collected() -> None:
    """Send what was collected so far, before something that is no statement, such as COPY."""
    collected = _collected.get()
    if collected is not None:
        collected.send()
