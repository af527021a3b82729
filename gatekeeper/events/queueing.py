"""From what happened to what is to be delivered: a row for each subscriber that wants the event.

It is not done where the event is written, so that a request pays for one row however many subscribers there are.
"""

from collections.abc import Sequence

from django.db import transaction

from gatekeeper.events.models import Delivery, OutboxEvent
from gatekeeper.events.subscription import Subscriber

BATCH = 1000  # events in one transaction


def queue_new_events(subscribers: Sequence[Subscriber]) -> int:
    """Make the deliveries of some events that have none yet, in the order of their ids; returns how many events.

    Of two workers the second waits for the first at the row that both want first: it is what keeps events of one
    object in their order. Skipping locked rows would put a later event before an earlier one.
    """
    with transaction.atomic():
        fresh = list(
            OutboxEvent.objects.filter(is_queued=False)
            .order_by("pk")
            .select_for_update()
            .only("pk", "code", "object_key", "occurred_at")[:BATCH]
        )
        if fresh:
            Delivery.objects.bulk_create(
                Delivery(event=event, subscriber=subscriber.name, object_key=event.object_key)
                for event in fresh
                for subscriber in subscribers
                if event.code in subscriber.wants
            )
            OutboxEvent.objects.filter(pk__in=[event.pk for event in fresh]).update(is_queued=True)
    return len(fresh)
