"""Deleting events whose time is over, and what of them goes with a person's data."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from gatekeeper.events.models import Delivery, MailCause, MailMessage, OutboxEvent, WebhookDelivery

RANGE = 5000  # ids in one statement


def forget_delivered(cutoff: datetime) -> int:
    """Delete events from before ``cutoff`` that every subscriber was given; returns how many.

    What is undelivered, parked, in the delivery log of a webhook, or announced by e-mail stays. In ranges of ids: one
    long transaction would hold up the vacuuming of every table.
    """
    kept = OutboxEvent.objects.filter(occurred_at__gte=cutoff).order_by("pk").values_list("pk", flat=True).first()
    old = OutboxEvent.objects.filter(pk__lt=kept) if kept else OutboxEvent.objects.all()
    first, last = old.order_by("pk").first(), old.order_by("pk").last()
    if first is None or last is None:
        return 0
    undelivered = Exists(Delivery.objects.filter(event=OuterRef("pk")))
    in_a_log = Exists(WebhookDelivery.objects.filter(event=OuterRef("pk")))
    in_a_cause = Exists(MailCause.objects.filter(event=OuterRef("pk")))
    over = OutboxEvent.objects.filter(~undelivered, ~in_a_log, ~in_a_cause, occurred_at__lt=cutoff, is_queued=True)
    return _delete_in_ranges(over, first.pk, last.pk)


def forget_webhook_deliveries(cutoff: datetime) -> int:
    """Delete the entries of the delivery log that were made before ``cutoff``, whatever came of them; how many.

    What a webhook was not sent in that time is given up.
    """
    old = WebhookDelivery.objects.filter(created_at__lt=cutoff)
    first, last = old.order_by("pk").first(), old.order_by("-pk").first()
    if first is None or last is None:
        return 0
    return _delete_in_ranges(old, first.pk, last.pk)


def forget_mail(cutoff: datetime) -> int:
    """Delete the messages that were made before ``cutoff``, whatever came of them, and causes that are over; how many.

    A cause that is not over stays, and so do its messages: they say to whom its end is to be announced.
    """
    open_ones = MailCause.objects.open().filter(pk=OuterRef("cause"))
    old = MailMessage.objects.filter(~Exists(open_ones), created_at__lt=cutoff)
    first, last = old.order_by("pk").first(), old.order_by("-pk").first()
    count = _delete_in_ranges(old, first.pk, last.pk) if first and last else 0
    announced = Exists(MailMessage.objects.filter(cause=OuterRef("pk")))
    MailCause.objects.filter(~announced, ended_at__lt=cutoff).delete()
    return count


def _delete_in_ranges(rows: QuerySet[Any], first: int, last: int) -> int:
    """Delete those of ``rows`` whose id is from ``first`` to ``last``, some at a time; returns how many there were."""
    return sum(
        rows.filter(pk__gte=start, pk__lt=min(start + RANGE, last + 1)).delete()[0]
        for start in range(first, last + 1, RANGE)
    )


def erase_from_outbox(user_id: UUID) -> int:
    """Take what is said about a person out of the events about them; that they happened stays. Returns how many."""
    about = OutboxEvent.objects.filter(object_key=f"user:{user_id}")
    return about.update(data={"user": {"id": str(user_id)}, "erased": True})
