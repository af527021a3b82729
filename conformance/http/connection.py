"""One connection to a server that may be broken or hostile: no answer takes longer or holds more than it may.

Below httpx, where one deadline can be put under every read, however slowly a server sends. Redirects are not followed,
codings are not asked for, and proxies of the environment are not used.
"""

import ssl
import time
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httpcore

from conformance.http.exchange import Call, Reply, json_body
from conformance.http.signals import finished_first
from entra_client.protocol.transport import SCIM_MEDIA_TYPE, NoAnswer, Request

SECONDS = 20.0  # for one whole exchange
MOST_BYTES = 8 * 1024 * 1024  # of one whole answer
MOST_WAITS = 3  # times that one request is sent again after 429 or 503
LONGEST_WAIT = 5.0  # seconds; who asks for more gets no second request
MOST_SILENCES = 3  # requests without an answer, one after the other; then nothing more is asked
_AGAIN = (429, 503)

Note = Callable[[Request, Reply | None], None]


class Target:
    """Where to ask: the base URL and its origin. A query of the base URL stays on every request, as with Entra.

    Raises: ValueError for what is no http or https address.
    """

    def __init__(self, base_url: str) -> None:
        parts = _read(base_url)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.base = f"{self.origin}{parts.path.rstrip('/')}"
        self.query = parts.query
        self.is_encrypted = parts.scheme == "https"
        self.is_loopback = parts.hostname in ("localhost", "127.0.0.1", "::1")

    def address(self, request: Request) -> str:
        """The whole address of a request."""
        at_origin = isinstance(request, Call) and request.at_origin
        query = "&".join(part for part in (request.query, "" if at_origin else self.query) if part)
        return f"{self.origin if at_origin else self.base}{request.path}" + (f"?{query}" if query else "")


class Connection:
    """Sends one request at a time. Not safe for threads; each takes its own.

    ``note`` is told each request that was sent and its answer, None where there is none, before anything stops the run.
    """

    def __init__(
        self, target: Target, user_agent: str, *, seconds: float | None = None, note: Note = lambda *_: None
    ) -> None:
        self.target = target
        self.user_agent = user_agent
        self.authorization = ""
        self.silences = 0
        self._note = note
        self._seconds = SECONDS if seconds is None else seconds
        self._limit = _Limit()
        # The standard library's trust store, as for the other addresses that the site fetches.
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl.create_default_context(), network_backend=_Backend(self._limit), max_connections=1
        )

    def send(self, request: Request, *, patient: bool = True) -> Reply:
        """Send a request and return the answer, whatever it is; ``patient``: again after a short 429 or 503.

        Raises: NoAnswer when there is none within the limits, and at once after several of those.
        """
        reply = self._send(request)
        for _ in range(MOST_WAITS if patient else 0):
            wait = _asked_to_wait(reply)
            if wait is None:
                break
            time.sleep(wait)
            reply = self._send(request)
        return reply

    def close(self) -> None:
        """Hang up."""
        self._pool.close()

    def _send(self, request: Request) -> Reply:
        if self.silences >= MOST_SILENCES:
            raise NoAnswer("it was not asked, since the server has stopped answering")
        with finished_first():
            try:
                reply = self._exchange(request)
            except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, OSError) as problem:
                self.silences += 1
                self._note(request, None)
                raise NoAnswer(_reason(problem, self._seconds)) from problem
            self.silences = 0
            self._note(request, reply)
        return reply

    def _exchange(self, request: Request) -> Reply:
        self._limit.begin(self._seconds)
        begun = time.perf_counter()
        content = _content(request)
        with self._pool.stream(
            request.method, self.target.address(request), headers=self._headers(request, content), content=content
        ) as response:
            pieces = list(response.iter_stream())
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
        return Reply(
            request=request,
            status=response.status,
            media_type=headers.get("content-type", ""),
            location=headers.get("location"),
            content=b"".join(pieces),
            seconds=time.perf_counter() - begun,
            headers=headers,
        )

    def _headers(self, request: Request, content: bytes | None) -> list[tuple[str, str]]:
        headers = {
            "Host": urlsplit(self.target.origin).netloc,
            "Accept": SCIM_MEDIA_TYPE,
            "Accept-Encoding": "identity",
            "User-Agent": self.user_agent,
            "Authorization": self.authorization,
        }
        if content is not None:
            headers["Content-Type"] = f"{SCIM_MEDIA_TYPE}; charset=utf-8"
            headers["Content-Length"] = str(len(content))
        if isinstance(request, Call):
            headers.update(request.headers)
            if request.authorization is not None:
                headers["Authorization"] = request.authorization
        return [(name, value) for name, value in headers.items() if value]


class _Limit:
    """What is left of the time and of the bytes for the exchange under way."""

    def __init__(self) -> None:
        self.begin(SECONDS)

    def begin(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self._left = MOST_BYTES

    def seconds(self) -> float:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout
        return left

    def take(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise httpcore.RemoteProtocolError(f"the answer has more than {MOST_BYTES:,} bytes")


class _Backend(httpcore.NetworkBackend):
    def __init__(self, limit: _Limit) -> None:
        self._limit = limit
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        del timeout, local_address
        seconds = self._limit.seconds()
        return _Stream(self._sockets.connect_tcp(host, port, seconds, socket_options=socket_options), self._limit)


class _Stream(httpcore.NetworkStream):
    """A connection whose every step is bounded."""

    def __init__(self, inner: httpcore.NetworkStream, limit: _Limit) -> None:
        self._inner = inner
        self._limit = limit

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        del timeout
        data = self._inner.read(max_bytes, self._limit.seconds())
        self._limit.take(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        del timeout
        self._inner.write(buffer, self._limit.seconds())

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        del timeout
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, self._limit.seconds()), self._limit)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _read(base_url: str) -> SplitResult:
    parts = urlsplit(base_url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0 or "@" in parts.netloc:
        raise ValueError(f"{base_url} is no http or https address, such as http://127.0.0.1:8000/scim/v2")
    return parts


def _content(request: Request) -> bytes | None:
    if isinstance(request, Call) and request.content is not None:
        return request.content
    return None if request.body is None else json_body(request.body)


def _asked_to_wait(reply: Reply) -> float | None:
    """Seconds to wait before the same request; None where nothing else is to be expected soon."""
    if reply.status not in _AGAIN:
        return None
    stated = reply.header("retry-after")
    seconds = float(stated) if stated.isascii() and stated.isdigit() else 1.0
    return seconds if seconds <= LONGEST_WAIT else None


def _reason(problem: Exception, seconds: float) -> str:
    if isinstance(problem, httpcore.ConnectError | httpcore.ConnectTimeout):
        return f"no connection: {problem or 'nothing listens there'}"
    if isinstance(problem, httpcore.TimeoutException):
        return f"no whole answer within {seconds:.0f} seconds"
    return str(problem) or type(problem).__name__
