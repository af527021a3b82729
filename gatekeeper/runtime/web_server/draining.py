"""A web server that stops without failing a request, also where no socket outlives it and no proxy hears of it before.

``/readyz`` answers 503 for a while in which everything is served as before, and each connection is closed after its
answer. Then nobody can connect any more, who has connected is served, and the server ends. Without the last but one,
a connection that the system has accepted and the server has not would be cut when its socket is closed.
"""

import ctypes
import mmap
import signal
import socket
import struct
import sys
import time
from contextlib import suppress
from typing import Any

STOP_WORKER = signal.SIGUSR2
_HANDSHAKES = 0.05  # seconds for those that have begun
_SO_ATTACH_FILTER = 26  # asm-generic/socket.h; Python names it nowhere
# Classic BPF over the TCP header: a packet with SYN and without ACK, which begins a connection, is dropped.
_NO_NEW_CONNECTIONS = struct.pack(
    "HBBIHBBIHBBIHBBIHBBI",
    *(0x30, 0, 0, 13),  # load the byte with the flags
    *(0x54, 0, 0, 0x12),  # SYN and ACK of it
    *(0x15, 0, 1, 0x02),  # only SYN?
    *(0x06, 0, 0, 0),  # then drop it
    *(0x06, 0, 0, 0xFFFFFFFF),  # otherwise take it
)

_state = mmap.mmap(-1, 1)  # shared with the workers, which are forked later


def is_draining() -> bool:
    """Whether this server has been asked to stop, and serves what still comes."""
    return _state[0] == 1


def drain_before_stopping(server: Any, seconds: float) -> None:
    """From gunicorn's ``when_ready``: what SIGTERM does from now on. Only this process asks workers to stop."""
    stop, kill_worker = server.handle_term, server.kill_worker

    def drain() -> None:
        _state[0] = 1
        time.sleep(seconds)
        # A socket that somebody else keeps (systemd, a server that takes over) has to go on for them.
        if not server.systemd and not server.reexec_pid:
            for listener in server.LISTENERS:
                _let_nobody_connect(listener.sock)
            time.sleep(_HANDSHAKES)
        stop()

    def signal_worker(pid: int, number: int) -> None:
        kill_worker(pid, STOP_WORKER if number == signal.SIGTERM else number)

    server.handle_term, server.kill_worker = drain, signal_worker


def _let_nobody_connect(listener: socket.socket) -> None:
    """Whoever tries waits until the socket is closed, and is refused then, which a proxy answers by asking another."""
    if sys.platform != "linux" or listener.family == socket.AF_UNIX:
        return
    instructions = ctypes.create_string_buffer(_NO_NEW_CONNECTIONS, len(_NO_NEW_CONNECTIONS))
    program = struct.pack("HP", len(_NO_NEW_CONNECTIONS) // 8, ctypes.addressof(instructions))
    with suppress(OSError):  # where a sandbox forbids it, a connection in that moment is cut
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)
