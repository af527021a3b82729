"""Posting a small document to an address that an administrator typed, with the limits of ``exchange.py``.

Nothing is followed, and nothing of the answer is read but its status and headers.
"""

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpcore

from gatekeeper.outbound.exchange import Backend, Budget, failures_as_refusals, usable
from gatekeeper.outbound.problems import FetchProblem, FetchRefused

TOTAL_SECONDS = 10.0  # for the whole exchange; a receiver may take all of it to answer


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What came of a request. ``status``: None without an answer; ``problem``: None when it was a success (2xx)."""

    status: int | None = None
    milliseconds: int
    problem: FetchProblem | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)


def post_document(url: str, body: bytes, headers: Mapping[str, str], *, tls: ssl.SSLContext | None = None) -> Answer:
    """Send ``body`` within 10 seconds, over https to a public address; a local site may post to its own machine.

    ``tls``: whom to trust, the system's certificate authorities where None. Proxies of the environment are not used.
    """
    started = time.monotonic()
    status, problem, parameters = None, None, {}
    try:
        budget = Budget(deadline=started + TOTAL_SECONDS, step=TOTAL_SECONDS)
        status = _post(url, body, headers, budget, tls or _tls())
    except FetchRefused as refusal:
        problem, parameters = refusal.problem, dict(refusal.parameters)
    if status is not None and not 200 <= status < 300:
        problem = FetchProblem.REDIRECTS if 300 <= status < 400 else FetchProblem.STATUS
        parameters = {"status": status}
    milliseconds = round((time.monotonic() - started) * 1000)
    return Answer(status=status, milliseconds=milliseconds, problem=problem, parameters=parameters)


def _post(url: str, body: bytes, headers: Mapping[str, str], budget: Budget, tls: ssl.SSLContext) -> int:
    parts = usable(url)
    backend = Backend(parts.scheme, budget)
    sent = {"Host": parts.netloc, "User-Agent": "Gatekeeper", "Content-Length": str(len(body)), **headers}
    with (
        failures_as_refusals(),
        httpcore.ConnectionPool(ssl_context=tls, network_backend=backend, max_connections=1) as pool,
        pool.stream("POST", url, headers=list(sent.items()), content=body) as response,
    ):
        return int(response.status)


@cache
def _tls() -> ssl.SSLContext:
    """One for the process: reading the certificate authorities takes longer than a request."""
    return ssl.create_default_context()
