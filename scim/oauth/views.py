"""The token endpoint (RFC 6749 §3.2), and the document that says where it is and what it takes (RFC 8414)."""

from http import HTTPStatus

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from gatekeeper.runtime.database_limits import RETRY_AFTER, count, reason_of
from gatekeeper.runtime.transactions import one_transaction
from gatekeeper.secrets.bearer_keys import record_use
from gatekeeper.sessions.request_details import address_of, request_id_of
from gatekeeper.signed_tokens.keys import ALGORITHMS
from scim.credentials.access_tokens import issue_token
from scim.http.errors import Unavailable
from scim.oauth.client_credentials import SCOPES, answer
from scim.oauth.clients import Authenticated, authenticate
from scim.oauth.reasons import Reason, answer_text
from scim.oauth.refusals import ErrorCode, TokenRequestRefused
from scim.oauth.refused_requests import Counted, refusal_limit, seconds_to_wait
from scim.oauth.token_log import log, record_issued, record_refused
from scim.oauth.token_requests import ASSERTION, BASIC, POST, TokenRequest, read_token_request
from scim.protocol.addresses import base_location, token_url

_NOT_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}  # RFC 6749 §5.1
_CHALLENGE = 'Basic realm="Gatekeeper"'


@csrf_exempt
def token(request: HttpRequest) -> HttpResponse:
    """200 with an access token, or an error of RFC 6749 §5.2; 429 when too many requests were refused."""
    if request.method != "POST":
        refused = _error(HTTPStatus.METHOD_NOT_ALLOWED, ErrorCode.INVALID_REQUEST, "Use POST.")
        refused.headers["Allow"] = "POST"
        return refused
    try:
        return _answered(request)
    except DatabaseError as error:
        reason = reason_of(error)
        if reason is None:
            raise
        count(reason)
        return busy(HTTPStatus.SERVICE_UNAVAILABLE, str(Unavailable(reason)), RETRY_AFTER)


def _answered(request: HttpRequest) -> HttpResponse:
    asked = None
    try:
        asked = read_token_request(request)
        return _issued(request, asked)
    except TokenRequestRefused as refusal:
        return _refused(request, asked, refusal)


def _issued(request: HttpRequest, asked: TokenRequest) -> HttpResponse:
    """Keys are fetched, where they have to be, before the transaction begins."""

    def issue(found: Authenticated) -> str:
        with one_transaction():
            record_issued(request, asked, found)
            if found.secret is not None:
                record_use(found.secret)
            return issue_token(found.client, found.secret)

    given = answer(asked.form, lambda: authenticate(asked, timezone.now(), address_of(request)), issue)
    return HttpResponse(given.body, status=given.status, content_type="application/json", headers=_NOT_STORED)


def _refused(request: HttpRequest, asked: TokenRequest | None, refusal: TokenRequestRefused) -> HttpResponse:
    counted = refusal_limit.count(names_a_client=refusal.client is not None)
    if counted == Counted.TOO_MANY:
        return busy(HTTPStatus.TOO_MANY_REQUESTS, "Too many refused requests; wait a while.", seconds_to_wait())
    if counted == Counted.LISTED:
        record_refused(request, asked, refusal)
    log.warning(
        "access_refused",
        client=str(refusal.client.id) if refusal.client else None,
        check=refusal.check,
        reason=refusal.reason,
    )
    return _answer_to(request, refusal)


def _answer_to(request: HttpRequest, refusal: TokenRequestRefused) -> HttpResponse:
    """To whom did not prove who it is, the answer does not say what would have been right."""
    if refusal.error != ErrorCode.INVALID_CLIENT:
        too_long = refusal.reason == Reason.BODY_TOO_LONG
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE if too_long else HTTPStatus.BAD_REQUEST
        return _error(status, refusal.error, answer_text(refusal.reason, refusal.parameters))
    where = f"Client authentication failed. The token log of this site says why; reference {request_id_of(request)}."
    response = _error(HTTPStatus.UNAUTHORIZED, refusal.error, where)
    response.headers["WWW-Authenticate"] = _CHALLENGE
    return response


def busy(status: HTTPStatus, description: str, seconds: int | str) -> HttpResponse:
    """That the same request may be sent again after so many seconds."""
    response = _error(status, "temporarily_unavailable", description)
    response.headers["Retry-After"] = str(seconds)
    return response


def _error(status: HTTPStatus, error: str, description: str) -> HttpResponse:
    document = {"error": str(error), "error_description": description}
    return JsonResponse(document, status=status, headers=_NOT_STORED)


@require_safe
def authorization_server(request: HttpRequest) -> HttpResponse:
    """RFC 8414 §2. There is no authorization endpoint, so ``response_types_supported`` is empty."""
    return JsonResponse(
        {
            "issuer": base_location(request),
            "token_endpoint": token_url(),
            "grant_types_supported": ["client_credentials"],
            "response_types_supported": [],
            "scopes_supported": sorted(SCOPES),
            "token_endpoint_auth_methods_supported": [BASIC, POST, ASSERTION],
            "token_endpoint_auth_signing_alg_values_supported": sorted(ALGORITHMS),
            "service_documentation": f"{base_location(request)}/docs/scim-limits/",
        }
    )
