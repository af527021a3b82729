"""A site with a mail server, and somebody who wants everything."""

from collections.abc import Iterator
from typing import Any

import pytest

from gatekeeper.events.mail.causes import OPENING
from gatekeeper.events.mail.recipients import Wish, add_recipient
from gatekeeper.events.models import MailRecipient
from tests.builders import ADMIN
from tests.events.mail.smtp import HOST, Mailbox, Server, smtp_server


def use(settings: Any, server: Server, **more: Any) -> None:
    """Send to this server, in clear unless ``more`` says otherwise."""
    settings.EMAIL_BACKEND = "gatekeeper.events.mail.backend.Backend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = HOST, server.port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.DEFAULT_FROM_EMAIL = "Gatekeeper <gatekeeper@site.example>"
    for name, value in more.items():
        setattr(settings, name, value)


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Mailbox]:
    with smtp_server() as server:
        use(settings, server)
        yield server.mailbox


@pytest.fixture
def recipient(db: None) -> MailRecipient:
    """It was there before any time that a test travels to."""
    added = add_recipient("ops@example.com", Wish(events=list(OPENING), daily_digest=True), actor=ADMIN)
    MailRecipient.objects.update(created_at="2020-01-01T00:00:00Z")
    return added
