"""gunicorn's gthread worker for a site that may stand without a proxy.

As it comes, a thread waits up to five seconds for the first byte of a new connection, and without a limit for the rest
of a head. Here a connection waits in the poller until its first byte, and the head has a deadline.
It stops as ``draining.py`` says: by its parent alone, and not before whoever has connected is served.
"""

import errno
import signal
import socket
import time
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from gunicorn.workers.gthread import _DEFER, TConn, ThreadWorker

from gatekeeper.runtime.web_server.deadlines import HEAD_SECONDS, DeadlineSocket
from gatekeeper.runtime.web_server.draining import STOP_WORKER, is_draining
from gatekeeper.runtime.web_server.unread_bodies import IS_LEFT

_DROPPING_SECONDS = 2.0  # in which what is left of a body that was refused is dropped
_STEP = 64 * 1024  # bytes
_SILENT_SECONDS = 2.0  # for a connection that has sent nothing when the worker stops
_NO_CONNECTION = (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK)  # another process was faster, or the client left


class Connection(TConn):  # type: ignore[misc]  # gunicorn is untyped
    """A connection that is read through a ``DeadlineSocket``."""

    def init(self) -> None:
        """Make the parser, once."""
        if not self.initialized:
            super().init()
            self.parser.unreader.sock = DeadlineSocket(self.sock)

    def expect_head(self) -> None:
        """Begin the time in which the head of the next request has to arrive."""
        self.parser.unreader.sock.allow(HEAD_SECONDS)


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn is untyped
    """The gthread worker, with connections that take a thread once they send something."""

    def accept(self, listener: socket.socket) -> None:
        """Take a new connection, and wait for its first byte in the poller."""
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno not in _NO_CONNECTION:
                raise
            return
        self.nr_conns += 1
        connection = Connection(self.cfg, client, address, listener.getsockname())
        if self.alive:
            self.finish_request(connection, _waits())
        else:
            self.enqueue_req(connection)

    def handle(self, conn: Connection) -> Any:
        """Serve the next request of a connection that has sent something."""
        conn.sock.setblocking(True)
        conn.init()
        conn.expect_head()
        return super().handle(conn)

    def handle_request(self, req: Any, conn: Connection) -> Any:
        """While the server drains, each answer says that it is the last one of its connection."""
        if is_draining():
            req.force_close()
        keeps = super().handle_request(req, conn)
        if getattr(req, IS_LEFT, False):
            _end_behind_the_answer(conn.sock)
        return keeps

    def init_signals(self) -> None:
        """A process manager signals the whole group: what the parent has to decide would happen at once."""
        super().init_signals()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(STOP_WORKER, self.handle_exit)

    def set_accept_enabled(self, enabled: bool) -> None:
        """The end of it, once this worker stops, is the end of its sockets."""
        super().set_accept_enabled(enabled)
        if enabled or self.alive:
            return
        for listener in self.sockets:
            if is_draining():  # otherwise others go on to accept
                self._accept_all(listener)
            listener.close()
        end = time.monotonic() + _SILENT_SECONDS
        for connection in self.pending_conns:
            connection.timeout = min(connection.timeout, end)

    def _accept_all(self, listener: socket.socket) -> None:
        before = -1
        while before < self.nr_conns:
            before = self.nr_conns
            self.accept(listener)


def _end_behind_the_answer(connection: socket.socket) -> None:
    """Close our half, and drop for a while what still comes (RFC 9112 §9.6).

    Closing over bytes that nobody read resets the connection, by which its client may lose the answer.
    """
    end = time.monotonic() + _DROPPING_SECONDS
    with suppress(OSError):  # the client has left, or its time is over
        connection.shutdown(socket.SHUT_WR)
        while (left := end - time.monotonic()) > 0:
            connection.settimeout(left)
            if not connection.recv(_STEP):
                return


def _waits() -> "Future[object]":
    """What gunicorn's own threads return for a connection that has sent nothing yet."""
    done: Future[object] = Future()
    done.set_result(_DEFER)
    return done
