"""The id of the trace to which what is done now belongs, for the lines of the log."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from structlog.typing import EventDict, WrappedLogger

_trace_id: ContextVar[str] = ContextVar("trace_id", default="")


@contextmanager
def within_trace(trace_id: str) -> Iterator[None]:
    """What is logged inside names this trace."""
    token = _trace_id.set(trace_id)
    try:
        yield
    finally:
        _trace_id.reset(token)


def current_trace_id() -> str:
    """32 hexadecimal digits, or nothing outside of a trace."""
    return _trace_id.get()


def add_trace_id(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Put it into the line, beside the request's id."""
    del logger, method
    if trace_id := _trace_id.get():
        event.setdefault("trace_id", trace_id)
    return event
