"""Bodies of requests are received before the application is asked, so that a slow client waits in no thread of its.

``expect_body`` is gunicorn's ``pre_request``: only there the connection behind a body is known.
"""

import io
import threading
from typing import Any

from gunicorn.http.errors import ParseException

from gatekeeper.runtime.web_server.deadlines import BODY_SECONDS

HELD_AT_ONCE = 64 * 1024 * 1024  # bytes of bodies, in each process
STEP = 64 * 1024  # bytes

TOO_SLOW = "too_slow"
NO_MEMORY = "no_memory"


def expect_body(request: Any) -> None:
    """Begin the time in which the body of this request has to arrive, and keep a way to ask whether it is over."""
    request.unreader.sock.allow(BODY_SECONDS)
    if request.body is not None:
        request.body.connection = request.unreader.sock


class ReceivedBody(io.BytesIO):
    """``wsgi.input`` that is here as a whole; ``force_close`` is gunicorn's, to end the connection after the answer."""

    force_close: Any = None


class BrokenBody:
    """``wsgi.input`` that did not arrive: whoever reads it gets the error."""

    force_close: Any = None

    def __init__(self, error: Exception) -> None:
        self._error = error

    def read(self, size: int = -1) -> bytes:
        """Raises: the error that the connection had."""
        del size
        raise self._error

    readline = read


class Bodies:
    """Receives bodies up to ``largest`` bytes; a larger one stays on the connection, for the application to refuse."""

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._held = 0
        self._lock = threading.Lock()

    def receive(self, environ: dict[str, Any]) -> str | None:
        """Replace ``wsgi.input`` by the body as a whole; what it takes is counted until ``release``.

        Returns: why the request can't be served, if so: ``TOO_SLOW`` or ``NO_MEMORY``.
        """
        stream = environ["wsgi.input"]
        connection = getattr(stream, "connection", None)
        is_late = False
        if wanted := self._wanted(environ):
            body = self._received(stream, wanted)
            if body is None:
                return NO_MEMORY
            body.force_close = getattr(stream, "force_close", None)
            environ["wsgi.input"] = body
        if connection is not None:  # gunicorn's
            is_late = connection.is_late
            connection.allow(None)
        return TOO_SLOW if is_late else None

    def release(self, environ: dict[str, Any]) -> None:
        """The body of this request is no longer needed."""
        body = environ["wsgi.input"]
        if isinstance(body, ReceivedBody):
            self._hold(-body.getbuffer().nbytes)

    def _wanted(self, environ: dict[str, Any]) -> int:
        declared = environ.get("CONTENT_LENGTH") or ""
        if declared.isdigit():
            return int(declared) if int(declared) <= self._largest else 0
        # One byte more than may be there shows the application that there is too much.
        return self._largest + 1 if "HTTP_TRANSFER_ENCODING" in environ else 0

    def _received(self, stream: Any, wanted: int) -> ReceivedBody | BrokenBody | None:
        body = ReceivedBody()
        try:
            while piece := stream.read(min(STEP, wanted - body.tell())):
                if not self._hold(len(piece)):
                    self._hold(-body.tell())
                    return None
                body.write(piece)
        except (OSError, ParseException) as error:
            self._hold(-body.tell())
            return BrokenBody(error)
        body.seek(0)
        return body

    def _hold(self, size: int) -> bool:
        """Count so many bytes more, or less; False when they would be too many."""
        with self._lock:
            if size > 0 and self._held + size > HELD_AT_ONCE:
                return False
            self._held += size
        return True
