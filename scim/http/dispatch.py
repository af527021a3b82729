"""The door itself: whatever comes in below the SCIM base goes through here, and SCIM JSON comes out."""

import json
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.db import DataError, OperationalError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from django_scim.views import SCIMView

from gatekeeper.errors import DomainError
from gatekeeper.runtime.database_limits import count, reason_of
from scim.http.authentication import authenticate
from scim.http.errors import (
    RETRY_AFTER,
    InvalidValue,
    MethodNotAllowed,
    ScimProblem,
    Unavailable,
    answer_to,
    error_document,
)
from scim.http.request_body import CONTENT_TYPE, read_body
from scim.http.request_context import Answer, Exchange, require_acceptable
from scim.request_log import record_change, record_read, record_refusal

logger = logging.getLogger(__name__)

Write = Callable[[], Answer]
Handler = Callable[..., Answer | Write]

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_ATTEMPTS = 3
_LOST_RACE = frozenset({"40001", "40P01"})  # PostgreSQL: serialization failure, deadlock; the loser may try again


@method_decorator(csrf_exempt, name="dispatch")
class ScimEndpoint(SCIMView):  # type: ignore[misc]  # django_scim is untyped
    """Base of all SCIM views. A subclass has a method per HTTP method, from Exchange to Answer.

    One that writes reads and judges the request, and returns what is left to be done in a transaction.
    """

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer a request. Nothing leaves but SCIM JSON; nothing is raised.

        Replaces django_scim's dispatch, which takes the user from the session, and answers database texts.
        """
        del args
        exchange = Exchange.begin(request)
        try:
            answer = self._open(exchange, kwargs)
        except Exception as error:  # noqa: BLE001  # every refusal and every mistake of ours is answered here
            answer = refusal(error)
            record_refusal(exchange, answer, error)
        return _response(request, answer)

    def _open(self, exchange: Exchange, arguments: dict[str, Any]) -> Answer:
        request = exchange.request
        exchange.key = authenticate(request)
        require_acceptable(request)
        method = request.method or ""
        allowed = self._allowed()
        if method == "OPTIONS":
            return Answer(status=HTTPStatus.NO_CONTENT, headers={"Allow": ", ".join(allowed)})
        if method not in allowed:
            raise MethodNotAllowed(method, allowed)
        if method in _WITH_BODY:
            exchange.body = read_body(request)
        handler: Handler = getattr(self, "get" if method == "HEAD" else method.lower())
        answer = handler(exchange, **arguments)
        if not isinstance(answer, Answer):
            return in_transaction(exchange, answer)
        record_read(exchange, answer)
        return answer

    def _allowed(self) -> list[str]:
        own = [method for method in _METHODS if hasattr(self, method.lower())]
        return [*own, *(["HEAD"] if "GET" in own else []), "OPTIONS"]


def in_transaction(exchange: Exchange, write: Write) -> Answer:
    """The whole change in one transaction: it happened entirely or not at all, and its log entry with it."""
    for attempt in range(1, _ATTEMPTS + 1):
        exchange.changed.clear()
        exchange.ignored.clear()
        exchange.warnings.clear()
        try:
            with transaction.atomic(durable=True):
                answer = write()
                record_change(exchange, answer)
                return answer
        except OperationalError as error:
            if attempt == _ATTEMPTS or getattr(error.__cause__, "sqlstate", None) not in _LOST_RACE:
                raise
    raise AssertionError("unreachable")


def refusal(error: Exception) -> Answer:
    """The Error document for whatever was raised. Only what nobody foresaw is logged with its traceback."""
    if isinstance(error, ScimProblem):
        return Answer(error.to_dict(), error.status, error.headers)
    if isinstance(error, DomainError):
        status, scim_type = answer_to(error)
        return Answer(error_document(status, str(error), scim_type), status)
    if isinstance(error, DataError):
        logger.warning("The database refused a value", exc_info=error)
        return refusal(InvalidValue("A value is too long or of a kind that can't be stored."))
    reason = reason_of(error)
    if reason is not None:
        logger.warning("The database could not serve a request", extra={"reason": reason}, exc_info=error)
        count(reason)
        return refusal(Unavailable("The directory is busy; nothing was changed. Repeat the request."))
    logger.error("A SCIM request failed", exc_info=error)
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return Answer(error_document(status, "An internal error happened; it was logged and nothing was changed."), status)


def _response(request: HttpRequest, answer: Answer) -> HttpResponse:
    if answer.document is None:
        response = HttpResponse(status=answer.status)
        del response.headers["Content-Type"]
    else:
        content = json.dumps(answer.document, separators=(",", ":")).encode()
        is_head = request.method == "HEAD"
        response = HttpResponse(b"" if is_head else content, content_type=CONTENT_TYPE, status=answer.status)
        response.headers["Content-Length"] = str(len(content))
    if answer.status in RETRY_AFTER:
        response.headers["Retry-After"] = RETRY_AFTER[answer.status]
    for name, value in answer.headers.items():
        response.headers[name] = value
    return response
