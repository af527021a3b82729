"""Transactions of tests: what several examples of one test do is undone between them."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction


@contextmanager
def rolled_back() -> Iterator[None]:
    """Undo at the end whatever is done inside, as Django's ``TestCase`` does it around a test.

    The mark that ``TestCase`` gives its transactions lets services, which are durable, begin theirs inside.
    """
    example = transaction.atomic()
    example._from_testcase = True
    with example:
        yield
        transaction.set_rollback(True)
