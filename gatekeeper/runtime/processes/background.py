"""The Celery application of ``Procfile.embedded``: worker and beat in one process, over the embedded broker.

Each process has its own copy of whatever Python writes to, so four of them (a worker, its two children, beat) cost four
times the memory that one does. Tasks run in threads, which end with their process only; nothing but our own tasks is
meant to run here, and each of them limits its statements and its fetches.
"""

import os
import signal
import threading
from typing import Any

import structlog
from celery import bootsteps
from celery.beat import Service
from celery.signals import worker_init

from gatekeeper.celery import app
from gatekeeper.runtime.database_limits import TASK, set_for_process

log = structlog.get_logger(__name__)
_SECONDS_TO_END = 5.0


class EmbeddedBeat(bootsteps.StartStopStep):
    """Beat as a thread of the worker. Celery's own ``--beat`` starts a process for it."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        self._is_ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="beat", daemon=True)

    def start(self, worker: Any) -> None:
        """Begin to send what is due."""
        del worker
        self._thread.start()

    def stop(self, worker: Any) -> None:
        """Keep on disk what was sent, and when."""
        del worker
        self._is_ending.set()
        if self._thread.is_alive():
            self._thread.join(_SECONDS_TO_END)

    def _run(self) -> None:
        """Without it nothing would be sent any more: the process ends with it, and whoever supervises it sees that."""
        try:
            self._send_what_is_due()
        except Exception:
            log.exception("beat_failed")
            os.kill(os.getpid(), signal.SIGTERM)

    def _send_what_is_due(self) -> None:
        scheduler: Any = Service(app, scheduler_cls=app.conf.beat_scheduler).scheduler
        try:
            while not self._is_ending.is_set():
                self._is_ending.wait(max(scheduler.tick(), 0.0))
                if scheduler.should_sync():
                    scheduler._do_sync()
        finally:
            scheduler.close()


@worker_init.connect
def limit_statements(**_: object) -> None:
    """As in the children of a worker that has some."""
    set_for_process(TASK)


app.steps["worker"].add(EmbeddedBeat)
