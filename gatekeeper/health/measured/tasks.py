"""Measures each task by its name and how it ended, and the statements of each process."""

import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

from celery.signals import task_postrun, task_prerun
from django.db.backends.signals import connection_created

from gatekeeper.health.measured.counting import Key, Kind, measure, write_measurements

COMMAND = "command"

_began: dict[str, float] = {}


@task_prerun.connect
def note_the_beginning(task_id: str, **_: Any) -> None:
    """By the task's id: with threads several run in one process."""
    _began[task_id] = perf_counter()


@task_postrun.connect
def note_the_end(task_id: str, task: Any, state: str | None = None, **_: Any) -> None:
    """Written at once: a worker has minutes between two tasks, and no thread for it."""
    began = _began.pop(task_id, None)
    if began is not None:
        measure(Key(Kind.TASK, str(task.name)[:100], str(state or "UNKNOWN").lower()[:16]), perf_counter() - began)
        write_measurements()


def measure_statements(connection: Any, **_: Any) -> None:
    """Every statement that goes through Django's cursors, from a connection's first one on."""
    if _time_statement not in connection.execute_wrappers:
        connection.execute_wrappers.append(_time_statement)


def _time_statement(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    began, result = perf_counter(), "failed"
    try:
        answer = execute(sql, params, many, context)
        result = "done"
    finally:
        measure(Key(Kind.STATEMENT, PROCESS, result), perf_counter() - began)
    return answer


def _process() -> str:
    """By how it was started: a web server, Celery (worker or beat), or a command."""
    program = sys.argv[0].rpartition("/")[2]
    return {"gunicorn": "web", "celery": "background"}.get(program, COMMAND)


PROCESS = _process()
if PROCESS != COMMAND:  # which writes none of it
    connection_created.connect(measure_statements, dispatch_uid="gatekeeper.health.measure_statements")
