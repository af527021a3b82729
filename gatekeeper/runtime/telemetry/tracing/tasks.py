"""A span for each task that is sent and for each that is run; the message names the trace to which both belong."""

from contextlib import ExitStack
from typing import Any

from celery.signals import before_task_publish, task_failure, task_postrun, task_prerun, worker_process_shutdown
from opentelemetry.trace import SpanKind, get_current_span

from gatekeeper.runtime.telemetry.tracing.spans import TRACEPARENT, fail, finish, span, traceparent_of
from gatekeeper.runtime.telemetry.tracing.statements import counted, note

_running: dict[str, ExitStack] = {}  # by the task's id: with threads several run in one process


@before_task_publish.connect
def name_the_trace(sender: str, headers: dict[str, Any] | None = None, **_: Any) -> None:
    """In the message's headers; a request's trace goes on in the worker so, and beat's begins here."""
    if headers is not None:
        with span(f"send {sender}", SpanKind.PRODUCER, messaging__system="celery") as sent:
            headers[TRACEPARENT] = traceparent_of(sent)


@task_prerun.connect
def begin(task_id: str, task: Any, **_: Any) -> None:
    """Before the task does anything."""
    with ExitStack() as stack:
        parent = task.request.get(TRACEPARENT)
        made = stack.enter_context(span(f"run {task.name}", SpanKind.CONSUMER, parent, messaging__system="celery"))
        counted_here = stack.enter_context(counted())
        stack.callback(note, made, counted_here)
        _running[task_id] = stack.pop_all()


@task_failure.connect
def note_failure(exception: BaseException, **_: Any) -> None:
    """Between the two others, in the same thread."""
    fail(get_current_span(), exception)


@task_postrun.connect
def end(task_id: str, **_: Any) -> None:
    """However it ended."""
    if stack := _running.pop(task_id, None):
        stack.close()


@worker_process_shutdown.connect
def send_what_waits(**_: Any) -> None:
    """A process of Celery's pool ends without Python's own end."""
    finish()
