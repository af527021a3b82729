"""Requests whose body is not read to its end: the connection is closed after the answer, and the answer says so.

A client that pools connections would otherwise send its next request after bytes that nobody reads, into a connection
that the server is about to close (RFC 9112 §9.3, §9.6). gunicorn reads and drops the rest of a small body by itself.
``Connection`` is the server's header, not the application's (PEP 3333), so the middleware sets it for the other half,
``announce_to_server``, which takes it off again and informs gunicorn.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse

IS_LEFT = "body_is_left"  # of gunicorn's request: the connection is closed over the rest of its body
DROPPED_BY_SERVER = 64 * 1024  # bytes: gunicorn.http.parser drops less than so many

_Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class UnreadBodies:
    """Middleware: ``Connection: close`` on each response to a request of whose body much was left unread."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response: HttpResponse = self.get_response(request)
        if _is_much_left(request):
            response.headers["Connection"] = "close"
        return response


class CountedInput:
    """``wsgi.input`` that knows how much was read of it, and whether its end was seen."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.count = 0
        self.is_at_end = False

    def read(self, size: int = -1) -> bytes:
        """Read at most ``size`` bytes; all of them when it is negative."""
        data: bytes = self._stream.read() if size < 0 else self._stream.read(size)
        self.count += len(data)
        self.is_at_end = self.is_at_end or size < 0 or len(data) < size
        return data

    def readline(self, size: int = -1) -> bytes:
        """Read a line; multipart forms are read so."""
        data: bytes = self._stream.readline() if size < 0 else self._stream.readline(size)
        self.count += len(data)
        self.is_at_end = self.is_at_end or not data
        return data


def announce_to_server(application: _Application) -> _Application:
    """Wrap the WSGI application, so that gunicorn announces the close that the middleware asked for."""

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        force_close = getattr(environ["wsgi.input"], "force_close", None)
        environ["wsgi.input"] = CountedInput(environ["wsgi.input"])

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            kept = [(name, value) for name, value in headers if name.lower() != "connection"]
            if len(kept) < len(headers) and force_close is not None:
                force_close()
            return start_response(status, kept, *rest)

        return application(environ, start)

    return serve


def let_the_application_close(request: Any) -> None:
    """For gunicorn's ``pre_request``: give the application, which sees the body only, a way to end the connection."""

    def close_over_the_rest() -> None:
        request.force_close()
        setattr(request, IS_LEFT, True)

    if request.body is not None:
        request.body.force_close = close_over_the_rest


def _is_much_left(request: HttpRequest) -> bool:
    source = request.META.get("wsgi.input")
    declared = request.META.get("CONTENT_LENGTH") or ""
    if declared.isdigit():
        # In tests nothing counts; there the request itself knows whether it was read.
        read = source.count if isinstance(source, CountedInput) else _read_by_django(request, int(declared))
        return int(declared) - read >= DROPPED_BY_SERVER
    # Without either header there is no body (RFC 9112 §6.3), and so no end of it that somebody would have to see.
    return "HTTP_TRANSFER_ENCODING" in request.META and not getattr(source, "is_at_end", True)


def _read_by_django(request: HttpRequest, declared: int) -> int:
    return declared if hasattr(request, "_body") or getattr(request, "_read_started", False) else 0
