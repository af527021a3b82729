"""The details of a browser's request that logs and sessions keep: its id, address, user agent and duration."""

from time import perf_counter

from django.http import HttpRequest


def request_id_of(request: HttpRequest) -> str:
    """The id of this request in the log; also the reference number that a refused person is shown."""
    return str(getattr(request, "request_id", ""))


def address_of(request: HttpRequest) -> str:
    """Where the request came from, as far as the server knows."""
    return str(request.META.get("REMOTE_ADDR", ""))[:45]


def user_agent_of(request: HttpRequest) -> str:
    """What the browser calls itself."""
    return request.headers.get("User-Agent", "")[:300]


def milliseconds_of(request: HttpRequest) -> int | None:
    """How long ago the request arrived; None where no middleware saw it arrive."""
    arrived: float | None = getattr(request, "arrived", None)
    return None if arrived is None else round((perf_counter() - arrived) * 1000)
