"""Universal Logout: Global Token Revocation (draft-parecki-oauth-global-token-revocation), as Okta sends it.

The bearer token proves who asks (§3.5) and is bound to this address; whom it is about stands in the body.
"""

from datetime import timedelta
from http import HTTPStatus
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from gatekeeper.secrets.bearer_keys import bearer_credentials
from gatekeeper.sessions.request_details import request_id_of
from gatekeeper.signed_tokens.parsing import read_object
from gatekeeper.signed_tokens.reasons import TokenReason
from gatekeeper.signed_tokens.refusals import TokenRefused
from saml.models import Connection, SourceKind
from saml.security_events.commands import Repeated, Rules, VerifiedCommand, carry_out, end_for, verify_command
from saml.security_events.reasons import CommandReason, answer_text
from saml.security_events.received import COUNTED_BY, count_unauthenticated, record_command
from saml.security_events.refusals import (
    AmbiguousSubject,
    CommandRefused,
    ForeignSubject,
    UnknownSubject,
    UnreadableCommand,
)
from saml.security_events.requests import BodyTooLong, body_of, connection_of
from saml.security_events.sources import source_of
from saml.security_events.subjects import OF_REVOCATIONS, Subject, read_subject

EVENT = "global-token-revocation"
KIND = SourceKind.REVOCATION
# Okta's typ. The draft names none, so the generic one and none at all are taken too: the audience is this very address.
RULES = Rules(
    types=frozenset({"global-token-revocation+jwt", "JWT", ""}), max_age=timedelta(hours=1), needs_expiry=True
)
_STATUS: dict[type[CommandRefused], HTTPStatus] = {
    UnreadableCommand: HTTPStatus.BAD_REQUEST,
    ForeignSubject: HTTPStatus.FORBIDDEN,
    UnknownSubject: HTTPStatus.NOT_FOUND,
    AmbiguousSubject: HTTPStatus.UNPROCESSABLE_ENTITY,
}


@csrf_exempt
@never_cache
@require_POST
def global_token_revocation(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """204 and every session and API token of that person is ended; 400, 401, 403, 404, 422 as in §3.4.2."""
    connection = connection_of(connection_id)
    if connection is None:
        return _answer(HTTPStatus.NOT_FOUND, "There is no such connection.")
    try:
        body = body_of(request)
        verified = _verified(request, connection)
    except BodyTooLong:
        too_long = TokenRefused("is_small", CommandReason.BODY_TOO_LONG)
        return _unauthenticated(request, connection, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, too_long)
    except TokenRefused as refusal:
        return _unauthenticated(request, connection, HTTPStatus.UNAUTHORIZED, refusal)
    return _revoke(request, connection, verified, body)


def _verified(request: HttpRequest, connection: Connection) -> VerifiedCommand:
    text = bearer_credentials(request.headers.get("Authorization", ""))
    if not text:
        raise TokenRefused("is_a_token", TokenReason.NO_BEARER_TOKEN)
    source = source_of(connection, KIND)
    if source is None:
        raise TokenRefused("is_set_up", CommandReason.NOT_SET_UP_FOR_LOGOUT)
    return verify_command(text, source, RULES, timezone.now())


def _revoke(request: HttpRequest, connection: Connection, verified: VerifiedCommand, body: bytes) -> HttpResponse:
    try:
        received, refusal = carry_out(
            verified,
            lambda: end_for(
                connection,
                _subject(request.content_type or "", body),
                issuer=verified.expected.issuer,
                event=EVENT,
                api_tokens=True,
                request_id=request_id_of(request),
            ),
        )
    except (
        Repeated
    ):  # Whoever replays a token need not be the identity provider, so the message counts as unauthenticated.
        repeated = TokenRefused("is_used_once", CommandReason.COMMAND_REPEATED)
        return _unauthenticated(request, connection, HTTPStatus.UNAUTHORIZED, repeated)
    record_command(request, connection, KIND, received)
    if refusal is not None:
        return _answer(_STATUS[type(refusal)], _nothing_ended(refusal))
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


def _subject(content_type: str, body: bytes) -> Subject:
    """From ``sub_id``, or from ``subject`` as senders of earlier drafts call it. Raises: UnreadableCommand."""
    if content_type != "application/json":
        raise UnreadableCommand(CommandReason.NOT_JSON)
    try:
        document = read_object(body)
    except ValueError as error:
        raise UnreadableCommand(CommandReason.BODY_UNREADABLE, detail=str(error)) from error
    names = [name for name in ("sub_id", "subject") if name in document]
    if len(names) != 1:
        raise UnreadableCommand(CommandReason.NOT_ONE_SUBJECT_NAMED)
    return read_subject(document[names[0]], OF_REVOCATIONS)


def _unauthenticated(
    request: HttpRequest, connection: Connection, status: HTTPStatus, refusal: TokenRefused
) -> HttpResponse:
    if not count_unauthenticated(request, connection, KIND, refusal):
        answer = _answer(HTTPStatus.TOO_MANY_REQUESTS, "Too many requests that were not authenticated.")
        answer.headers["Retry-After"] = str(int(COUNTED_BY.total_seconds()))
        return answer
    if status == HTTPStatus.UNAUTHORIZED:
        return _unauthorized("The bearer token is missing or is not accepted; the connection's page says why.")
    return _answer(status, _nothing_ended(refusal))


def _nothing_ended(refusal: TokenRefused) -> str:
    return f"Nothing was ended: {answer_text(refusal.reason, refusal.parameters)}"


def _unauthorized(text: str) -> HttpResponse:
    answer = _answer(HTTPStatus.UNAUTHORIZED, text)
    answer.headers["WWW-Authenticate"] = 'Bearer realm="Gatekeeper", error="invalid_token"'
    return answer


def _answer(status: HTTPStatus, text: str) -> HttpResponse:
    return JsonResponse({"error": status.phrase.lower().replace(" ", "_"), "error_description": text}, status=status)
