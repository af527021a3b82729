"""What came of an attempt, and what follows: another attempt, giving the delivery up, pausing the webhook."""

from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import structlog
from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from gatekeeper.audit.actor import Actor
from gatekeeper.events.models import PauseReason, Webhook, WebhookDelivery, WebhookDeliveryState
from gatekeeper.events.webhooks.receivers import WebhookNotFound, pause_webhook
from gatekeeper.events.webhooks.retries import is_dead, next_attempt
from gatekeeper.outbound.posting import Answer
from gatekeeper.outbound.problems import FetchProblem, fetch_problem_text

SECRET_UNREADABLE: Final = "secret_unreadable"  # noqa: S105 - a problem's code
# After these, nothing more is sent in the same run: each would take as long.
NO_ANSWER: Final = frozenset({FetchProblem.TOO_SLOW.value, FetchProblem.ENDLESS_HEADERS.value, SECRET_UNREADABLE})

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """``problem``: "" when it was accepted."""

    status: int | None = None
    milliseconds: int | None = None
    problem: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def without_secret(cls) -> "Attempt":
        """SECRET_KEY is another one now: nothing can be signed."""
        return cls(problem=SECRET_UNREADABLE)


def attempt_of(future: Future[Answer]) -> Attempt:
    """Of a thread's work. What nobody foresaw is a failure of that attempt and of nothing else."""
    error = future.exception()
    if error is not None:
        log.error("webhook_attempt_broke", exc_info=error)
        return Attempt(problem=FetchProblem.NOT_READ.value, parameters={"kind": type(error).__name__})
    answer = future.result()
    problem = answer.problem.value if answer.problem else ""
    return Attempt(
        status=answer.status, milliseconds=answer.milliseconds, problem=problem, parameters=answer.parameters
    )


def problem_text(problem: str, parameters: Mapping[str, Any]) -> str:
    """The sentence that the delivery log shows; "" where there was no problem."""
    if problem == SECRET_UNREADABLE:
        return _("the secret cannot be read with the present SECRET_KEY; delete the webhook and add it again.")
    return fetch_problem_text(problem, parameters) if problem else ""


def write_down(delivery: WebhookDelivery, attempt: Attempt) -> bool:
    """Store what came of it, with what follows; whether the webhook is paused now. ``delivery`` stays what it was."""
    now, webhook = timezone.now(), Webhook.objects.filter(pk=delivery.webhook_id)
    row = WebhookDelivery.objects.filter(pk=delivery.pk)
    facts: dict[str, Any] = {
        "attempts": delivery.attempts + 1,
        "attempted_at": now,
        "status": attempt.status,
        "milliseconds": attempt.milliseconds,
        "problem": attempt.problem,
        "parameters": dict(attempt.parameters),
    }
    if not attempt.problem:
        with transaction.atomic():  # the webhook first, as whoever deletes one locks it first
            webhook.update(failures=0, failing_since=None, last_attempt_at=now, last_success_at=now)
            row.update(**facts, state=WebhookDeliveryState.DELIVERED)
        return False
    is_gone = attempt.status == HTTPStatus.GONE
    again = None if is_gone else next_attempt(delivery.attempts + 1, now)
    state = WebhookDeliveryState.WAITING if again else WebhookDeliveryState.FAILED
    with transaction.atomic():
        since = Coalesce(F("failing_since"), Value(now))
        webhook.update(failures=F("failures") + 1, failing_since=since, last_attempt_at=now)
        row.update(**facts, state=state, due_at=again or now)
    write = log.warning if again else log.error
    write(
        "webhook_not_delivered" if again else "webhook_delivery_given_up",
        webhook=str(delivery.webhook_id),
        event_id=str(delivery.message_id),
        attempt=delivery.attempts + 1,
        reason=attempt.problem,
        status=attempt.status,
    )
    return _pause(delivery, is_gone=is_gone)


def _pause(delivery: WebhookDelivery, *, is_gone: bool) -> bool:
    """Pause a webhook that is gone, or that has accepted nothing for days; whether it is paused now."""
    webhook = Webhook.objects.filter(pk=delivery.webhook_id).first()
    if webhook is None:
        return True
    if not is_gone and not (webhook.failing_since and is_dead(webhook.failing_since, timezone.now())):
        return False
    reason = PauseReason.GONE if is_gone else PauseReason.NO_SUCCESS
    with suppress(WebhookNotFound):
        pause_webhook(webhook.pk, actor=Actor.scheduler("events.deliver_webhooks"), reason=reason)
    return True
