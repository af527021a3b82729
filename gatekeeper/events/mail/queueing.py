"""From events to causes and messages. Both are rows of the transaction that queues an event, so neither is lost.

It costs nothing where no mail server is configured, and one statement where nobody is to be written to.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.conf import settings

from gatekeeper.events.mail.causes import ENDING, OPENING, ended_key_of, has_end_message, is_worse, key_of
from gatekeeper.events.models import MailCause, MailKind, MailMessage, MailRecipient, OutboxEvent

CODES = frozenset({*(code.value for code in OPENING), *ENDING})


def is_configured() -> bool:
    """Whether the environment names a mail server."""
    return bool(settings.EMAIL_HOST)


def queue_for_mail(fresh: Sequence[OutboxEvent]) -> None:
    """Open, count and end causes, in the order of the events, and make the messages about them.

    The lock on the recipients makes two workers do this one after the other, and keeps a recipient from being removed.
    """
    announced = [event.pk for event in fresh if event.code in CODES]
    if not announced or not is_configured():
        return
    recipients = list(MailRecipient.objects.select_for_update(no_key=True).order_by("pk"))
    if not recipients:
        return
    for event in OutboxEvent.objects.filter(pk__in=announced).order_by("pk"):
        ended = ended_key_of(event.code, event.object_key)
        if ended is None:
            _tell(event, recipients)
        elif cause := _open_cause(ended):
            end_cause(cause, event.occurred_at)


def _tell(event: OutboxEvent, recipients: Iterable[MailRecipient]) -> None:
    key = key_of(event.code, event.object_key, event.data)
    cause = _open_cause(key)
    if cause is not None:
        if not is_worse(event.data, cause.event.data):
            cause.times, cause.last_at = cause.times + 1, event.occurred_at
            cause.save(update_fields=["times", "last_at"])
            return
        cause.ended_at, cause.is_superseded = event.occurred_at, True
        cause.save(update_fields=["ended_at", "is_superseded"])
    whom = [each for each in recipients if event.code in each.events and event.occurred_at >= each.created_at]
    if whom:
        made = MailCause.objects.create(event=event, key=key, last_at=event.occurred_at)
        MailMessage.objects.bulk_create(MailMessage(recipient=each, kind=MailKind.OPENED, cause=made) for each in whom)


def _open_cause(key: str) -> MailCause | None:
    open_ones = MailCause.objects.open().select_for_update(of=("self",))
    return open_ones.filter(key=key).select_related("event").first()


def end_cause(cause: MailCause, at: datetime) -> None:
    """Say that it is over to everybody who was written to when it began. ``cause`` is open, and locked."""
    cause.ended_at = max(at, cause.last_at)
    cause.save(update_fields=["ended_at"])
    if has_end_message(cause.event.code, cause.times):
        announced = cause.messages.filter(kind=MailKind.OPENED).values_list("recipient", flat=True)
        MailMessage.objects.bulk_create(
            MailMessage(recipient_id=recipient, kind=MailKind.OVER, cause=cause) for recipient in announced
        )
