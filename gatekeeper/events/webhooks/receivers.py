"""What may be done to a webhook: create, pause, resume, test, replay, delete."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.errors import DomainError, InvalidValue, NotFound
from gatekeeper.events.codes import WEBHOOK_EVENTS, EventCode
from gatekeeper.events.models import PauseReason, Webhook, WebhookDelivery, WebhookDeliveryState
from gatekeeper.events.models.webhooks import SECRET_PURPOSE
from gatekeeper.events.outbox import emit, news
from gatekeeper.events.webhooks.sending import Message, send
from gatekeeper.events.webhooks.signing import new_secret
from gatekeeper.outbound.public_addresses import is_fetchable_host, is_usable_address, site_is_local
from gatekeeper.runtime.transactions import one_transaction
from gatekeeper.secrets.sealing import seal, unseal

MOST_WEBHOOKS = 20  # each is delivered to beside the others, by one process

log = structlog.get_logger(__name__)


class WebhookNotFound(NotFound):
    code = "webhook_not_found"
    sentence = _("There is no webhook %(webhook)s.")

    def __init__(self, webhook: object) -> None:
        super().__init__(webhook=webhook)


class TooManyWebhooks(DomainError):
    code = "too_many_webhooks"
    sentence = _("There are %(most)s webhooks already, which is the most; delete one first.")

    def __init__(self) -> None:
        super().__init__(most=MOST_WEBHOOKS)


def webhook_of(webhook_id: UUID) -> Webhook:
    """Raises: WebhookNotFound."""
    webhook = Webhook.objects.filter(pk=webhook_id).first()
    if webhook is None:
        raise WebhookNotFound(webhook_id)
    return webhook


@one_transaction()
def create_webhook(url: str, events: Collection[str], *, actor: Actor) -> tuple[Webhook, str]:
    """Make a webhook; what happens from now on is sent to it.

    Returns: the stored webhook and its secret, which is shown this one time.
    Raises:  InvalidValue for an address that may not be asked, or for no or unknown events; TooManyWebhooks.
    """
    url = _checked_url(url.strip())
    known = _checked_events(events)
    if Webhook.objects.count() >= MOST_WEBHOOKS:
        raise TooManyWebhooks
    secret = new_secret()
    sealed = seal(secret.encode(), purpose=SECRET_PURPOSE)
    webhook = Webhook.objects.create(url=url, events=known, sealed_secret=sealed)
    _record(Event.WEBHOOK_CREATED, webhook, actor, after={"events": known})
    return webhook, secret


def _checked_url(url: str) -> str:
    if not is_usable_address(url, allow_http=site_is_local()):
        raise InvalidValue("url", _("the address must begin with https:// and name a host."))
    if not is_fetchable_host(url):
        raise InvalidValue("url", _("the host is not a public address."))
    return url


def _checked_events(events: Collection[str]) -> list[str]:
    """Those that were named, in the order of the list of events."""
    named = {name.strip() for name in events} - {""}
    for name in sorted(named - set(WEBHOOK_EVENTS)):
        raise InvalidValue("events", _("there is no event %(event)s."), event=name)
    if not named:
        raise InvalidValue("events", _("choose at least one event."))
    return [code.value for code in WEBHOOK_EVENTS if code in named]


@one_transaction()
def delete_webhook(webhook_id: UUID, *, actor: Actor) -> None:
    """Delete a webhook with its secret and its delivery log. Raises: WebhookNotFound."""
    webhook = _locked(webhook_id)
    _emit_end_of_pause(webhook, actor)
    _record(Event.WEBHOOK_DELETED, webhook, actor, before={"events": webhook.events})
    webhook.delete()


@one_transaction()
def pause_webhook(webhook_id: UUID, *, actor: Actor, reason: PauseReason = PauseReason.ADMINISTRATOR) -> bool:
    """Send nothing to it until it is resumed; what happens meanwhile waits. False when it was paused already.

    Raises: WebhookNotFound.
    """
    webhook = _locked(webhook_id)
    if webhook.paused_at is not None:
        return False
    webhook.paused_at, webhook.pause_reason = timezone.now(), reason
    webhook.save(update_fields=["paused_at", "pause_reason"])
    _record(Event.WEBHOOK_PAUSED, webhook, actor, after={"reason": reason.value, "failures": webhook.failures})
    if reason is not PauseReason.ADMINISTRATOR:
        _emit(EventCode.WEBHOOK_PAUSED, webhook, actor, reason=reason.value)
    write = log.info if reason is PauseReason.ADMINISTRATOR else log.error
    write("webhook_paused", webhook=str(webhook.id), reason=reason.value, failures=webhook.failures)
    return True


@one_transaction()
def resume_webhook(webhook_id: UUID, *, actor: Actor) -> bool:
    """Send again, what has waited first. False when it was not paused. Raises: WebhookNotFound."""
    webhook = _locked(webhook_id)
    if webhook.paused_at is None:
        return False
    now = timezone.now()
    _emit_end_of_pause(webhook, actor)
    _record(Event.WEBHOOK_RESUMED, webhook, actor, before={"reason": webhook.pause_reason})
    webhook.paused_at, webhook.pause_reason, webhook.failures, webhook.failing_since = None, "", 0, None
    webhook.save(update_fields=["paused_at", "pause_reason", "failures", "failing_since"])
    # What was put off for hours is tried now: somebody says that it works again.
    webhook.deliveries.waiting().filter(attempts__gt=0).update(due_at=now, attempts=0)
    transaction.on_commit(news.set)
    return True


@one_transaction()
def replay(webhook_id: UUID, *, actor: Actor, delivery_id: int | None = None) -> int:
    """Send again, with the same id: one delivery, or every one that has failed; returns how many.

    A test is not sent again, and what is waiting is not sent twice. Raises: WebhookNotFound.
    """
    webhook = _locked(webhook_id)
    chosen = webhook.deliveries.exclude(event=None)
    if delivery_id is None:
        chosen = chosen.filter(state=WebhookDeliveryState.FAILED)
    else:
        chosen = chosen.filter(pk=delivery_id).exclude(state=WebhookDeliveryState.WAITING)
    count = chosen.update(state=WebhookDeliveryState.WAITING, due_at=timezone.now(), attempts=0)
    if count:
        _record(Event.WEBHOOK_REPLAYED, webhook, actor, after={"deliveries": count})
        transaction.on_commit(news.set)
    return count


def send_test(webhook_id: UUID, *, actor: Actor) -> WebhookDelivery:
    """Send a test now, also to a paused webhook; returns its entry in the delivery log. It is tried once.

    Raises: WebhookNotFound; SealBroken.
    """
    webhook = webhook_of(webhook_id)
    test = WebhookDelivery(webhook=webhook, attempts=1, attempted_at=timezone.now())
    secret = unseal(bytes(webhook.sealed_secret), purpose=SECRET_PURPOSE).decode()
    answer = send(webhook.url, secret, Message.of(test))
    test.state = WebhookDeliveryState.FAILED if answer.problem else WebhookDeliveryState.DELIVERED
    test.status, test.milliseconds = answer.status, answer.milliseconds
    test.problem, test.parameters = answer.problem or "", dict(answer.parameters)
    with one_transaction():
        _locked(webhook_id)
        test.save()
        _record(Event.WEBHOOK_TESTED, webhook, actor, after={"status": test.status, "problem": test.problem})
    return test


def _locked(webhook_id: UUID) -> Webhook:
    webhook = Webhook.objects.select_for_update().filter(pk=webhook_id).first()
    if webhook is None:
        raise WebhookNotFound(webhook_id)
    return webhook


def _emit_end_of_pause(webhook: Webhook, actor: Actor) -> None:
    """Where an event said that it was paused."""
    if webhook.paused_at and webhook.pause_reason != PauseReason.ADMINISTRATOR:
        _emit(EventCode.WEBHOOK_RESUMED, webhook, actor)


def _emit(code: EventCode, webhook: Webhook, actor: Actor, **facts: str) -> None:
    data = {"webhook": {"id": str(webhook.id), "address": str(webhook)}, **facts}
    emit(code, actor=actor, kind="webhook", object_id=webhook.id, data=data)


def _record(event: Event, webhook: Webhook, actor: Actor, **documents: dict[str, Any]) -> None:
    record(event, actor=actor, kind="webhook", object_id=webhook.id, label=str(webhook), **documents)
