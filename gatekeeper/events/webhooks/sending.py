"""One attempt to send one message to one webhook. Nothing here reads or writes the database."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from gatekeeper.events.models import WebhookDelivery
from gatekeeper.events.models.webhooks import TEST_EVENT
from gatekeeper.events.webhooks.signing import signed_headers
from gatekeeper.outbound.posting import Answer, post_document


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: the same at each attempt, unless the data was erased in between."""

    id: UUID
    event: str
    occurred_at: datetime
    data: Mapping[str, Any]

    @classmethod
    def of(cls, delivery: WebhookDelivery) -> "Message":
        """The delivery's event, or the test that it is."""
        event = delivery.event
        if event is None:
            data = {"webhook": {"id": str(delivery.webhook_id)}}
            return cls(delivery.message_id, TEST_EVENT, delivery.created_at, data)
        return cls(event.public_id, event.code, event.occurred_at, event.data)

    def body(self) -> bytes:
        """JSON in UTF-8."""
        document = {
            "id": str(self.id),
            "event": self.event,
            "occurred_at": self.occurred_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "data": self.data,
        }
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def send(url: str, secret: str, message: Message) -> Answer:
    """Sign and post it, within the limits of ``outbound/posting.py``."""
    body, now = message.body(), int(timezone.now().timestamp())
    headers = {"Content-Type": "application/json", **signed_headers(secret, str(message.id), now, body)}
    return post_document(url, body, headers)
