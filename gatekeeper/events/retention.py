"""How long events are kept, and what of them goes with a person's data."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.utils import timezone

from gatekeeper.events.models import Delivery, OutboxEvent

KEEP = timedelta(days=30)
RANGE = 5000  # ids in one statement


def forget_delivered(now: datetime | None = None) -> int:
    """Delete events of more than 30 days ago that every subscriber was given; returns how many.

    What is undelivered, or parked, stays with its event until it is delivered. In ranges of ids: one long transaction
    would hold up the vacuuming of every table.
    """
    cutoff = (now or timezone.now()) - KEEP
    kept = OutboxEvent.objects.filter(occurred_at__gte=cutoff).order_by("pk").values_list("pk", flat=True).first()
    old = OutboxEvent.objects.filter(pk__lt=kept) if kept else OutboxEvent.objects.all()
    first, last = old.order_by("pk").first(), old.order_by("pk").last()
    if first is None or last is None:
        return 0
    undelivered = Exists(Delivery.objects.filter(event=OuterRef("pk")))
    over = OutboxEvent.objects.filter(~undelivered, occurred_at__lt=cutoff, is_queued=True)
    return sum(
        over.filter(pk__gte=start, pk__lt=min(start + RANGE, last.pk + 1)).delete()[0]
        for start in range(first.pk, last.pk + 1, RANGE)
    )


def erase_from_outbox(user_id: UUID) -> int:
    """Take what is said about a person out of the events about them; that they happened stays. Returns how many."""
    about = OutboxEvent.objects.filter(object_key=f"user:{user_id}")
    return about.update(data={"user": {"id": str(user_id)}, "erased": True})
