"""Fetching a small document from an address that an administrator typed, with limits, from public addresses only.

Redirects are followed by hand, few, each checked; one deadline covers all of it (``exchange.py``).
"""

import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urljoin

import httpcore

from gatekeeper.outbound.exchange import HEADER_BYTES, Backend, Budget, failures_as_refusals, usable
from gatekeeper.outbound.problems import FetchProblem, FetchRefused

TOTAL_SECONDS = 10.0  # for the whole exchange, redirects included
STEP_SECONDS = 5.0  # for connecting to one address, and between two pieces of the answer
MOST_REDIRECTS = 3
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
    budget = Budget(deadline=time.monotonic() + TOTAL_SECONDS, step=STEP_SECONDS)
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


def _get(url: str, limits: Limits, budget: Budget) -> bytes | _Redirect:
    parts = usable(url)
    budget.allow(HEADER_BYTES, FetchProblem.ENDLESS_HEADERS)
    backend = Backend(parts.scheme, budget)
    headers = [("Host", parts.netloc), ("Accept-Encoding", "identity"), ("User-Agent", "Gatekeeper")]
    # The steps' own time limits come from the budget; the pool's are not used.
    with (
        failures_as_refusals(),
        httpcore.ConnectionPool(ssl_context=_tls(), network_backend=backend, max_connections=1) as pool,
        pool.stream("GET", url, headers=headers) as response,
    ):
        answered = {name.decode("ascii").lower(): value.decode("latin-1") for name, value in response.headers}
        if response.status in _REDIRECTS:
            return _Redirect(answered.get("location", ""))
        _require_expected(response.status, answered, limits)
        budget.allow(2 * limits.size + _FRAMING_BYTES, FetchProblem.ENDLESS_DOCUMENT)
        return _read(response.iter_stream(), limits)


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
