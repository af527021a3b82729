"""The rows of the app ``events``: the outbox with its deliveries, and webhooks and e-mail with theirs."""

from gatekeeper.events.models.mail import (
    MailCause,
    MailKind,
    MailMessage,
    MailPauseReason,
    MailRecipient,
    MailState,
)
from gatekeeper.events.models.outbox import KEY_LENGTH, Delivery, OutboxEvent
from gatekeeper.events.models.webhooks import PauseReason, Webhook, WebhookDelivery, WebhookDeliveryState

__all__ = [
    "KEY_LENGTH",
    "Delivery",
    "MailCause",
    "MailKind",
    "MailMessage",
    "MailPauseReason",
    "MailRecipient",
    "MailState",
    "OutboxEvent",
    "PauseReason",
    "Webhook",
    "WebhookDelivery",
    "WebhookDeliveryState",
]
