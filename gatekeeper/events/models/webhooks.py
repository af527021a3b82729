"""Webhooks: addresses that events are posted to, and what was posted there, or has still to be."""

from __future__ import annotations

from typing import Self
from urllib.parse import urlsplit
from uuid import uuid4

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gatekeeper.events.models.outbox import OutboxEvent
from gatekeeper.outbound.public_addresses import LONGEST_URL
from gatekeeper.secrets.sealing import SealedField

SECRET_PURPOSE = "webhook secret"  # noqa: S105 - what it is sealed for
TEST_EVENT = "webhook.test"  # what a test says it is; no event of the outbox


class PauseReason(models.TextChoices):
    """Why nothing is sent to a webhook."""

    ADMINISTRATOR = "administrator", _("an administrator has paused it")
    NO_SUCCESS = "no_success", _("it has accepted nothing for three days")
    GONE = "gone", _("it answered 410 Gone")


class Webhook(models.Model):
    """An address with the events that it wants.

    ``failures``: how many attempts have failed since the last one that was accepted, the first of them at
    ``failing_since``. ``run`` and ``run_until``: which run delivers to it now, so that no other one does.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    url = models.CharField(max_length=LONGEST_URL)
    events = models.JSONField(default=list, help_text="Codes of events.")
    sealed_secret = SealedField(purpose=SECRET_PURPOSE)
    created_at = models.DateTimeField(default=timezone.now)
    paused_at = models.DateTimeField(null=True, blank=True)
    pause_reason = models.CharField(max_length=20, choices=PauseReason.choices, blank=True)
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True, blank=True)
    last_attempt_at = models.DateTimeField(null=True, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    run = models.UUIDField(null=True, blank=True, editable=False)
    run_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("created_at", "id")

    def __str__(self) -> str:
        """For logs and the audit trail: the path and the query of an address may hold a token."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}/…"


class WebhookDeliveryState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Failed")


class WebhookDeliveryQuerySet(models.QuerySet["WebhookDelivery"]):
    """Shared by whoever delivers, counts or replays."""

    def waiting(self) -> Self:
        """Those that have still to be sent, now or later."""
        return self.filter(state=WebhookDeliveryState.WAITING)


class WebhookDelivery(models.Model):
    """One event for one webhook, or a test (without ``event``). It stays, as the delivery log.

    What is sent is read from the event each time, so that erased data is not sent again. ``status``, ``milliseconds``,
    ``problem`` and ``parameters`` are those of the last attempt.
    """

    id = models.BigAutoField(primary_key=True)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    # The database refuses to delete an event that is still in the log; Django has nothing to follow.
    event = models.ForeignKey(
        OutboxEvent, on_delete=models.DO_NOTHING, related_name="webhook_deliveries", null=True, blank=True
    )
    message_id = models.UUIDField(default=uuid4, editable=False, help_text="The public id of the event.")
    state = models.CharField(max_length=10, choices=WebhookDeliveryState.choices, default=WebhookDeliveryState.WAITING)
    created_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    attempted_at = models.DateTimeField(null=True, blank=True)
    status = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Of HTTP; empty without an answer.")
    milliseconds = models.PositiveIntegerField(null=True, blank=True)
    problem = models.CharField(max_length=30, blank=True, help_text="A FetchProblem, or secret_unreadable.")
    parameters = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "webhook deliveries"
        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=("webhook", "event"), name="webhook_delivery_once"),)
        indexes = (
            models.Index(fields=("webhook", "due_at", "id"), condition=Q(state="waiting"), name="webhook_delivery_due"),
            models.Index(
                fields=("webhook", "due_at"),
                condition=Q(state="waiting", attempts__gt=0),
                name="webhook_delivery_retry",
            ),
            models.Index(fields=("webhook", "-id"), name="webhook_delivery_log"),
            models.Index(fields=("webhook", "-id"), condition=Q(state="failed"), name="webhook_delivery_failed"),
        )

    def __str__(self) -> str:
        return f"{self.code} {self.message_id}"

    @property
    def code(self) -> str:
        """Of the event, as it is sent."""
        return self.event.code if self.event else TEST_EVENT
