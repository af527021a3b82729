"""One transaction for one change, however many services take part in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import connection, transaction

_is_open: ContextVar[bool] = ContextVar("in_one_transaction", default=False)


@contextmanager
def one_transaction() -> Iterator[None]:
    """Run the block in a transaction: the outermost call opens and commits it, calls inside join it, with no savepoint.

    An exception that leaves a call which joined rolls the whole transaction back, so it has to leave the outermost call
    too. Where a failure is caught inside a transaction, ``transaction.atomic()`` around the part that may fail makes
    the savepoint for it.
    """
    if _is_open.get() and connection.in_atomic_block:
        with transaction.atomic(savepoint=False):
            yield
        return
    token = _is_open.set(True)
    try:
        with transaction.atomic(durable=True):
            yield
    finally:
        _is_open.reset(token)
