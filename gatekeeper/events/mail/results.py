"""What came of an attempt, and what follows: another attempt, giving the message up, pausing the recipient."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.events.mail.problems import FOR_GOOD
from gatekeeper.events.mail.recipients import RecipientNotFound, pause_recipient
from gatekeeper.events.mail.sending import Attempt
from gatekeeper.events.models import MailMessage, MailPauseReason, MailRecipient, MailState

# After the first failure, the second, and so on; after the last of them hourly, until it is given up.
RETRY_AFTER: Final = (
    timedelta(seconds=30),
    timedelta(minutes=4),
    timedelta(minutes=15),
    timedelta(minutes=30),
    timedelta(hours=1),
)
GIVEN_UP_AFTER: Final = timedelta(days=3)
MOST_REFUSALS: Final = 5  # messages in a row

log = structlog.get_logger(__name__)


def next_attempt(attempts: int, created_at: datetime, now: datetime) -> datetime | None:
    """After ``attempts`` that failed; None: no more."""
    if now - created_at >= GIVEN_UP_AFTER:
        return None
    return now + RETRY_AFTER[min(attempts, len(RETRY_AFTER)) - 1]


def write_down(message: MailMessage, attempt: Attempt) -> None:
    """Store what came of it, with what follows."""
    now = timezone.now()
    row, recipient = (
        MailMessage.objects.filter(pk=message.pk),
        MailRecipient.objects.filter(pk=message.recipient_id),
    )
    facts: dict[str, Any] = {
        "attempted_at": now,
        "problem": attempt.problem,
        "parameters": dict(attempt.parameters),
    }
    if not attempt.problem:
        with transaction.atomic():  # the recipient first, as whoever removes one locks it first
            recipient.update(refusals=0, last_success_at=now)
            row.update(**facts, state=MailState.SENT)
        return
    is_refused = attempt.problem in FOR_GOOD
    again = None if is_refused else next_attempt(message.attempts, message.created_at, now)
    with transaction.atomic():
        if is_refused:
            recipient.update(refusals=F("refusals") + 1)
        row.update(**facts, state=MailState.WAITING if again else MailState.FAILED, due_at=again or now)
    write = log.warning if again else log.error
    write(
        "mail_not_sent" if again else "mail_given_up",
        message=str(message.message_id),
        recipient=str(message.recipient_id),
        attempt=message.attempts,
        reason=attempt.problem,
    )
    if is_refused and recipient.filter(refusals__gte=MOST_REFUSALS).exists():
        with suppress(RecipientNotFound):
            pause_recipient(message.recipient_id, MailPauseReason.REFUSED, actor=Actor.scheduler("events.deliver_mail"))
