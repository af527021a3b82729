"""Fetching a small document from an address that an administrator typed, with limits, from public addresses only.

Every host is resolved here, every resulting address is checked (``public_addresses.py``), and the connection goes to
the very address that was checked: a second answer of the name server (DNS rebinding) is never asked for. Redirects are
followed by hand, few, each checked. One deadline covers all of it: names, connecting, TLS, headers and body, however
slowly a server sends them.
"""

import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urljoin

import httpcore

from gatekeeper.outbound.name_resolution import checked_addresses
from gatekeeper.outbound.problems import FetchProblem, FetchRefused
from gatekeeper.outbound.public_addresses import site_is_local, web_address

TOTAL_SECONDS = 10.0  # for the whole exchange, redirects included
STEP_SECONDS = 5.0  # for connecting to one address, and between two pieces of the answer
MOST_REDIRECTS = 3
_HEADER_BYTES = 64 * 1024  # until the answer's headers are complete; interim answers (1xx) count
_FRAMING_BYTES = 64 * 1024  # beside the document: TLS is not counted, chunk sizes and trailers are
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OK = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """``size`` in bytes. ``media_types``: those that are taken, in lower case; none means any."""

    size: int
    media_types: frozenset[str] = frozenset()


def fetch_document(url: str, limits: Limits) -> bytes:
    """Return the document at ``url``: at most ``limits.size``, within 10 seconds, over https from a public address.

    A site on this machine may also fetch from this machine, over http. Proxies of the environment are not used.
    Raises: FetchRefused, which says which limit it was.
    """
    budget = Budget(deadline=time.monotonic() + TOTAL_SECONDS)
    for _ in range(MOST_REDIRECTS + 1):
        answer = _get(url, limits, budget)
        if isinstance(answer, bytes):
            return answer
        url = _follow(url, answer.location)
    raise FetchRefused(FetchProblem.REDIRECTS_TOO_OFTEN)


def _follow(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise FetchRefused(FetchProblem.REDIRECTS_NOWHERE) from error


@dataclass(frozen=True, slots=True)
class _Redirect:
    location: str


@dataclass(slots=True)
class Budget:
    """What is left of the time, and of the bytes that one answer may send."""

    deadline: float
    bytes_left: int = field(default=_HEADER_BYTES)
    when_spent: FetchProblem = FetchProblem.ENDLESS_HEADERS

    def seconds(self, most: float | None = None) -> float:
        """For the next step. Raises: FetchRefused when nothing is left."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise FetchRefused(FetchProblem.TOO_SLOW)
        return min(left, STEP_SECONDS if most is None else most)

    def allow(self, count: int, when_spent: FetchProblem) -> None:
        """Begin a part of the answer, with as many bytes; ``when_spent`` is the problem where it has more."""
        self.bytes_left, self.when_spent = count, when_spent

    def take(self, count: int) -> None:
        """Raises: FetchRefused when an answer has more bytes than it may have."""
        self.bytes_left -= count
        if self.bytes_left < 0:
            raise FetchRefused(self.when_spent)


def _get(url: str, limits: Limits, budget: Budget) -> bytes | _Redirect:
    parts = _usable(url)
    budget.allow(_HEADER_BYTES, FetchProblem.ENDLESS_HEADERS)
    backend = _Backend(parts.scheme, budget)
    headers = [("Host", parts.netloc), ("Accept-Encoding", "identity"), ("User-Agent", "Gatekeeper")]
    # The steps' own time limits come from the budget; the pool's are not used.
    with (
        _failures_as_refusals(),
        httpcore.ConnectionPool(ssl_context=_tls(), network_backend=backend, max_connections=1) as pool,
        pool.stream("GET", url, headers=headers) as response,
    ):
        answered = {name.decode("ascii").lower(): value.decode("latin-1") for name, value in response.headers}
        if response.status in _REDIRECTS:
            return _Redirect(answered.get("location", ""))
        _require_expected(response.status, answered, limits)
        budget.allow(2 * limits.size + _FRAMING_BYTES, FetchProblem.ENDLESS_DOCUMENT)
        return _read(response.iter_stream(), limits)


def _usable(url: str) -> SplitResult:
    """The parts of an address that may be asked. Plain http is checked again when the host is resolved."""
    parts = web_address(url)
    if parts is None or (parts.scheme == "http" and not site_is_local()):
        raise FetchRefused(FetchProblem.NO_HTTPS_HOST)
    return parts


def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _require_expected(status: int, headers: dict[str, str], limits: Limits) -> None:
    if status != _OK:
        raise FetchRefused(FetchProblem.STATUS, status=status)
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise FetchRefused(FetchProblem.COMPRESSED)
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if limits.media_types and media_type not in limits.media_types:
        wanted = sorted(limits.media_types)
        if not media_type:
            raise FetchRefused(FetchProblem.NO_MEDIA_TYPE, wanted=wanted)
        raise FetchRefused(FetchProblem.OTHER_MEDIA_TYPE, stated=media_type[:100], wanted=wanted)


def _read(pieces: Iterable[bytes], limits: Limits) -> bytes:
    document = bytearray()
    for piece in pieces:
        document += piece
        if len(document) > limits.size:
            raise FetchRefused(FetchProblem.TOO_LARGE, size=_size(limits.size))
    return bytes(document)


def _size(count: int) -> str:
    for unit, name in ((1024**2, "MB"), (1024, "KB")):
        if count >= unit:
            return f"{count // unit} {name}"
    return f"{count} bytes"


@contextmanager
def _failures_as_refusals() -> Iterator[None]:
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


class _Backend(httpcore.NetworkBackend):
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
