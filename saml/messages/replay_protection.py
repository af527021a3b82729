"""One-time use: a pending request is answered one time, a message is used one time (SAML profiles 4.1.4.5).

Both are rows with unique keys, so that the rule holds across processes, machines and restarts.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError
from django.utils import timezone

from gatekeeper.runtime.transactions import one_transaction
from gatekeeper.signed_tokens.single_use import KEPT_AFTER_EXPIRY
from saml.errors import MessageRefused
from saml.messages.request_ids import new_request_id, sent_request
from saml.models import Connection, PendingRequest, UsedMessage
from saml.refusals.causes import Cause
from saml.refusals.reasons import Reason

PENDING_FOR = timedelta(minutes=15)  # Long enough for a second factor that has to be found first.


def digest(text: str) -> str:
    """SHA-256, in hex: what is kept of random values and ids."""
    return hashlib.sha256(text.encode()).hexdigest()


def remember_request(connection: Connection, *, browser: str, purpose: str, **facts: Any) -> PendingRequest:
    """Remember a request that is about to be sent. ``browser`` is the random value of the binding cookie.

    ``facts``: other fields of PendingRequest, such as ``relay_path``.
    """
    return PendingRequest.objects.create(
        request_id=new_request_id(purpose),
        connection=connection,
        purpose=purpose,
        browser=digest(browser),
        expires=timezone.now() + PENDING_FOR,
        **facts,
    )


def find_pending_request(
    connection: Connection, request_id: str, *, browser: str, purposes: tuple[str, ...]
) -> PendingRequest:
    """The request that a message claims to answer, if this very browser began it and it is not too old.

    Raises: MessageRefused("answers_this_browser") with the cause. Ids have 128 random bits, so stating the cause
    helps nobody to find one.
    """
    found = PendingRequest.objects.filter(request_id=request_id, purpose__in=purposes).first()
    if found is None:
        raise _refused(_cause_of_absence(request_id))
    if found.connection_id != connection.pk:
        raise _refused(Cause.OTHER_CONNECTION)
    if found.expires <= timezone.now():
        raise _refused(Cause.TOO_OLD)
    if not browser:
        raise _refused(Cause.NO_COOKIE)
    if found.browser != digest(browser):
        raise _refused(Cause.OTHER_BROWSER)
    return found


def _cause_of_absence(request_id: str) -> Cause:
    """An answered request is deleted when it is answered, and one that is too old by the hourly sync."""
    own = sent_request(request_id)
    if own is None:
        return Cause.NEVER_ASKED
    return Cause.TOO_OLD if timezone.now() >= own.begun + PENDING_FOR else Cause.ANSWERED


_REASONS = {
    Cause.NEVER_ASKED: Reason.REQUEST_NEVER_SENT,
    Cause.OTHER_CONNECTION: Reason.REQUEST_OF_ANOTHER_CONNECTION,
    Cause.TOO_OLD: Reason.REQUEST_TOO_OLD,
    Cause.NO_COOKIE: Reason.REQUEST_WITHOUT_COOKIE,
    Cause.OTHER_BROWSER: Reason.REQUEST_OF_ANOTHER_BROWSER,
    Cause.ANSWERED: Reason.REQUEST_ANSWERED,
}


def _refused(cause: Cause) -> MessageRefused:
    return MessageRefused("answers_this_browser", _REASONS[cause], cause=cause)


def find_pending_test(connection: Connection, *, browser: str, request_id: str = "") -> PendingRequest | None:
    """The administrator's test that this browser has begun: the one with this id, or without an id the latest one."""
    tests = PendingRequest.objects.filter(
        connection=connection, purpose="test", browser=digest(browser), expires__gt=timezone.now()
    )
    if not browser:
        return None
    return (tests.filter(request_id=request_id) if request_id else tests).order_by("-expires").first()


def is_test_request(request_id: str) -> bool:
    """Whether an id is that of a test sign-in, pending or not: an answer to it never opens a session."""
    own = sent_request(request_id)
    return own is not None and own.purpose == "test"


def end_test(pending: PendingRequest) -> None:
    """End a test after any outcome, even that of a message that answers no request."""
    PendingRequest.objects.filter(pk=pending.pk).delete()


def take_request(pending: PendingRequest) -> None:
    """Take the pending request away. Raises: MessageRefused when another answer came first."""
    taken, _ = PendingRequest.objects.filter(pk=pending.pk).delete()
    if not taken:
        raise _refused(Cause.ANSWERED)


def mark_used(issuer: str, message_ids: list[str], *, expires: datetime) -> None:
    """Mark messages of ``issuer`` as used until ``expires``, all or none.

    Raises: MessageRefused when one was used before (SAML profiles 4.1.4.5).
    """
    rows = [UsedMessage(digest=digest(f"{issuer}\n{each}"), expires=expires) for each in message_ids]
    try:
        with one_transaction():
            UsedMessage.objects.bulk_create(rows)
    except IntegrityError as error:
        raise MessageRefused("is_used_once", Reason.USED_BEFORE) from error


def forget_expired(now: datetime) -> int:
    """Delete rows that can no longer be answered or replayed, whatever the clock does; returns how many."""
    used, _ = UsedMessage.objects.filter(expires__lt=now - KEPT_AFTER_EXPIRY).delete()
    pending, _ = PendingRequest.objects.filter(expires__lt=now).delete()
    return used + pending
