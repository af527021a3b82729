"""Exceptions that are logged as errors, sent to the Sentry project that ``SENTRY_DSN`` names.

Texts of exceptions, values of variables, addresses, headers, bodies and persons stay here: what is sent is made anew,
of an explicit list. The trace, the request's id and the event's name find the line of the log that has the rest.
"""

import atexit
import logging
import os
import re
from typing import Any

import sentry_sdk
from sentry_sdk.integrations.dedupe import DedupeIntegration
from structlog.contextvars import get_contextvars

from gatekeeper.runtime import environment
from gatekeeper.runtime.telemetry.process_kind import process_kind
from gatekeeper.runtime.telemetry.switches import DSN
from gatekeeper.runtime.telemetry.trace_ids import current_trace_id

CODE = re.compile(r"[a-z0-9_.:-]{1,100}", re.IGNORECASE)
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # a client may send one of its own, which may say more
SECONDS_AT_THE_END = 2.0
KEPT = (
    "event_id",
    "timestamp",
    "platform",
    "level",
    "release",
    "environment",
    "server_name",
    "sdk",
    "tags",
    "contexts",
)
KEPT_OF_A_FRAME = ("filename", "module", "function", "lineno", "in_app", "pre_context", "context_line", "post_context")


class ReportErrors(logging.Handler):
    """Sends the exception of each line that has one and is an error; the library sends from a thread of its own."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        sentry_sdk.init(
            dsn=environment.text(DSN),
            release=environment.text("SENTRY_RELEASE", "gatekeeper"),  # it would ask git otherwise
            environment=environment.text("SENTRY_ENVIRONMENT", "production"),
            default_integrations=False,  # they would read requests, tasks, statements and lines of the log
            auto_enabling_integrations=False,
            integrations=[DedupeIntegration()],  # one exception may have two lines
            send_default_pii=False,
            include_local_variables=False,
            max_request_body_size="never",
            max_breadcrumbs=0,
            auto_session_tracking=False,
            send_client_reports=False,
            spotlight=False,
            http_proxy="",  # nothing goes through a proxy of the environment
            https_proxy="",
            before_send=only_what_is_listed,
        )
        atexit.register(sentry_sdk.flush, SECONDS_AT_THE_END)

    def emit(self, record: logging.LogRecord) -> None:
        """Report the record's exception, if it has one."""
        error = _exception_of(record)
        if error is None or record.name.partition(".")[0] == "sentry_sdk":
            return
        with sentry_sdk.new_scope() as scope:
            scope.set_tags(_tags(record))
            sentry_sdk.capture_exception(error)


def only_what_is_listed(event: Any, hint: Any) -> Any:
    """The event with what is listed here, and nothing else that the library or a later version of it adds."""
    del hint
    trace_id = current_trace_id()
    sent = {name: event[name] for name in KEPT if name in event}
    sent["contexts"] = {"trace": {"trace_id": trace_id, "span_id": trace_id[:16]}} if trace_id else {}
    sent["exception"] = {"values": [_exception(value) for value in event.get("exception", {}).get("values", [])]}
    return sent


def _exception(value: Any) -> dict[str, Any]:
    """Kind and place. Its text may name a person: of a unique index, say, the database names the value."""
    frames = (value.get("stacktrace") or {}).get("frames", [])
    return {
        "type": value.get("type"),
        "module": value.get("module"),
        "value": "",
        "stacktrace": {"frames": [{name: frame.get(name) for name in KEPT_OF_A_FRAME} for frame in frames]},
    }


def _exception_of(record: logging.LogRecord) -> BaseException | None:
    """Where structlog keeps it, in the event, or where ``logging`` does, beside the message."""
    known = record.msg.get("exc_info") if isinstance(record.msg, dict) else None
    known = known or record.exc_info
    if isinstance(known, BaseException):
        return known
    return known[1] if isinstance(known, tuple) else None


def _tags(record: logging.LogRecord) -> dict[str, str]:
    """What finds the line of the log, as far as it is a name of ours."""
    bound = get_contextvars()
    request_id = str(bound.get("request_id"))
    match = getattr(getattr(record, "request", None), "resolver_match", None)
    data = getattr(record, "data", None)
    tags = {
        "process": process_kind(),
        "pid": str(os.getpid()),
        "logger": record.name,
        "event": record.msg.get("event") if isinstance(record.msg, dict) else None,
        "request_id": request_id if UUID.fullmatch(request_id) else None,
        "task": bound.get("task") or (data.get("name") if isinstance(data, dict) else None),
        "route": match.view_name if match else None,
    }
    return {name: str(value) for name, value in tags.items() if value and CODE.fullmatch(str(value))}
