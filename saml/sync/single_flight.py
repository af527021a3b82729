"""One run at a time, on however many machines, by a lock that dies with its holder."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection

from saml.errors import SyncAlreadyRunning

_LOCK_NUMBER = 0x6A7E_5A31  # Any number, the same on every machine; advisory locks are per database.
_LOCK_FILE = "saml-sync.lock"


@contextmanager
def single_flight() -> Iterator[None]:
    """Hold the sync's lock. Raises: SyncAlreadyRunning at once, without waiting, when another process holds it.

    PostgreSQL: a session's advisory lock on a connection of its own, which ends when the process or its host does.
    SQLite, where all processes share one disk: ``flock`` on a file under DATA_DIR, with the same property.
    """
    if connection.vendor == "postgresql":
        with _postgresql():
            yield
    else:
        with _file():
            yield


@contextmanager
def _postgresql() -> Iterator[None]:
    parameters = connection.get_connection_params()
    own = connection.get_new_connection(parameters)
    try:
        own.autocommit = True
        with own.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK_NUMBER])
            if not cursor.fetchone()[0]:
                raise SyncAlreadyRunning
        yield
    finally:
        own.close()


@contextmanager
def _file() -> Iterator[None]:
    with (settings.DATA_DIR / _LOCK_FILE).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SyncAlreadyRunning from error
        yield
