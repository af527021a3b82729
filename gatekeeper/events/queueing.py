"""From what happened to what is to be delivered: a row for each subscriber and webhook that wants it, and e-mail.

It is not done where the event is written, so that a request pays for one row however many subscribers there are.
"""

from collections.abc import Sequence

from django.db import transaction

from gatekeeper.events.mail.queueing import queue_for_mail
from gatekeeper.events.models import Delivery, OutboxEvent, Webhook, WebhookDelivery
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
            .only("pk", "public_id", "code", "object_key", "occurred_at")[:BATCH]
        )
        if fresh:
            Delivery.objects.bulk_create(
                Delivery(event=event, subscriber=subscriber.name, object_key=event.object_key)
                for event in fresh
                for subscriber in subscribers
                if event.code in subscriber.wants
            )
            _queue_for_webhooks(fresh)
            queue_for_mail(fresh)
            OutboxEvent.objects.filter(pk__in=[event.pk for event in fresh]).update(is_queued=True)
    return len(fresh)


def _queue_for_webhooks(fresh: Sequence[OutboxEvent]) -> None:
    """Also for a paused one, which is sent it once it is resumed. The lock keeps a webhook from being deleted here."""
    webhooks = list(Webhook.objects.select_for_update(no_key=True).only("pk", "events", "created_at"))
    WebhookDelivery.objects.bulk_create(
        (
            WebhookDelivery(webhook=webhook, event=event, message_id=event.public_id)
            for event in fresh
            for webhook in webhooks
            if event.code in webhook.events and event.occurred_at >= webhook.created_at
        ),
        batch_size=BATCH,
    )
