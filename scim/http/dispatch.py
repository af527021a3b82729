"""The base of all SCIM views: authentication, body, transaction, errors and the HTTP response."""

import json
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import orjson
from django.db import DataError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from django_scim.constants import SCIM_CONTENT_TYPE
from django_scim.views import SCIMView

from gatekeeper.errors import DomainError
from gatekeeper.runtime.database_limits import count, reason_of
from gatekeeper.runtime.statements.sent_together import sent_together
from gatekeeper.runtime.transactions import one_transaction
from scim.http.authentication import authenticate
from scim.http.errors import RETRY_AFTER, InternalError, MethodNotAllowed, Unavailable, scim_error_of
from scim.http.request_body import read_body
from scim.http.request_context import ScimRequestContext, ScimResponse, require_acceptable
from scim.protocol.errors import InvalidValue, ScimError
from scim.request_log.entries import record_change, record_read, record_refusal

logger = logging.getLogger(__name__)

Write = Callable[[], ScimResponse]
Handler = Callable[..., ScimResponse | Write]

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_ATTEMPTS = 3
_LOST_RACE = frozenset({"40001", "40P01"})  # PostgreSQL: serialization failure, deadlock; the loser may try again


@method_decorator(csrf_exempt, name="dispatch")
class ScimEndpoint(SCIMView):  # type: ignore[misc]  # django_scim is untyped
    """Base of all SCIM views. A subclass has a method per HTTP method, from ScimRequestContext to ScimResponse.

    A method that writes reads and checks the request, and returns the function that is to run in a transaction.
    """

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Respond to a request with SCIM JSON, whatever happens; nothing is raised.

        Replaces django_scim's dispatch, which takes the user from the session, and answers with the database's texts.
        """
        del args
        context = ScimRequestContext.of_request(request)
        try:
            response = self._handle(context, kwargs)
        except Exception as error:  # noqa: BLE001  # refusals and failures alike get an Error document
            response = error_response(error)
            record_refusal(context, response, error)
        return _http_response(request, response)

    def _handle(self, context: ScimRequestContext, arguments: dict[str, Any]) -> ScimResponse:
        request = context.request
        read = self.simple_read(context, **arguments) if request.method == "GET" else None
        if read is not None:
            record_read(context, read)
            return read
        authenticate(context)
        require_acceptable(request)
        method = request.method or ""
        allowed = self._allowed()
        if method == "OPTIONS":
            return ScimResponse(status=HTTPStatus.NO_CONTENT, headers={"Allow": ", ".join(allowed)})
        if method not in allowed:
            raise MethodNotAllowed(method, allowed)
        if method in _WITH_BODY:
            context.body = read_body(request)
        handler: Handler = getattr(self, "get" if method == "HEAD" else method.lower())
        response = handler(context, **arguments)
        if not isinstance(response, ScimResponse):
            return run_in_transaction(context, response)
        record_read(context, response)
        return response

    def simple_read(self, context: ScimRequestContext, **arguments: str) -> ScimResponse | None:
        """The answer to a read that one statement serves, authentication included; None for every other request."""
        return None

    def _allowed(self) -> list[str]:
        own = [method for method in _METHODS if hasattr(self, method.lower())]
        return [*own, *(["HEAD"] if "GET" in own else []), "OPTIONS"]


def run_in_transaction(context: ScimRequestContext, write: Write) -> ScimResponse:
    """Run the whole change and its log entry in one transaction: it happens entirely or not at all."""
    for attempt in range(1, _ATTEMPTS + 1):
        context.forget_outcome()
        try:
            with one_transaction(), sent_together():
                response = write()
                record_change(context, response)
                return response
        except OperationalError as error:
            if attempt == _ATTEMPTS or getattr(error.__cause__, "sqlstate", None) not in _LOST_RACE:
                raise
    raise AssertionError("unreachable")


def answer_to(request: HttpRequest, error: ScimError) -> HttpResponse:
    """The whole answer to a request that no endpoint has seen, and no log has."""
    return _http_response(request, error_response(error))


def error_response(error: Exception) -> ScimResponse:
    """The Error message for whatever was raised. Only unforeseen errors are logged with their traceback."""
    answer = _scim_error(error)
    return ScimResponse(answer.to_dict(), answer.status, answer.headers, answer.reason, answer.parameters)


def _scim_error(error: Exception) -> ScimError:
    if isinstance(error, ScimError):
        return error
    if isinstance(error, DomainError):
        return scim_error_of(error)
    if isinstance(error, DataError):
        logger.warning("The database refused a value", exc_info=error)
        return InvalidValue("A value is too long or of a kind that can't be stored.")
    reason = reason_of(error)
    if reason is not None:
        logger.warning("The database could not serve a request", extra={"reason": reason}, exc_info=error)
        count(reason)
        return Unavailable(reason)
    logger.error("A SCIM request failed", exc_info=error)
    return InternalError("An internal error happened; it was logged and nothing was changed.")


def _json(document: Any) -> bytes:
    """JSON in UTF-8; escaped where a text has half of a surrogate pair, or a number more than 64 bits."""
    try:
        return orjson.dumps(document)
    except orjson.JSONEncodeError:
        return json.dumps(document, separators=(",", ":")).encode()


def _http_response(request: HttpRequest, response: ScimResponse) -> HttpResponse:
    if response.document is None:
        written = HttpResponse(status=response.status)
        del written.headers["Content-Type"]
    else:
        content = _json(response.document)
        is_head = request.method == "HEAD"
        written = HttpResponse(b"" if is_head else content, content_type=SCIM_CONTENT_TYPE, status=response.status)
        written.headers["Content-Length"] = str(len(content))
    if response.status in RETRY_AFTER:
        written.headers["Retry-After"] = RETRY_AFTER[response.status]
    for name, value in response.headers.items():
        written.headers[name] = value
    return written
