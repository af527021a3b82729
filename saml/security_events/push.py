"""Security events by push (RFC 8935): signed SETs (RFC 8417) of CAEP and of the stream itself (SSF 1.0)."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from gatekeeper.secrets.bearer_keys import digest
from gatekeeper.sessions.request_details import request_id_of
from gatekeeper.signed_tokens.refusals import TokenRefused
from saml.models import Connection, SourceKind
from saml.security_events.commands import Repeated, Rules, VerifiedCommand, carry_out, end_for, verify_command
from saml.security_events.reasons import CommandReason, answer_text
from saml.security_events.received import COUNTED_BY, Received, count_unauthenticated, record_command
from saml.security_events.refusals import UnknownSubject, UnreadableCommand
from saml.security_events.requests import BodyTooLong, body_of, connection_of
from saml.security_events.sources import source_of
from saml.security_events.subjects import Subject, read_complex

KIND = SourceKind.EVENTS
_CAEP = "https://schemas.openid.net/secevent/caep/event-type/"
_STREAM = "https://schemas.openid.net/secevent/ssf/event-type/"
SESSION_REVOKED, CREDENTIAL_CHANGE = f"{_CAEP}session-revoked", f"{_CAEP}credential-change"
VERIFICATION = f"{_STREAM}verification"
CHANGE_TYPES = frozenset({"create", "revoke", "update", "delete"})
TAKEN_AWAY = frozenset({"revoke", "delete"})
# A SET has no exp (SSF 1.0 §4.1.7) and may be sent again for a while after an outage.
RULES = Rules(types=frozenset({"secevent+jwt"}), max_age=timedelta(hours=24), needs_expiry=False)
# RFC 8935 §2.4; every other check is about what the SET says.
_ERRORS = {
    "has_an_allowed_algorithm": "invalid_key",
    "brings_no_key": "invalid_key",
    "names_its_key": "invalid_key",
    "has_a_known_key": "invalid_key",
    "comes_from_the_issuer": "invalid_issuer",
    "is_meant_for_us": "invalid_audience",
    "is_signed_by_the_key": "authentication_failed",
    "has_the_header": "authentication_failed",
    "is_set_up": "access_denied",
    "speaks_for_the_subject": "access_denied",
}


@csrf_exempt
@never_cache
@require_POST
def security_events(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """202 with an empty body when a SET is taken; otherwise 400 with ``err`` and ``description`` (§2.3)."""
    connection = connection_of(connection_id)
    if connection is None:
        return JsonResponse(_error("access_denied", "there is no such connection."), status=HTTPStatus.NOT_FOUND)
    try:
        verified = _verified(request, connection)
    except BodyTooLong:
        too_long = TokenRefused("is_small", CommandReason.BODY_TOO_LONG)
        return _unauthenticated(request, connection, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, too_long)
    except TokenRefused as refusal:
        return _unauthenticated(request, connection, HTTPStatus.BAD_REQUEST, refusal)
    return _take(request, connection, verified)


def _verified(request: HttpRequest, connection: Connection) -> VerifiedCommand:
    if request.content_type != "application/secevent+jwt":
        raise TokenRefused("is_a_token", CommandReason.NOT_AN_EVENT_TOKEN)
    source = source_of(connection, KIND)
    if source is None:
        raise TokenRefused("is_set_up", CommandReason.NOT_SET_UP_FOR_EVENTS)
    header = request.headers.get("Authorization", "")
    if source.secret_digest and not constant_time_compare(digest(header), source.secret_digest):
        raise TokenRefused("has_the_header", CommandReason.ANOTHER_HEADER)
    text = body_of(request).decode("ascii", "replace").strip()
    return verify_command(text, source, RULES, timezone.now())


def _take(request: HttpRequest, connection: Connection, verified: VerifiedCommand) -> HttpResponse:
    """A SET that is sent again is answered as it was (RFC 8935 §2), and has no effect."""
    try:
        received, refusal = carry_out(verified, lambda: _do(request, connection, verified))
    except (
        Repeated
    ):  # Whoever replays a token need not be the identity provider, so the message counts as unauthenticated.
        count_unauthenticated(request, connection, KIND, TokenRefused("is_used_once", CommandReason.EVENT_REPEATED))
        return HttpResponse(status=HTTPStatus.ACCEPTED)
    record_command(request, connection, KIND, received)
    # It is the transmitter's to know its people, and not a fault of the SET that one of them was never here.
    if refusal is None or isinstance(refusal, UnknownSubject):
        return HttpResponse(status=HTTPStatus.ACCEPTED)
    return _refuse(HTTPStatus.BAD_REQUEST, refusal)


def _do(request: HttpRequest, connection: Connection, verified: VerifiedCommand) -> Received:
    """What the events of a SET ask for. Raises: CommandRefused."""
    claims = verified.token.claims
    events = _events(claims)
    ending = [name for name in (SESSION_REVOKED, CREDENTIAL_CHANGE) if name in events]
    if not ending:
        reason, parameters = _about(events)
        return Received(event=", ".join(_short(name) for name in events), reason=reason, parameters=parameters)
    subject = _subject(claims, [events[name] for name in ending])
    return end_for(
        connection,
        subject,
        issuer=verified.expected.issuer,
        event=", ".join(_short(name) for name in ending),
        api_tokens=SESSION_REVOKED in events or events[CREDENTIAL_CHANGE]["change_type"] in TAKEN_AWAY,
        request_id=request_id_of(request),
    )


def _events(claims: dict[str, Any]) -> dict[str, dict[str, Any]]:
    events = claims.get("events")
    if not isinstance(events, dict) or not events or not all(isinstance(each, dict) for each in events.values()):
        raise UnreadableCommand(CommandReason.NOT_EVENTS)
    if "sub" in claims:
        raise UnreadableCommand(CommandReason.SUB_BESIDE_SUB_ID)
    changed = events.get(CREDENTIAL_CHANGE)
    if changed is not None and (
        not isinstance(changed.get("change_type"), str) or changed["change_type"] not in CHANGE_TYPES
    ):
        raise UnreadableCommand(CommandReason.NO_CHANGE_TYPE)
    return events


def _subject(claims: dict[str, Any], payloads: list[dict[str, Any]]) -> Subject:
    """From ``sub_id``; earlier drafts have a ``subject`` in the event. Whoever sends both has to mean the same."""
    stated = [claims["sub_id"]] if "sub_id" in claims else []
    stated += [payload["subject"] for payload in payloads if "subject" in payload]
    if not stated:
        raise UnreadableCommand(CommandReason.NO_SUBJECT)
    subjects = {read_complex(each) for each in stated}
    if len(subjects) != 1:
        raise UnreadableCommand(CommandReason.TWO_SUBJECTS)
    return subjects.pop()


def _about(events: dict[str, dict[str, Any]]) -> tuple[CommandReason, dict[str, str]]:
    """What to say of events that end nothing."""
    verified = events.get(VERIFICATION)
    if verified is None:
        return CommandReason.ENDS_NOTHING, {}
    state = verified.get("state")
    if isinstance(state, str):
        return CommandReason.STREAM_WORKS_WITH_STATE, {"state": state[:200]}
    return CommandReason.STREAM_WORKS, {}


def _short(name: str) -> str:
    return name.rpartition("/")[2]


def _unauthenticated(
    request: HttpRequest, connection: Connection, status: HTTPStatus, refusal: TokenRefused
) -> HttpResponse:
    if count_unauthenticated(request, connection, KIND, refusal):
        return _refuse(status, refusal)
    headers = {"Retry-After": str(int(COUNTED_BY.total_seconds()))}
    words = _error("access_denied", "too many requests that were not authenticated.")
    return JsonResponse(words, status=HTTPStatus.TOO_MANY_REQUESTS, headers=headers)


def _refuse(status: HTTPStatus, refusal: TokenRefused) -> HttpResponse:
    words = _error(_ERRORS.get(refusal.check, "invalid_request"), answer_text(refusal.reason, refusal.parameters))
    return JsonResponse(words, status=status, headers={"Content-Language": "en"})


def _error(code: str, description: str) -> dict[str, str]:
    return {"err": code, "description": description}
