"""How far delivery has come, for metrics, doctor and the command."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Q
from django.utils import timezone

from gatekeeper.events.models import Delivery, OutboxEvent
from gatekeeper.events.subscribers import SUBSCRIBERS
from gatekeeper.events.subscription import Subscriber

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """``undelivered``: what is still tried, or not queued yet; ``parked``: what was given up."""

    subscriber: str
    undelivered: int
    oldest_at: datetime | None
    parked: int

    def oldest_age(self, now: datetime | None = None) -> timedelta:
        """Since the oldest undelivered event happened; nothing when there is none."""
        return (now or timezone.now()) - self.oldest_at if self.oldest_at else timedelta()


def delivery_progress(subscribers: Sequence[Subscriber] = SUBSCRIBERS) -> list[Progress]:
    """Of each subscriber; two queries. What was delivered has no row any more, so counting costs what is left."""
    queued = {row["subscriber"]: row for row in _queued()}
    fresh = list(_not_queued())
    wants = {subscriber.name: subscriber.wants for subscriber in subscribers}
    former = sorted(queued.keys() - wants.keys())  # what they left behind is shown, too
    return [
        _progress(name, queued.get(name, {}), [row for row in fresh if row["code"] in wants.get(name, ())])
        for name in [*wants, *former]
    ]


def _progress(name: str, queued: Row, fresh: Sequence[Row]) -> Progress:
    moments = [row["oldest"] for row in (queued, *fresh) if row.get("oldest")]
    return Progress(
        subscriber=name,
        undelivered=queued.get("number", 0) + sum(row["number"] for row in fresh),
        oldest_at=min(moments, default=None),
        parked=queued.get("parked", 0),
    )


def _queued() -> Iterable[Row]:
    is_waiting = Q(parked_at=None)
    rows = Delivery.objects.order_by().values("subscriber")
    return rows.annotate(
        number=Count("pk", filter=is_waiting),
        oldest=Min("event__occurred_at", filter=is_waiting),
        parked=Count("pk", filter=~is_waiting),
    )


def _not_queued() -> Iterable[Row]:
    rows = OutboxEvent.objects.filter(is_queued=False).order_by().values("code")
    return rows.annotate(number=Count("pk"), oldest=Min("occurred_at"))
