"""Servers that never finish, each in its own way: what they send, piece by piece, and how long they wait between."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain, cycle, repeat

Script = Callable[[], Iterator[bytes]]
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def _drip(text: bytes) -> Iterator[bytes]:
    return (bytes([each]) for each in text)


DRIPPING: dict[str, Script] = {
    "the status line, a byte at a time": lambda: _drip(b"HTTP/1.1 200 " + b"O" * 9_999),
    "a header, a byte at a time": lambda: chain([OK + b"X-A: "], repeat(b"a")),
    "one header after the other": lambda: chain([OK], (b"X-%d: a\r\n" % each for each in range(9_999))),
    "a body with a length, a byte at a time": lambda: chain([OK + b"Content-Length: 999\r\n\r\n"], repeat(b"x")),
    "a body without a length, a byte at a time": lambda: chain([OK + b"\r\n"], repeat(b"x")),
    "chunks of one byte": lambda: chain([CHUNKED], repeat(b"1\r\nx\r\n")),
    "a chunk's size, a byte at a time": lambda: chain([CHUNKED], repeat(b"0")),
    "a chunk extension without end": lambda: chain([CHUNKED + b"1;a="], repeat(b"a")),
    "a chunk extension at each chunk": lambda: chain([CHUNKED], cycle(_drip(b"1;" + b"a" * 200 + b"\r\nx\r\n"))),
    "trailers without end": lambda: chain([CHUNKED + b"1\r\nx\r\n0\r\n"], (b"X-%d: a\r\n" % n for n in range(9_999))),
    "a trailer, a byte at a time": lambda: chain([CHUNKED + b"1\r\nx\r\n0\r\nX: "], repeat(b"a")),
    "interim answers without end": lambda: repeat(b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "nothing at all": lambda: iter(()),
    "headers, and then nothing": lambda: iter([OK + b"Content-Length: 9\r\n\r\n"]),
}
FLOODING: dict[str, tuple[Script, str]] = {
    "a header without end": (lambda: chain([OK + b"X-A: "], repeat(b"a" * 4096)), "headers without end|not answer in"),
    "headers without end": (lambda: chain([OK], repeat(b"X-A: a\r\n" * 512)), "headers without end|not answer in"),
    "interim answers": (lambda: repeat(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 99), "headers without end"),
    "a body": (lambda: chain([OK + b"\r\n"], repeat(b"x" * 65_536)), "larger than 1 MB"),
    "a chunk extension": (lambda: chain([CHUNKED + b"1;a="], repeat(b"a" * 4096)), "not answer in"),
    "chunk extensions": (
        lambda: chain([CHUNKED], repeat((b"1;" + b"a" * 2000 + b"\r\nx\r\n") * 9)),
        "a document without end",
    ),
    "trailers": (lambda: chain([CHUNKED + b"0\r\n"], repeat(b"X-A: a\r\n" * 512)), "not answer in|without end"),
    "something that is no HTTP": (lambda: repeat(b"SSH-2.0-OpenSSH_9.2\r\n"), "headers without end|not answer in"),
}


@contextmanager
def misbehaving(script: Script, *, every: float = 0.0) -> Iterator[str]:
    """Serve ``script`` to whoever connects, a piece ``every`` seconds; the address of it."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def answer(peer: socket.socket) -> None:
        with peer, suppress(OSError):
            peer.recv(4096)
            for piece in script():
                peer.sendall(piece)
                if every:
                    time.sleep(every)
                if over.is_set():
                    return
            over.wait(60)

    def serve() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/metadata"
    finally:
        over.set()
        listener.close()
