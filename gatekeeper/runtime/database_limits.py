"""How long a statement may run and wait for a lock, by who asks: a request, a task or a command.

PostgreSQL gets both as settings of the session, when a connection is made and whenever its use changes, so that a
request costs no statement more. SQLite has a busy timeout for locks; a progress handler interrupts what runs too long.
What runs into a limit raises ``OperationalError``; ``reason_of`` distinguishes such errors from mistakes of ours.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.db import InterfaceError, InternalError, OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper


class Limits(NamedTuple):
    """In seconds; 0 is no limit. The lock's limit is shorter, so that the log shows which of the two it was."""

    statement: float
    lock: float


REQUEST = Limits(statement=15, lock=10)
TASK = Limits(statement=300, lock=60)
COMMAND = Limits(statement=300, lock=60)
NONE = Limits(statement=0, lock=0)  # migrations and whatever else is no operators' command

RETRY_AFTER = "5"  # seconds, for whoever is answered 503; whole ones, since Okta reads no date

_INSTRUCTIONS = 10_000  # of SQLite between two looks at the time: less than a millisecond
_SQLITE_LOCK_WAIT = 20.0  # seconds, where no limit is set; SQLite has no way to wait for ever
_APPLIED = "gatekeeper_limits"  # on the connection: the limits of its session

_process = NONE
_here = threading.local()
_lock = threading.Lock()
_counted: Counter[str] = Counter()


def set_for_process(limits: Limits) -> None:
    """What holds in this process where nothing else is said; a worker calls it at its start."""
    global _process  # noqa: PLW0603  # one value a process, set once
    _process = limits


@contextmanager
def limited(limits: Limits) -> Iterator[None]:
    """Statements of this thread run under ``limits``. The connection stays so until somebody asks for others."""
    before = getattr(_here, "limits", None)
    _here.limits = limits
    try:
        if connection.connection is not None:
            _apply(connection)
        yield
    finally:
        _here.limits = before


def on_new_connection(wrapper: BaseDatabaseWrapper) -> None:
    """Set the limits that hold here on a connection that was just made."""
    # Without limits of ours, those that the operator gave the role or the database hold.
    setattr(wrapper, _APPLIED, NONE if wrapper.vendor == "postgresql" else None)
    _apply(wrapper)


def _current() -> Limits:
    return getattr(_here, "limits", None) or _process


def _apply(wrapper: BaseDatabaseWrapper) -> None:
    limits = _current()
    # PostgreSQL undoes a setting when the transaction around it is rolled back, so there it is not relied upon.
    is_certain = not (wrapper.vendor == "postgresql" and wrapper.in_atomic_block)
    if getattr(wrapper, _APPLIED, None) == limits and is_certain:
        return
    raw: Any = wrapper.connection
    if wrapper.vendor == "postgresql":
        statement, lock = (int(seconds * 1000) for seconds in limits)
        with wrapper.wrap_database_errors:
            raw.execute(f"SET statement_timeout = {statement}; SET lock_timeout = {lock}")
    elif wrapper.vendor == "sqlite":
        raw.execute(f"PRAGMA busy_timeout = {int((limits.lock or _SQLITE_LOCK_WAIT) * 1000)}")
        _watch(wrapper, limits.statement)
    setattr(wrapper, _APPLIED, limits)


def _watch(wrapper: BaseDatabaseWrapper, seconds: float) -> None:
    """SQLite's statement_timeout: each statement gets a deadline, and the progress handler interrupts it there."""
    raw: Any = wrapper.connection
    wrapper.execute_wrappers[:] = [each for each in wrapper.execute_wrappers if not isinstance(each, _Deadline)]
    if not seconds:
        raw.set_progress_handler(None, 0)
        return
    deadline = _Deadline(seconds)
    # First, since a block of ``execute_wrapper`` around this one takes the last wrapper away when it ends.
    wrapper.execute_wrappers.insert(0, deadline)
    raw.set_progress_handler(deadline.is_over, _INSTRUCTIONS)


class _Deadline:
    """Notes when a statement has to be done, and says whether that is over."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.end = float("inf")

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        self.end = time.monotonic() + self.seconds
        return execute(sql, params, many, context)

    def is_over(self) -> bool:
        return time.monotonic() > self.end


# PostgreSQL's SQLSTATEs (appendix A) and SQLite's primary result codes, as the log and the counter name them.
_SQLSTATES = {
    "57014": "statement_timeout",
    "55P03": "lock_timeout",
    "40P01": "deadlock",
    "40001": "serialization_failure",
    "25006": "read_only",
}
_UNAVAILABLE_CLASSES = ("08", "53", "57")  # connection lost, no resources left, shut down
_SQLITE_CODES = {
    5: "lock_timeout",
    6: "lock_timeout",
    8: "read_only",
    9: "statement_timeout",
    10: "unavailable",
    13: "unavailable",
    14: "unavailable",
}


def reason_of(error: BaseException) -> str | None:
    """Why the database could not do its work just now, in a word; None when the error is a mistake of ours.

    Such a request was rolled back and may be repeated as it is.
    """
    if not isinstance(error, OperationalError | InterfaceError | InternalError):
        return None
    cause: Any = error.__cause__ or error
    if hasattr(cause, "sqlite_errorcode"):
        return _SQLITE_CODES.get(cause.sqlite_errorcode & 0xFF)
    state = getattr(cause, "sqlstate", None)
    if state is None:  # there is no server to say one, or no connection
        return "unavailable"
    return _SQLSTATES.get(state) or ("unavailable" if state.startswith(_UNAVAILABLE_CLASSES) else None)


@contextmanager
def unless_read_only() -> Iterator[None]:
    """For what is only noted beside a request: a database that takes no writes does not keep it from being answered."""
    try:
        yield
    except (OperationalError, InternalError) as error:
        # Inside a transaction nothing more could be asked after it.
        if connection.in_atomic_block or reason_of(error) != "read_only":
            raise


def count(reason: str, number: int = 1) -> None:
    """Note a request that was answered 503; in memory, until ``take_counts``."""
    with _lock:
        _counted[reason] += number


def has_counts() -> bool:
    """Whether something was counted since it was taken."""
    return bool(_counted)


def take_counts() -> Counter[str]:
    """What was counted since the last call."""
    with _lock:
        taken = _counted.copy()
        _counted.clear()
    return taken
