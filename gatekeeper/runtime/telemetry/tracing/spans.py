"""Spans of this process, sent to the OTLP endpoint by a thread of the SDK; and traces that cross processes.

Each process makes its provider when its first span begins, so that those that were forked have a thread of their own.
Spans have names of ours only (routes, tasks, kinds of errors): never an address, a text of an exception or a header.
"""

import atexit
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer, set_span_in_context, use_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from gatekeeper.runtime.telemetry.process_kind import process_kind
from gatekeeper.runtime.telemetry.trace_ids import within_trace

TRACEPARENT = "traceparent"  # W3C Trace Context; its companion, tracestate, is others' text and is not carried on
SENDING_SECONDS = 2  # for each try to send; a process that stops waits for one that runs, and for the last one
# All that waits is sent at once, so that a process which stops without an endpoint has one try before it, not many.
MOST_WAITING = 8192
EVERY_MILLISECONDS = 1000

_propagator = TraceContextTextMapPropagator()
_lock = threading.Lock()
_made: dict[int, TracerProvider] = {}  # by process id


@contextmanager
def span(name: str, kind: SpanKind, parent: str | None = None, **attributes: Any) -> Iterator[Span]:
    """One span, within the trace of a ``traceparent`` if that can be read; its trace is named in the log's lines."""
    made = start(name, kind, parent, **attributes)
    try:
        with within_trace(trace_id_of(made)), use_span(made, record_exception=False, set_status_on_exception=False):
            yield made
    except BaseException as error:
        fail(made, error)
        raise
    finally:
        made.end()


def start(name: str, kind: SpanKind, parent: str | None = None, **attributes: Any) -> Span:
    """A span that its caller ends. ``attributes``: names with two underscores for dots."""
    context = _propagator.extract({TRACEPARENT: parent}) if parent else None
    named = {key.replace("__", "."): value for key, value in attributes.items()}
    return _tracer().start_span(name, context, kind, named)


def fail(failed: Span, error: BaseException) -> None:
    """Mark a span as failed, by the kind of error: its text may name a person."""
    failed.set_attribute("error.type", type(error).__qualname__)
    failed.set_status(StatusCode.ERROR)


def traceparent_of(carried: Span) -> str:
    """What a message names, so that whoever takes it goes on with the trace."""
    headers: dict[str, str] = {}
    _propagator.inject(headers, set_span_in_context(carried))
    return headers.get(TRACEPARENT, "")


def trace_id_of(known: Span) -> str:
    """32 hexadecimal digits."""
    return f"{known.get_span_context().trace_id:032x}"


def finish() -> None:
    """Send what waits, and nothing after it."""
    if provider := _made.get(os.getpid()):
        provider.shutdown()


def _tracer() -> Tracer:
    process = os.getpid()
    provider = _made.get(process)
    if provider is None:
        with _lock:
            provider = _made.get(process) or _made.setdefault(process, _new_provider())
    return provider.get_tracer("gatekeeper")


def _new_provider() -> TracerProvider:
    provider = TracerProvider(resource=_resource(), shutdown_on_exit=False)
    exporter = OTLPSpanExporter(timeout=SENDING_SECONDS, session=_session())
    processor = BatchSpanProcessor(
        exporter,
        max_queue_size=MOST_WAITING,
        max_export_batch_size=MOST_WAITING,
        schedule_delay_millis=EVERY_MILLISECONDS,
    )
    provider.add_span_processor(processor)
    atexit.register(finish)
    return provider


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # nothing goes through a proxy of the environment
    return session


def _resource() -> Resource:
    """Who sends: the service and its process. OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say more, or otherwise."""
    ours = Resource({"service.name": "gatekeeper"})
    described = Resource.create(
        {"service.instance.id": f"{socket.gethostname()}:{os.getpid()}", "gatekeeper.process": process_kind()}
    )
    is_named = not str(described.attributes.get("service.name", "")).startswith("unknown_service")
    return ours.merge(described) if is_named else described.merge(ours)
