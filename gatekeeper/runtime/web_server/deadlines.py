"""A socket whose reader gives up at a deadline, however slowly and steadily something arrives."""

import socket
import time
from typing import Any

HEAD_SECONDS = 10  # for the head of a request
BODY_SECONDS = 20  # for its body, and as much longer as the body arrives faster than SLOWEST
SLOWEST = 16 * 1024  # bytes a second


class DeadlineSocket:
    """What gunicorn's parser reads a connection through. At the deadline it reads an end, as if the client had left."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._end: float | None = None
        self.is_late = False

    def __getattr__(self, name: str) -> Any:
        """The rest of a socket: gunicorn sets a timeout of its own while it drops what nobody has read."""
        return getattr(self._connection, name)

    def allow(self, seconds: float | None) -> None:
        """Set the deadline anew; None takes it away."""
        self._end = None if seconds is None else time.monotonic() + seconds
        self.is_late = False

    def recv(self, size: int) -> bytes:
        """Bytes as they arrive; none when the client has left, or the deadline is over (``is_late``)."""
        if self._end is None:
            return self._connection.recv(size)
        self._connection.settimeout(max(self._end - time.monotonic(), 0.001))
        try:
            data = self._connection.recv(size)
        except TimeoutError:
            self.is_late = True
            return b""
        finally:
            self._connection.settimeout(None)
        self._end += len(data) / SLOWEST
        self.is_late = time.monotonic() > self._end
        return b"" if self.is_late else data
