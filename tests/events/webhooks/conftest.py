"""A local site, which may post to its own machine, and receivers there."""

from collections.abc import Iterator
from typing import Any

import pytest

from gatekeeper.events.codes import WEBHOOK_EVENTS
from gatekeeper.events.models import Webhook
from gatekeeper.events.webhooks.receivers import create_webhook
from tests.builders import ADMIN
from tests.events.webhooks.receiver import Receiver, receiving


@pytest.fixture(autouse=True)
def local_site(settings: Any) -> None:
    settings.PUBLIC_URL = "http://127.0.0.1:8000"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def made(receiver: Receiver) -> tuple[Webhook, str]:
    """A webhook that wants everything, and its secret. It was there before any time that a test travels to."""
    webhook, secret = create_webhook(receiver.url, WEBHOOK_EVENTS, actor=ADMIN)
    Webhook.objects.update(created_at="2020-01-01T00:00:00Z")
    webhook.refresh_from_db()
    return webhook, secret


@pytest.fixture
def webhook(made: tuple[Webhook, str]) -> Webhook:
    return made[0]
