"""One exchange over HTTP with an address that an administrator typed: checked, and within limits of time and bytes.

The host is resolved here, every resulting address is checked (``public_addresses.py``), and the connection goes to the
very address that was checked: a second answer of the name server (DNS rebinding) is never asked for. One deadline
covers all of it: names, connecting, TLS, headers and body, however slowly a server sends them.
"""

import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult

import httpcore

from gatekeeper.outbound.name_resolution import checked_addresses
from gatekeeper.outbound.problems import FetchProblem, FetchRefused
from gatekeeper.outbound.public_addresses import site_is_local, web_address

HEADER_BYTES = 64 * 1024  # until the answer's headers are complete; interim answers (1xx) count


@dataclass(slots=True)
class Budget:
    """What is left of the time, and of the bytes that one answer may send. ``step``: the most seconds of one step."""

    deadline: float
    step: float
    bytes_left: int = field(default=HEADER_BYTES)
    when_spent: FetchProblem = FetchProblem.ENDLESS_HEADERS

    def seconds(self, most: float | None = None) -> float:
        """For the next step. Raises: FetchRefused when nothing is left."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise FetchRefused(FetchProblem.TOO_SLOW)
        return min(left, self.step if most is None else most)

    def allow(self, count: int, when_spent: FetchProblem) -> None:
        """Begin a part of the answer, with as many bytes; ``when_spent`` is the problem where it has more."""
        self.bytes_left, self.when_spent = count, when_spent

    def take(self, count: int) -> None:
        """Raises: FetchRefused when an answer has more bytes than it may have."""
        self.bytes_left -= count
        if self.bytes_left < 0:
            raise FetchRefused(self.when_spent)


def usable(url: str) -> SplitResult:
    """The parts of an address that may be asked. Plain http is checked again when the host is resolved."""
    parts = web_address(url)
    if parts is None or (parts.scheme == "http" and not site_is_local()):
        raise FetchRefused(FetchProblem.NO_HTTPS_HOST)
    return parts


@contextmanager
def failures_as_refusals() -> Iterator[None]:
    """What httpcore raises, as FetchRefused."""
    try:
        yield
    except httpcore.TimeoutException as error:
        raise FetchRefused(FetchProblem.TOO_SLOW) from error
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise _not_read(error) from error


def _not_read(error: Exception) -> FetchRefused:
    cause = error.args[0] if error.args else None  # httpcore wraps what the socket said, and cuts the chain
    if isinstance(cause, ssl.SSLCertVerificationError):
        return FetchRefused(FetchProblem.TLS_NOT_TRUSTED, detail=cause.verify_message)
    if isinstance(cause, ConnectionRefusedError):
        return FetchRefused(FetchProblem.NOTHING_LISTENS)
    if isinstance(error, httpcore.ProtocolError):
        return FetchRefused(FetchProblem.NOT_HTTP)
    kind = type(cause if isinstance(cause, Exception) else error).__name__
    return FetchRefused(FetchProblem.NOT_READ, kind=kind)


class Backend(httpcore.NetworkBackend):
    """Connects to checked addresses only, and lets no step take longer than what is left of the budget."""

    def __init__(self, scheme: str, budget: Budget) -> None:
        self._scheme = scheme
        self._budget = budget
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """The first of the host's addresses that answers. Raises: FetchRefused."""
        del timeout, local_address
        failure: Exception = FetchRefused(FetchProblem.HOST_NOT_FOUND, host=host)
        for address in checked_addresses(host, port, scheme=self._scheme, seconds=self._budget.seconds()):
            try:
                seconds = self._budget.seconds()
                stream = self._sockets.connect_tcp(address, port, seconds, socket_options=socket_options)
                return _Stream(stream, self._budget)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


class _Stream(httpcore.NetworkStream):
    """A connection whose every step is bounded by the budget."""

    def __init__(self, inner: httpcore.NetworkStream, budget: Budget) -> None:
        self._inner = inner
        self._budget = budget

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """At most what is left of the bytes, too."""
        data = self._inner.read(max_bytes, self._budget.seconds(timeout))
        self._budget.take(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Our request; a few hundred bytes."""
        self._inner.write(buffer, self._budget.seconds(timeout))

    def close(self) -> None:
        """Without waiting for the other side."""
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """The handshake, for the name that was asked for."""
        stream = self._inner.start_tls(ssl_context, server_hostname, self._budget.seconds(timeout))
        return _Stream(stream, self._budget)

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks about the socket."""
        return self._inner.get_extra_info(info)
