"""Received commands: a row for each authentic one, a count for unauthenticated ones.

Anybody can post to the two addresses. Unauthenticated messages are counted by the hour and by the check that failed,
not stored one by one, and beyond a limit they are answered with 429 and not counted. Authentic ones are never limited.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog
from django.db.models import F, Sum
from django.http import HttpRequest
from django.utils import timezone

from gatekeeper.directory.models import User
from gatekeeper.sessions.request_details import address_of, request_id_of
from gatekeeper.signed_tokens.refusals import TokenRefused
from saml.debugger.message_text import mask, mask_addresses
from saml.models import Connection, ReceivedEvent, SourceKind

MOST_UNAUTHENTICATED = 300  # an hour, for each connection and address
COUNTED_BY = timedelta(hours=1)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Received:
    """The outcome of one authentic command. An empty ``check``: it was carried out."""

    check: str = ""
    reason: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    event: str = ""
    subject: str = ""
    user: User | None = None
    sessions: int = 0
    api_tokens: int = 0


def record_command(request: HttpRequest, connection: Connection, kind: SourceKind, received: Received) -> None:
    """Store what an authentic command ended, or why it was not carried out."""
    ReceivedEvent.objects.create(
        connection=connection,
        kind=kind,
        authentic=True,
        accepted=not received.check,
        failed_check=received.check,
        **_reason(received.reason, received.parameters),
        event=received.event[:200],
        subject=mask(received.subject)[:300] if received.subject else "",
        user=received.user,
        sessions=received.sessions,
        api_tokens=received.api_tokens,
        **_asked(request),
    )
    if received.check:
        log.warning("idp_command_refused", connection=str(connection.id), kind=str(kind), check=received.check)


def count_unauthenticated(
    request: HttpRequest, connection: Connection, kind: SourceKind, refusal: TokenRefused
) -> bool:
    """Count a message that is not the identity provider's. False: there were too many, and this one was not counted."""
    now, check = timezone.now(), refusal.check
    why = _reason(refusal.reason, refusal.parameters)
    unauthenticated = ReceivedEvent.objects.filter(
        connection=connection, kind=kind, authentic=False, at__gt=now - COUNTED_BY
    )
    if (unauthenticated.aggregate(all=Sum("count"))["all"] or 0) >= MOST_UNAUTHENTICATED:
        return False
    same = unauthenticated.filter(failed_check=check).order_by("-at").first()
    if same is None:
        ReceivedEvent.objects.create(
            connection=connection,
            kind=kind,
            authentic=False,
            accepted=False,
            failed_check=check,
            **why,
            **_asked(request),
        )
    else:
        ReceivedEvent.objects.filter(pk=same.pk).update(count=F("count") + 1, **why, **_asked(request))
    log.info("idp_command_unauthenticated", connection=str(connection.id), kind=str(kind), check=check)
    return True


def _reason(reason: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The two columns; the parameters are shortened, with each e-mail address in them masked."""
    masked = {
        name: mask_addresses(value)[:300] if isinstance(value, str) else value for name, value in parameters.items()
    }
    return {"reason": reason, "parameters": masked or None}


def _asked(request: HttpRequest) -> dict[str, Any]:
    return {"address": address_of(request), "request_id": request_id_of(request)}
