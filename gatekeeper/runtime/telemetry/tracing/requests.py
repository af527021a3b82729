"""Middleware: a span for each request, within the trace that its ``traceparent`` names."""

import sys
from typing import Any

from django.core.signals import got_request_exception
from django.http import HttpRequest
from opentelemetry.trace import Span, SpanKind, StatusCode

from gatekeeper.runtime.telemetry.tracing.spans import fail, span
from gatekeeper.runtime.telemetry.tracing.statements import counted, note

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY"}
OTHER, UNMATCHED = "_OTHER", "unmatched"
SPAN = "gatekeeper_span"  # of the request


class Traces:
    """Until the answer, or its first byte, is handed on. Only names of ours are sent: method, route, kind of error."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response
        got_request_exception.connect(note_exception, dispatch_uid="gatekeeper.telemetry.note_exception")

    def __call__(self, request: HttpRequest) -> Any:
        method = request.method if request.method in METHODS else OTHER
        parent = request.META.get("HTTP_TRACEPARENT")
        with span(method, SpanKind.SERVER, parent, http__request__method=method) as made, counted() as counted_here:
            setattr(request, SPAN, made)
            response = self.get_response(request)
            match = request.resolver_match
            made.update_name(f"{method} {match.view_name if match else UNMATCHED}")
            if match:
                made.set_attribute("http.route", f"/{match.route.lstrip('^')}")
            made.set_attributes({"http.response.status_code": response.status_code})
            note(made, counted_here)
            if response.status_code >= 500:
                made.set_status(StatusCode.ERROR)
        return response


def note_exception(request: HttpRequest | None = None, **_: Any) -> None:
    """What nobody foresaw: Django answers it, so that the middleware sees no exception."""
    made: Span | None = getattr(request, SPAN, None)
    error = sys.exception()
    if made is not None and error is not None:
        fail(made, error)
