"""A receiver of webhooks: a real HTTP server that keeps what it was sent and answers as it is told."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook as Verifier


@dataclass
class Delivered:
    """One request as it came in."""

    headers: dict[str, str]
    body: bytes
    path: str = "/"

    @property
    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.body)
        return document

    def verified_with(self, secret: str) -> Any:
        """The document, as the specification's own library believes it. Raises: WebhookVerificationError."""
        return Verifier(secret).verify(self.body, self.headers)


@dataclass
class Receiver:
    """``answers``: the statuses of the next requests; then ``status``. ``before``: called before each answer."""

    url: str = ""
    status: int = 204
    answers: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    before: Callable[[Delivered], None] = lambda _: None
    got: list[Delivered] = field(default_factory=list)
    most_at_once: int = 0
    _now: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def documents(self) -> list[dict[str, Any]]:
        return [each.document for each in self.got]

    @property
    def events(self) -> list[str]:
        return [each["event"] for each in self.documents]

    def take(self, request: Delivered) -> int:
        with self._lock:
            self.got.append(request)
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
            status = self.answers.pop(0) if self.answers else self.status
        try:
            self.before(request)
        finally:
            with self._lock:
                self._now -= 1
        return status


@contextmanager
def receiving(**options: Any) -> Iterator[Receiver]:
    """Serve on a free port of this machine."""
    receiver = Receiver(**options)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status = receiver.take(Delivered(headers, body, self.path))
            with suppress(OSError):  # the sender has had enough, which is what some of these tests are about
                self.send_response(status)
                for name, value in {"Content-Length": str(len(receiver.body)), **receiver.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(receiver.body)

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/events"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
