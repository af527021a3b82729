"""The WSGI application around Django's: it receives a request whole, and serves it within its budget.

A request that can't be served so goes through Django all the same, with the reason in ``REFUSAL``, which the middleware
answers in the form of the address (``gatekeeper.server_refusals``). That costs no thread of a budget, and no database.
"""

from collections.abc import Iterable
from concurrent.futures import Future
from functools import partial
from typing import Any

from gatekeeper.runtime.web_server.answers import Answer, Application, make_answer
from gatekeeper.runtime.web_server.bodies import Bodies
from gatekeeper.runtime.web_server.budgets import Budgets

REFUSAL = "gatekeeper.refusal"  # in the WSGI environment
NO_THREAD = "no_thread"


class WithinBudgets:
    """Serves ``application`` with so many ``threads``; it never reads a body of more than ``largest_body`` bytes."""

    def __init__(self, application: Application, *, threads: int, largest_body: int) -> None:
        self._application = application
        self._budgets = Budgets(threads)
        self._bodies = Bodies(largest_body)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request, as WSGI has it (PEP 3333)."""
        refusal = self._bodies.receive(environ)
        try:
            answer = None if refusal else self._served(environ)
        finally:
            self._bodies.release(environ)
        if answer is None:
            return self._application({**environ, REFUSAL: refusal or NO_THREAD}, start_response)
        start_response(answer.status, answer.headers)
        return answer.body

    def _served(self, environ: dict[str, Any]) -> Answer | None:
        answered: Future[Answer] = Future()
        serve = partial(make_answer, self._application, environ, answered)
        return self._budgets.of(environ["PATH_INFO"]).run(serve, answered)
