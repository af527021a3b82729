"""What is put right after a machine's clock was set back.

Moments that were stored until then lie ahead, and come again. Nothing may wait for them twice as long, and the schedule
may not take them for moments that it has run. What has ended stays so: rows say that, and no comparison with the time.
"""

from datetime import datetime, timedelta

import structlog
from django.db.models import F

from gatekeeper.events.models import Delivery, Webhook, WebhookDelivery
from gatekeeper.maintenance.scheduled_runs import forget_claims_ahead
from gatekeeper.runtime.transactions import one_transaction

log = structlog.get_logger(__name__)


@one_transaction()
def clock_went_back(by: timedelta, now: datetime) -> None:
    """Let what waits wait as long as it was to, and forget runs of moments that are yet to come.

    What was stored before the clock was wrong comes too early by that: a retry that is sent at once, at the worst.
    """
    forget_claims_ahead(now)
    Delivery.objects.waiting().filter(due_at__gt=now).update(due_at=F("due_at") - by)
    WebhookDelivery.objects.waiting().filter(due_at__gt=now).update(due_at=F("due_at") - by)
    Webhook.objects.filter(run_until__gt=now).update(run_until=F("run_until") - by)
    log.warning("clock_went_back", seconds=round(by.total_seconds()))
