"""Writers number their entries, so that an entry that vanishes before it is linked leaves a gap in the numbers.

Each thread of each process is a writer, and numbers what it writes without a gap: the numbers of what was rolled back
are given out again. Numbers cost no query. They are part of the entry's MAC.
"""

import os
import secrets
import threading
from collections.abc import Sequence

from django.db import connection, transaction

from gatekeeper.audit.models import AuditEntry


class _Writer(threading.local):
    """``written`` is the number of the last entry that is known to be committed."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Become another writer, whose first entry has number 1."""
        self.id = secrets.token_hex(12)
        self.written = 0
        self.is_unsettled = False


_writer = _Writer()
os.register_at_fork(after_in_child=_writer.begin)


class _Committed:
    """Runs when the transaction that wrote entries was committed; is dropped with the savepoint that is rolled back."""

    def __init__(self, writer: str, last: int) -> None:
        self.writer, self.last = writer, last

    def __call__(self) -> None:
        if _writer.id == self.writer:
            _writer.written, _writer.is_unsettled = self.last, False


def number_entries(entries: Sequence[AuditEntry]) -> None:
    """Give entries their writer and number, right before they are inserted; ``note_written`` has to follow."""
    writer, first = next_numbers()
    for number, entry in enumerate(entries, start=first):
        entry.writer, entry.number = writer, number


def next_numbers() -> tuple[str, int]:
    """The id of this writer and the number of its next entry; ``note_written_until`` has to follow the insertion."""
    pending = _last_pending()
    if pending is None and _writer.is_unsettled:
        # What was written last was rolled back, or its commit was never confirmed. Nobody knows which: begin anew.
        _writer.begin()
    last = pending if pending is not None else _writer.written
    _writer.is_unsettled = True
    return _writer.id, last + 1


def note_written(entries: Sequence[AuditEntry]) -> None:
    """They were inserted: their numbers are taken once, and if, the transaction is committed."""
    last = entries[-1]
    note_written_until(last.writer, last.number or 0)


def note_written_until(writer: str, number: int) -> None:
    """The entries of this writer up to a number were inserted."""
    transaction.on_commit(_Committed(writer, number))


def has_written() -> bool:
    """Whether this thread has committed an entry."""
    return _writer.written > 0


def begin_anew() -> None:
    """Become another writer: for tests, which take back what was committed."""
    _writer.begin()


def _last_pending() -> int | None:
    """The number of the last entry of this transaction that no rollback to a savepoint has taken back."""
    for callback in (each[1] for each in reversed(connection.run_on_commit)):
        if isinstance(callback, _Committed) and callback.writer == _writer.id:
            return callback.last
    return None
