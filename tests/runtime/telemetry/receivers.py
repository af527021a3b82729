"""Servers as an operator has them: an OpenTelemetry collector (OTLP over HTTP), and Sentry's envelope endpoint.

Both keep every byte that they were sent, heads included and uncompressed, so that a test can look what is in them.
"""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

ENVELOPES = "/api/1/envelope/"
TRACES = "/v1/traces"


class ReceivedSpan(NamedTuple):
    """A span, and of which process it is."""

    name: str
    trace_id: str
    span_id: str
    parent_id: str
    attributes: dict[str, Any]
    resource: dict[str, Any]
    has_failed: bool


class Received:
    """What came in."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.dsn = f"http://public@127.0.0.1:{port}/1"
        self.raw = b""
        self.spans: list[ReceivedSpan] = []
        self.errors: list[dict[str, Any]] = []
        self.others: list[str] = []

    def take(self, path: str, head: bytes, body: bytes) -> bytes:
        self.raw += head + body
        if path == TRACES:
            self.spans += decoded(body)
            return ExportTraceServiceResponse().SerializeToString()
        if path != ENVELOPES:
            self.others.append(path)
            return b"{}"
        _, *items = body.split(b"\n")
        for head_of_item, payload in zip(items[::2], items[1::2], strict=False):
            if json.loads(head_of_item)["type"] == "event":
                self.errors.append(json.loads(payload))
            else:
                self.others.append(json.loads(head_of_item)["type"])
        return b"{}"


def decoded(body: bytes) -> Iterator[ReceivedSpan]:
    request = ExportTraceServiceRequest.FromString(body)
    for group in request.resource_spans:
        resource = values(group.resource.attributes)
        for scope in group.scope_spans:
            for span in scope.spans:
                ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
                yield ReceivedSpan(span.name, *ids, values(span.attributes), resource, span.status.code == 2)


def values(attributes: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, str(one.value.WhichOneof("value"))) for one in attributes}


@contextmanager
def receiver() -> Iterator[Received]:
    """Both on one port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            answer = received.take(self.path, f"{self.path}\n{self.headers}".encode(), body)
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    received = Received(server.server_port)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield received
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
