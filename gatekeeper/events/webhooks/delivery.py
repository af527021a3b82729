"""Delivering to webhooks: at least once, several webhooks beside each other, none of which holds up another.

A run takes webhooks, each for itself alone (``Webhook.run``), and so needs to take no single delivery: a run of another
process leaves a webhook that is taken to the one that has it. A run that is killed loses its webhooks after a
minute; what it had sent and not written down is sent again then, with the same id.

Threads do nothing but HTTP; this one does what the database is for.

A webhook that fails is sent one thing at a time: what is to be tried again first, and hardly anything new. So a dead
receiver costs few requests, and what waits for it does not use up its attempts.
"""

import time
from collections import deque
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from gatekeeper.errors import SealBroken
from gatekeeper.events.models import Webhook, WebhookDelivery
from gatekeeper.events.models.webhooks import SECRET_PURPOSE
from gatekeeper.events.webhooks.receivers import MOST_WEBHOOKS
from gatekeeper.events.webhooks.results import NO_ANSWER, Attempt, attempt_of, write_down
from gatekeeper.events.webhooks.retries import RETRY_AFTER
from gatekeeper.events.webhooks.sending import Message, send
from gatekeeper.outbound.posting import Answer
from gatekeeper.secrets.sealing import unseal

AT_ONCE = 4  # requests to one webhook
BATCH = 50  # deliveries read at once
RUN_SECONDS = 20.0  # after which a run begins nothing more; the next one goes on
TAKEN_FOR = timedelta(minutes=1)  # longer than a run with its last requests
LOOK_EVERY = 1.0  # seconds, for webhooks that have something due meanwhile
PROBES = 10  # deliveries that are being retried, beside which a failing webhook is sent nothing new …
PROBE_EVERY = timedelta(minutes=5)  # … but one in this time, since those may be the only ones that it refuses


@dataclass(slots=True)
class _Taken:
    """A webhook of this run. ``is_over``: it is sent nothing more by this run."""

    webhook: Webhook
    secret: str | None
    next: deque[WebhookDelivery] = field(default_factory=deque)
    sending: set[int] = field(default_factory=set)
    is_over: bool = False

    @property
    def may_send(self) -> bool:
        return not self.is_over and len(self.sending) < (1 if self.webhook.failures else AT_ONCE)


def is_anything_due() -> bool:
    """Whether a run would find something."""
    return _with_something_due(timezone.now()).exists()


def deliver_to_webhooks() -> timedelta | None:
    """Send whatever is due. Returns: after how long another run is needed, where the scheduler's would be too late."""
    with ThreadPoolExecutor(MOST_WEBHOOKS * AT_ONCE, thread_name_prefix="webhook") as pool:
        return _Run(pool).deliver()


def _with_something_due(now: datetime) -> QuerySet[Webhook]:
    due = WebhookDelivery.objects.waiting().filter(webhook=OuterRef("pk"), due_at__lte=now)
    is_free = Q(run=None) | Q(run_until__lt=now)
    return Webhook.objects.filter(Exists(due), is_free, paused_at=None)


class _Run:
    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._id = uuid4()
        self._ends = time.monotonic() + RUN_SECONDS
        self._look_at = 0.0
        self._taken: dict[UUID, _Taken] = {}
        self._over: set[UUID] = set()
        self._sending: dict[Future[Answer], tuple[_Taken, WebhookDelivery]] = {}
        self._has_first_failure = False

    def deliver(self) -> timedelta | None:
        try:
            while self._begin() or self._sending:
                done, _ = wait(self._sending, timeout=LOOK_EVERY, return_when=FIRST_COMPLETED)
                for each in done:
                    taken, delivery = self._sending.pop(each)
                    self._settle(taken, delivery, attempt_of(each))
            is_cut_off = any(not taken.is_over for taken in self._taken.values())
        finally:
            for taken in list(self._taken.values()):
                self._give_back(taken)
        if is_cut_off:
            return timedelta(seconds=1)
        return RETRY_AFTER[0] if self._has_first_failure else None

    def _begin(self) -> bool:
        """Begin what may be begun now; whether that was anything."""
        if time.monotonic() >= self._ends:
            return False
        if not self._sending or time.monotonic() >= self._look_at:
            self._take()
        begun = [self._begin_with(taken) for taken in list(self._taken.values())]
        return any(begun)

    def _take(self) -> None:
        """Webhooks that have something due and that nobody delivers to. Whoever comes second changes no row."""
        now = timezone.now()
        self._look_at = time.monotonic() + LOOK_EVERY
        free = _with_something_due(now).exclude(pk__in=list(self._over))
        for webhook in free:
            mine = Webhook.objects.filter(Q(run=None) | Q(run_until__lt=now), pk=webhook.pk, paused_at=None)
            if mine.update(run=self._id, run_until=now + TAKEN_FOR):
                self._taken[webhook.pk] = _Taken(webhook, _secret_of(webhook))

    def _begin_with(self, taken: _Taken) -> bool:
        begun = False
        while taken.may_send:
            taken.next = taken.next or deque(self._due(taken))
            if not taken.next:
                break
            self._send(taken, taken.next.popleft())
            begun = True
        if not taken.sending and (taken.is_over or not taken.next):
            self._give_back(taken)
        return begun

    def _due(self, taken: _Taken) -> Iterable[WebhookDelivery]:
        """What is sent next; nothing when somebody paused or deleted the webhook."""
        webhook, now = Webhook.objects.filter(pk=taken.webhook.pk, run=self._id, paused_at=None).first(), timezone.now()
        if webhook is None:
            return []
        taken.webhook = webhook
        due = webhook.deliveries.waiting().filter(due_at__lte=now).exclude(pk__in=list(taken.sending))
        due = due.select_related("event").order_by("due_at", "pk")
        if not webhook.failures:
            return due[:BATCH]
        if retry := due.filter(attempts__gt=0).first():
            return [retry]
        if _may_probe(webhook, now):
            return due[:1]
        taken.is_over = True
        return []

    def _send(self, taken: _Taken, delivery: WebhookDelivery) -> None:
        if taken.secret is None:
            self._settle(taken, delivery, Attempt.without_secret())
            return
        taken.sending.add(delivery.pk)
        future = self._pool.submit(send, taken.webhook.url, taken.secret, Message.of(delivery))
        self._sending[future] = taken, delivery

    def _settle(self, taken: _Taken, delivery: WebhookDelivery, attempt: Attempt) -> None:
        taken.sending.discard(delivery.pk)
        is_paused = write_down(delivery, attempt)
        if not attempt.problem:
            taken.webhook.failures = 0
            return
        taken.webhook.failures += 1
        taken.next.clear()
        taken.is_over |= is_paused or attempt.problem in NO_ANSWER
        self._has_first_failure |= delivery.attempts == 0

    def _give_back(self, taken: _Taken) -> None:
        del self._taken[taken.webhook.pk]
        if taken.is_over:
            self._over.add(taken.webhook.pk)
        Webhook.objects.filter(pk=taken.webhook.pk, run=self._id).update(run=None, run_until=None)


def _may_probe(webhook: Webhook, now: datetime) -> bool:
    """Whether a failing webhook is sent something new."""
    if webhook.deliveries.waiting().filter(attempts__gt=0)[:PROBES].count() < PROBES:
        return True
    return webhook.last_attempt_at is None or webhook.last_attempt_at <= now - PROBE_EVERY


def _secret_of(webhook: Webhook) -> str | None:
    try:
        return unseal(bytes(webhook.sealed_secret), purpose=SECRET_PURPOSE).decode()
    except SealBroken:
        return None
