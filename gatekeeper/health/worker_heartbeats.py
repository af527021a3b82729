"""A worker says that it lives, once a minute, while it is connected to its broker and its loop goes round."""

import threading
from typing import Any

from celery import bootsteps
from celery.signals import worker_shutdown
from django.db import connection

from gatekeeper.health.heartbeats import Process
from gatekeeper.health.living_processes import EVERY, say_that_it_lives, take_off

_WAIT = 5.0  # seconds for a heartbeat that is being written when the worker stops
_writing: list[threading.Thread] = []


class WorkerHeartbeats(bootsteps.StartStopStep):
    """Begins with each connection to the broker and ends with it: one that takes no tasks is not seen."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Any, **options: Any) -> None:
        super().__init__(consumer, **options)
        self._repeated: Any = None

    def start(self, consumer: Any) -> None:
        """The loop that takes the tasks calls this, so that a heartbeat says that it goes round."""
        _write()
        self._repeated = consumer.timer.call_repeatedly(EVERY.total_seconds(), _write)

    def stop(self, consumer: Any) -> None:
        """Also when the connection is lost, which is no reason to be taken off."""
        del consumer
        if self._repeated is not None:
            self._repeated.cancel()
            self._repeated = None


def _write() -> None:
    """In a thread, as a database that is away must not hold up the tasks; never two at a time."""
    if not any(thread.is_alive() for thread in _writing):
        _writing[:] = [threading.Thread(target=_say_so, daemon=True, name="worker heartbeat")]
        _writing[0].start()


def _say_so() -> None:
    try:
        say_that_it_lives(Process.WORKER)
    finally:
        connection.close()  # the pool's processes are forked from this one


@worker_shutdown.connect
def take_the_worker_off(**_: Any) -> None:
    """It stops as it was asked to: nobody has to look for it."""
    for thread in _writing:
        thread.join(_WAIT)
    take_off(Process.WORKER)
