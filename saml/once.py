"""Things that may happen once: a pending request is answered once, a message is used once. Both are rows, so that the
rule holds across processes, machines and restarts.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from saml.errors import Refused
from saml.messages import new_id
from saml.models import Connection, PendingRequest, UsedMessage

PENDING_FOR = timedelta(minutes=15)  # Long enough for a second factor that has to be found first.


def digest(text: str) -> str:
    """SHA-256, in hex: what is kept of random values and ids."""
    return hashlib.sha256(text.encode()).hexdigest()


def begin(connection: Connection, *, browser: str, purpose: str, **facts: Any) -> PendingRequest:
    """Remember a request that is about to be sent. ``browser`` is the random value of the binding cookie.

    ``facts``: other fields of PendingRequest, such as ``relay_path``.
    """
    return PendingRequest.objects.create(
        request_id=new_id(),
        connection=connection,
        purpose=purpose,
        browser=digest(browser),
        expires=timezone.now() + PENDING_FOR,
        **facts,
    )


def pending_request(
    connection: Connection, request_id: str, *, browser: str, purposes: tuple[str, ...]
) -> PendingRequest:
    """The request that a message claims to answer, if this very browser began it and it is not too old.

    Raises: Refused("answers_this_browser"); one answer for every reason, so that request ids cannot be probed.
    """
    found = PendingRequest.objects.filter(
        request_id=request_id,
        connection=connection,
        purpose__in=purposes,
        browser=digest(browser) if browser else "",
        expires__gt=timezone.now(),
    ).first()
    if found is None:
        raise Refused("answers_this_browser", "this browser has no such sign-on pending, or it took too long.")
    return found


def pending_test(connection: Connection, *, browser: str, request_id: str = "") -> PendingRequest | None:
    """The administrator's test that this browser has begun: the one with this id, or without one the last of all."""
    tests = PendingRequest.objects.filter(
        connection=connection, purpose="test", browser=digest(browser), expires__gt=timezone.now()
    )
    if not browser:
        return None
    return (tests.filter(request_id=request_id) if request_id else tests).order_by("-expires").first()


def end_test(pending: PendingRequest) -> None:
    """A test is over once something came of it, be it a message that answers none."""
    PendingRequest.objects.filter(pk=pending.pk).delete()


def answer(pending: PendingRequest) -> None:
    """Take the pending request away. Raises: Refused when another answer came first."""
    taken, _ = PendingRequest.objects.filter(pk=pending.pk).delete()
    if not taken:
        raise Refused("answers_this_browser", "the sign-on was answered already.")


def use(issuer: str, message_ids: list[str], *, expires: datetime) -> None:
    """Mark messages of ``issuer`` as used until ``expires``, all or none. Raises: Refused when one was used before."""
    rows = [UsedMessage(digest=digest(f"{issuer}\n{each}"), expires=expires) for each in message_ids]
    try:
        with transaction.atomic():
            UsedMessage.objects.bulk_create(rows)
    except IntegrityError as error:
        raise Refused("is_used_once", "the message was used before.") from error


def forget_expired(now: datetime) -> int:
    """Drop what can no longer be answered or replayed; returns how many rows."""
    used, _ = UsedMessage.objects.filter(expires__lt=now).delete()
    pending, _ = PendingRequest.objects.filter(expires__lt=now).delete()
    return used + pending
