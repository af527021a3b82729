"""Sign-in attempts: stored with masked values, the real ones sealed for 7 days."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.http import HttpRequest
from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.directory.identity_linking.sign_in import UNKNOWN_PERSON
from gatekeeper.errors import SealBroken
from gatekeeper.runtime.transactions import one_transaction
from gatekeeper.secrets.sealing import seal, unseal
from gatekeeper.sessions.request_details import address_of, milliseconds_of, request_id_of
from saml.debugger.affected_person import find_affected_person
from saml.debugger.message_summary import message_summary
from saml.debugger.message_text import mask, mask_addresses, shortened
from saml.debugger.name_digests import name_key
from saml.debugger.refusal_counts import count_refusal
from saml.models import SIGN_IN_MESSAGE_PURPOSE, Connection, SignInAttempt
from saml.refusals.causes import Cause
from saml.validation.assertion import AssertedPerson

PERSONAL_VALUES_KEPT = timedelta(days=7)
# Anybody can post to the ACS: in an hour, this many unverified messages are kept whole, of the rest only the summary.
MOST_UNVERIFIED_KEPT = 200

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """The outcome of one message. An empty ``check`` means that it was accepted; ``person`` is whom it proved.

    ``reason`` and ``parameters`` are those of a ``MessageRefused``; a refusal of the person has none, only its check.
    ``is_signed``: the message is signed with a certificate of the connection, whatever else was wrong with it.
    """

    check: str = ""
    reason: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    cause: str = ""
    document: bytes = b""
    person: AssertedPerson | None = None
    user_id: UUID | None = None
    is_test: bool = False
    is_signed: bool = False

    @property
    def is_authentic(self) -> bool:
        """Whether an unauthenticated client cannot have forged it: it was accepted or signed, or is a test sign-in."""
        return not self.check or self.is_signed or self.is_test


@dataclass(frozen=True, slots=True)
class PersonalValues:
    """The sealed values of an attempt: the name that was stated, and the message with its long values shortened.

    ``message`` is "" when it could not be kept (``message_text.shortened``).
    """

    name: str
    message: str


def record_attempt(request: HttpRequest, connection: Connection, outcome: Outcome) -> SignInAttempt | None:
    """Store an outcome as a sign-in attempt; a refusal goes into the audit trail and the log as well.

    Returns None for an unsigned message beyond the hourly sample (``refusal_counts``): it is only counted.
    Runs in a transaction of its own, after the sign-on was rolled back. A test sign-in, and an unsolicited response in
    place of which a sign-on begins here, refuse nobody, so they are stored as attempts only.
    """
    outcome, attempt = replace(outcome, parameters=_masked(outcome.parameters)), None
    with one_transaction():
        if outcome.is_authentic or count_refusal(connection, outcome.check):
            attempt = _store(request, connection, outcome)
            if outcome.check and not outcome.is_test and outcome.cause != Cause.BEGUN_HERE:
                _record_refusal(request, connection, attempt)
    if outcome.check and outcome.cause != Cause.BEGUN_HERE:
        log.warning(
            "saml_sign_in_refused",
            connection=str(connection.id),
            check=outcome.check,
            reason=outcome.reason,
            parameters=outcome.parameters,
        )
    return attempt


def _masked(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters with each e-mail address in them masked."""
    return {name: mask_addresses(value) if isinstance(value, str) else value for name, value in parameters.items()}


def _store(request: HttpRequest, connection: Connection, outcome: Outcome) -> SignInAttempt:
    person, user_id, found_by = outcome.person, outcome.user_id, ""
    name = person.sign_in_name if person else ""
    if person is not None and outcome.check == UNKNOWN_PERSON:
        user_id, found_by = find_affected_person(connection.id, person)
    return SignInAttempt.objects.create(
        connection=connection,
        request_id=request_id_of(request),
        accepted=not outcome.check,
        is_test=outcome.is_test,
        failed_check=outcome.check,
        reason=outcome.reason,
        parameters=outcome.parameters or None,
        cause=outcome.cause or _cause(outcome),
        user_id=user_id,
        user_by=found_by,
        name_id=mask(name) if name else "",
        name_key=name_key(name) if name else "",
        statement=message_summary(outcome.document) | ({"signed_with": person.signed_with} if person else {}),
        sealed_message=_sealed(name, outcome),
        address=address_of(request),
        milliseconds=milliseconds_of(request),
    )


def _cause(outcome: Outcome) -> str:
    """Separates a name that is no e-mail address, by which nobody can be known, from an address that nobody has."""
    named = outcome.person.sign_in_name if outcome.person else "@"
    return Cause.NO_ADDRESS if outcome.check == UNKNOWN_PERSON and "@" not in named else ""


def _sealed(name: str, outcome: Outcome) -> bytes | None:
    if outcome.person is None and _too_many_unverified():
        return None
    message = shortened(outcome.document)
    if not message and not name:
        return None
    return seal(zlib.compress(json.dumps({"name": name, "message": message}).encode()), purpose=SIGN_IN_MESSAGE_PURPOSE)


def _too_many_unverified() -> bool:
    recent = SignInAttempt.objects.filter(at__gte=timezone.now() - timedelta(hours=1), accepted=False)
    return recent.filter(sealed_message__isnull=False, name_key="").count() >= MOST_UNVERIFIED_KEPT


def _record_refusal(request: HttpRequest, connection: Connection, attempt: SignInAttempt) -> None:
    by_name = attempt.user if attempt.user_id and not attempt.user_by else None
    record(
        Event.SIGN_IN_REFUSED,
        actor=Actor.identity_provider(connection.name, request_id=request_id_of(request)),
        kind="user" if by_name else "connection",
        object_id=by_name.id if by_name else connection.id,
        label=by_name.label if by_name else attempt.name_id or connection.name,
        after={
            "connection": connection.name,
            "check": attempt.failed_check,
            "reason": attempt.reason,
            "parameters": attempt.parameters,
            "address": attempt.address,
        },
    )


def personal_values(attempt: SignInAttempt) -> PersonalValues | None:
    """The sealed values of an attempt; None when they were removed, never kept, or sealed with a key that is gone."""
    if attempt.sealed_message is None:
        return None
    try:
        kept = json.loads(zlib.decompress(unseal(bytes(attempt.sealed_message), purpose=SIGN_IN_MESSAGE_PURPOSE)))
    except SealBroken:
        return None
    return PersonalValues(kept["name"], kept["message"])


@one_transaction()
def show_personal_values(attempt: SignInAttempt, *, actor: Actor) -> PersonalValues | None:
    """Unseal the values of an attempt for an administrator; the audit trail keeps who looked at whose attempt."""
    found = personal_values(attempt)
    if found is not None:
        record(
            Event.SIGN_IN_VALUES_SHOWN,
            actor=actor,
            kind="user" if attempt.user else "sign_in_attempt",
            object_id=attempt.user_id or attempt.pk,
            label=attempt.user.label if attempt.user else attempt.name_id,
            after={
                "attempt": attempt.pk,
                "reference": attempt.request_id,
                "connection": attempt.connection.name if attempt.connection else None,
            },
        )
    return found


def forget_personal_values(now: datetime) -> int:
    """Remove sealed values after 7 days; returns of how many attempts. Part of each sync."""
    sealed = SignInAttempt.objects.filter(sealed_message__isnull=False)
    return sealed.filter(at__lt=now - PERSONAL_VALUES_KEPT).update(sealed_message=None)
