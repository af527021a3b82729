"""Sending what waits: at least once, in order for each recipient, by any number of workers at a time.

A worker takes the first waiting message of a recipient by moving its ``due_at`` ahead, so that nobody else takes it
while it is being sent; what follows waits for it. A worker that is killed leaves a message that is due again when that
time is over; it has the same Message-ID then.

Trouble with the server concerns every message, so a run ends with it. It is no reason to pause a recipient: that is
done to one whose messages the server refuses for good.
"""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone

from gatekeeper.events.mail.ceiling import MOST_AN_HOUR, free_at, sent_lately
from gatekeeper.events.mail.problems import OF_ONE_MESSAGE, MailProblem
from gatekeeper.events.mail.queueing import is_configured
from gatekeeper.events.mail.results import write_down
from gatekeeper.events.mail.sending import send
from gatekeeper.events.models import MailKind, MailMessage, MailRecipient, MailState
from gatekeeper.runtime.transactions import one_transaction

RUN_SECONDS: Final = 60.0  # after which a run begins nothing more; the next one goes on
LEASE: Final = timedelta(minutes=2)  # longer than the backend lets one message take
MOST_ATTEMPTS: Final = 100  # more than fit into the three days; only a worker that ends each time gets there
AS_IT_HAPPENS: Final = (MailKind.OPENED, MailKind.OVER)


def is_mail_due() -> bool:
    """Whether a run would look at anything; costs no statement where no mail server is configured."""
    return is_configured() and _with_something_waiting(timezone.now()).exists()


def deliver_mail() -> int:
    """Send what is due; returns how many messages the server took."""
    ends, sent = time.monotonic() + RUN_SECONDS, 0
    if not is_configured():
        return sent
    for recipient_id in list(_with_something_waiting(timezone.now()).values_list("pk", flat=True)):
        while time.monotonic() < ends and (message := _take(recipient_id)):
            attempt = send(message)
            write_down(message, attempt)
            sent += not attempt.problem
            if attempt.problem and attempt.problem not in OF_ONE_MESSAGE:
                return sent
    return sent


def _with_something_waiting(now: datetime) -> QuerySet[MailRecipient]:
    waiting = MailMessage.objects.waiting().filter(recipient=OuterRef("pk"), due_at__lte=now)
    return MailRecipient.objects.filter(Exists(waiting), paused_at=None).order_by("created_at", "pk")


@one_transaction()
def _take(recipient_id: UUID) -> MailMessage | None:
    """The first waiting message of a recipient, leased, or what says several; None while none may be sent now."""
    now = timezone.now()
    recipient = MailRecipient.objects.select_for_update(no_key=True).filter(pk=recipient_id, paused_at=None).first()
    if recipient is None:
        return None
    waiting = list(MailMessage.objects.waiting().filter(recipient=recipient).order_by("pk"))
    if not waiting or waiting[0].due_at > now:
        return None
    if waiting[0].attempts >= MOST_ATTEMPTS:
        facts = {"state": MailState.FAILED, "problem": MailProblem.WORKER_LOST}
        MailMessage.objects.filter(pk=waiting[0].pk).update(**facts)
        return None
    head = _within_the_ceiling(recipient, waiting, now)
    if head is None:
        return None
    MailMessage.objects.filter(pk=head.pk).update(due_at=now + LEASE, attempts=F("attempts") + 1)
    return MailMessage.objects.select_related("recipient", "cause__event").get(pk=head.pk)


def _within_the_ceiling(recipient: MailRecipient, waiting: Sequence[MailMessage], now: datetime) -> MailMessage | None:
    """The first one; where the hour takes one message more, everything that waits as one."""
    announced = [each for each in waiting if each.kind in AS_IT_HAPPENS]
    if waiting[0].kind not in AS_IT_HAPPENS or waiting[0].attempts:
        return waiting[0]  # also what was tried before: the server may have it already
    lately = sent_lately(recipient, now)
    if len(lately) >= MOST_AN_HOUR:
        MailMessage.objects.filter(pk=waiting[0].pk).update(due_at=free_at(lately))
        return None
    if len(lately) == MOST_AN_HOUR - 1 and len(announced) > 1:
        summary = MailMessage.objects.create(recipient=recipient, kind=MailKind.SUMMARY)
        ids = [each.pk for each in announced]
        MailMessage.objects.filter(pk__in=ids).update(state=MailState.IN_SUMMARY, summary=summary)
        return summary
    return waiting[0]
