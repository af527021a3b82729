"""HTTP/1.1 over kept connections, with as little work in the client as possible: it shares the machine."""

import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Self

from entra_client.protocol.transport import Request

TIMEOUT = 120.0  # seconds
CHUNK = 1 << 18  # bytes


@dataclass(frozen=True)
class Answer:
    status: int
    content: bytes


@dataclass(frozen=True)
class Address:
    """Where a server listens, what stands before each path, and the key that it wants."""

    port: int
    base: str
    key: str

    def bytes_of(self, request: Request) -> bytes:
        """The request as it goes over the wire."""
        target = f"{self.base}{request.path}" + (f"?{request.query}" if request.query else "")
        body = b"" if request.body is None else json.dumps(request.body).encode()
        head = (
            f"{request.method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nAccept: application/scim+json\r\n"
            f"Authorization: Bearer {self.key}\r\n"
        )
        if body:
            head += f"Content-Type: application/scim+json; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        return f"{head}\r\n".encode() + body


class Connection:
    """One kept connection, opened when there is something to send; one that the server has closed is opened anew."""

    def __init__(self, port: int, timeout: float = TIMEOUT) -> None:
        self.port, self.timeout = port, timeout
        self._socket: socket.socket | None = None
        self._rest = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, wanted: bytes) -> Answer:
        """The answer. A server may close an idle connection at any moment: then the request is sent once more."""
        was_open = self._socket is not None
        try:
            self._opened().sendall(wanted)
            return self._answer()
        except ConnectionError:
            self.close()
            if not was_open:
                raise
            self._opened().sendall(wanted)
            return self._answer()

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None

    def _opened(self) -> socket.socket:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self.port), self.timeout)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._rest = b""
        return self._socket

    def _answer(self) -> Answer:
        head, self._rest = self._up_to(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        status = int(first.split()[1])
        if headers.get("transfer-encoding", "").lower() == "chunked":
            content = self._chunks()
        else:
            content = self._exactly(int(headers.get("content-length", "0")))
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Answer(status, content)

    def _chunks(self) -> bytes:
        parts = []
        while True:
            line, self._rest = self._up_to(b"\r\n")
            size = int(line.split(b";")[0], 16)
            parts.append(self._exactly(size))
            self._exactly(2)
            if not size:
                return b"".join(parts)

    def _up_to(self, end: bytes) -> tuple[bytes, bytes]:
        while end not in self._rest:
            self._rest += self._received()
        before, _, after = self._rest.partition(end)
        return before, after

    def _exactly(self, size: int) -> bytes:
        parts, have = [self._rest], len(self._rest)
        while have < size:
            part = self._received()
            parts.append(part)
            have += len(part)
        whole = b"".join(parts)
        self._rest = whole[size:]
        return whole[:size]

    def _received(self) -> bytes:
        part = self._opened().recv(CHUNK)
        if not part:
            raise ConnectionError("the server hung up")
        return part


@dataclass(frozen=True)
class Load:
    """What was sent in one round."""

    requests: int
    seconds: float


class UnexpectedAnswer(Exception):
    """The server answered something else than the case is about."""


def send_for(
    connections: list[Connection],
    make: Callable[[int], bytes],
    numbers: "count[int]",
    *,
    seconds: float,
    expected: int,
) -> Load:
    """Send what ``make`` returns for each number over all connections until the time is over, once over each at least.

    Raises: UnexpectedAnswer.
    """
    sent = [0] * len(connections)
    failures: list[Exception] = []
    begun = time.perf_counter()

    def work(place: int) -> None:
        connection = connections[place]
        try:
            while not failures and (not sent[place] or time.perf_counter() - begun < seconds):
                wanted = make(next(numbers))
                answer = connection.send(wanted)
                if answer.status != expected:
                    raise UnexpectedAnswer(f"{wanted[:200]!r} answered {answer.status}: {answer.content[:300]!r}")
                sent[place] += 1
        except Exception as failure:  # noqa: BLE001 -- handed to the thread that waits
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(len(connections))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return Load(sum(sent), time.perf_counter() - begun)
