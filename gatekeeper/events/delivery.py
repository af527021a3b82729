"""Delivering events: at least once, in order for one object, by any number of workers at a time.

A worker takes the first undelivered row of each object, and with it whatever follows for that object: nobody else
takes a row while an earlier one of its object and subscriber is there. It holds what it has taken by a lease and not by
an open transaction, since a subscriber may wait for somebody else's server. A worker that is killed leaves rows whose
lease ends; they are delivered again then, also those that the subscriber had got already.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F, Min, QuerySet
from django.utils import timezone

from gatekeeper.events.codes import EventCode
from gatekeeper.events.models import Delivery
from gatekeeper.events.queueing import queue_new_events
from gatekeeper.events.subscribers import SUBSCRIBERS
from gatekeeper.events.subscription import DeliveryFailed, Occurrence, Subscriber

log = structlog.get_logger(__name__)

BATCH = 200  # objects that are taken at once
PAGE = 500  # due deliveries that are looked at by one statement
FOLLOWERS = 1000  # further events of those objects
RUN_SECONDS = 40.0  # after which a run takes nothing more; the next one goes on
LEASE = timedelta(minutes=5)
LEASE_SECONDS_USED = 120.0  # what was taken and not begun by then is given back, long before the lease ends
WORKER_LOST = "worker_lost"  # the worker ended each time before it could say what came of it

# After the first failure, the second, and so on. After the last of them a delivery is parked.
RETRY_AFTER = (
    timedelta(seconds=30),
    timedelta(minutes=4),  # with the scheduler's minute at most five
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
MOST_ATTEMPTS = len(RETRY_AFTER) + 1


@dataclass(slots=True)
class _Results:
    """What came of a batch; ``failed`` has the code of each failure."""

    delivered: list[int] = field(default_factory=list)
    failed: list[tuple[Delivery, str]] = field(default_factory=list)
    not_begun: list[int] = field(default_factory=list)


def deliver_due(subscribers: Sequence[Subscriber] = SUBSCRIBERS) -> timedelta | None:
    """Deliver whatever is due, in turns: a slow or failing subscriber costs the others one batch of waiting.

    Returns: after how long something that failed now has to be tried again, where that is within the next minute.
    """
    ends, retry = time.monotonic() + RUN_SECONDS, False
    while time.monotonic() < ends:
        busy = queue_new_events(subscribers) > 0
        for subscriber in subscribers:
            taken = _take(subscriber)
            if taken:
                busy = True
                results = _deliver(subscriber, taken)
                _settle(results)
                retry |= any(delivery.attempts <= 1 for delivery, _ in results.failed)
        if not busy:
            break
    return RETRY_AFTER[0] if retry else None


def _take(subscriber: Subscriber) -> list[Delivery]:
    """The first due delivery of each of some objects, leased, and what follows them; in the order of ids."""
    own = Delivery.objects.waiting().filter(subscriber=subscriber.name)
    chosen = _first_of_their_objects(own)
    if not chosen:
        return []
    with transaction.atomic():
        # SQLite has one writer at a time, and its transactions begin as writers; there nothing needs to be skipped.
        rows = own.filter(pk__in=chosen, due_at__lte=timezone.now()).order_by("pk").select_related("event")
        first = list(rows.select_for_update(skip_locked=True, of=("self",)))
        lost = [each.pk for each in first if each.attempts >= MOST_ATTEMPTS]
        first = [each for each in first if each.attempts < MOST_ATTEMPTS]
        if lost:
            Delivery.objects.filter(pk__in=lost).update(parked_at=timezone.now(), last_error=WORKER_LOST)
        ids = [each.pk for each in first]
        Delivery.objects.filter(pk__in=ids).update(due_at=timezone.now() + LEASE, attempts=F("attempts") + 1)
    if not first:
        return []
    # Within a range of ids, so that a long queue is not read as a whole for each batch.
    following = own.filter(object_key__in={each.object_key for each in first}, pk__lte=ids[-1] + FOLLOWERS)
    following = following.filter(pk__gt=ids[0]).exclude(pk__in=list(ids))
    taken = [*first, *following.select_related("event").order_by("pk")[:FOLLOWERS]]
    for each in taken:
        each.attempts += 1
    return sorted(taken, key=lambda each: each.pk)


def _first_of_their_objects(own: QuerySet[Delivery]) -> list[int]:
    """Ids of due deliveries before which nothing of their object is undelivered, the earliest first.

    Two plain statements for each page, where one condition (nothing earlier exists) would say the same: PostgreSQL has
    no statistics of a table that is empty most of the time, and compared each row of a full one with every other.
    Nothing can come in before what was found here, since deliveries of one object are made in their order.
    """
    found, seen, after = list[int](), set[str](), 0
    due = own.filter(due_at__lte=timezone.now()).order_by("pk").values_list("pk", "object_key")
    while len(found) < BATCH:
        page = list(due.filter(pk__gt=after)[:PAGE])
        if not page:
            break
        after = page[-1][0]
        candidates = {key: pk for pk, key in reversed(page) if key not in seen}
        seen |= candidates.keys()
        earlier = own.filter(object_key__in=candidates, pk__lte=after)
        first = earlier.order_by().values_list("object_key").annotate(first=Min("pk"))
        found += sorted(pk for key, pk in first if candidates[key] == pk)
    return found[:BATCH]


def _deliver(subscriber: Subscriber, taken: Sequence[Delivery]) -> _Results:
    """Give a subscriber what was taken. Behind a failure the events of that object wait; those of others go on."""
    results, stopped = _Results(), set[str]()
    ends = time.monotonic() + LEASE_SECONDS_USED
    for delivery in taken:
        if delivery.object_key in stopped:
            continue
        if time.monotonic() > ends:
            results.not_begun.append(delivery.pk)
            continue
        code = _try(subscriber, delivery)
        if code:
            results.failed.append((delivery, code))
            stopped.add(delivery.object_key)
        else:
            results.delivered.append(delivery.pk)
    return results


def _try(subscriber: Subscriber, delivery: Delivery) -> str:
    """Why it failed, as a code; "" when it did not."""
    event = delivery.event
    try:
        subscriber.deliver(Occurrence(event.public_id, EventCode(event.code), event.occurred_at, event.data))
    except DeliveryFailed as failure:
        _log_failure(delivery, failure.code)
        return failure.code
    except Exception as error:  # noqa: BLE001 - whatever a subscriber raises is its own failure and nobody else's
        _log_failure(delivery, type(error).__name__, error)
        return type(error).__name__
    return ""


def _log_failure(delivery: Delivery, code: str, error: Exception | None = None) -> None:
    log.warning(
        "event_not_delivered",
        subscriber=delivery.subscriber,
        event_code=delivery.event.code,
        event_id=str(delivery.event.public_id),
        reason=code,
        exc_info=error,
    )


def _settle(results: _Results) -> None:
    """Write down what came of a batch: one transaction, a statement for all that went well."""
    now = timezone.now()
    with transaction.atomic():
        for ids in _slices(results.delivered):
            Delivery.objects.filter(pk__in=ids).delete()
        for delivery, code in results.failed:
            _put_off(delivery, code, now)
        for ids in _slices(results.not_begun):
            Delivery.objects.filter(pk__in=ids, attempts__gt=0).update(due_at=now, attempts=F("attempts") - 1)


def _put_off(delivery: Delivery, code: str, now: datetime) -> None:
    row, attempts = Delivery.objects.filter(pk=delivery.pk), delivery.attempts
    if attempts >= MOST_ATTEMPTS:
        row.update(attempts=attempts, last_error=code[:100], parked_at=now)
        log.error("event_parked", subscriber=delivery.subscriber, event_id=str(delivery.event.public_id), reason=code)
    else:
        row.update(attempts=attempts, last_error=code[:100], due_at=now + RETRY_AFTER[attempts - 1])


def _slices(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """SQLite takes a limited number of parameters in one statement."""
    for start in range(0, len(ids), 500):
        yield ids[start : start + 500]


def retry_parked(subscriber: str = "") -> int:
    """Try again what was given up, from the first attempt on; of one subscriber or of all. Returns how many."""
    parked = Delivery.objects.parked()
    parked = parked.filter(subscriber=subscriber) if subscriber else parked
    return parked.update(parked_at=None, attempts=0, due_at=timezone.now())
