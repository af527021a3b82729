"""How many messages a recipient is sent within an hour, whatever happens."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from gatekeeper.events.models import MailKind, MailMessage, MailRecipient, MailState

MOST_AN_HOUR: Final = 12  # the last of them says everything that waits by then
HOUR: Final = timedelta(hours=1)
COUNTED: Final = (MailKind.OPENED, MailKind.OVER, MailKind.SUMMARY)


def sent_lately(recipient: MailRecipient, now: datetime) -> list[datetime]:
    """When it was sent something within the last hour, the earliest first; tests and digests are not counted."""
    log = MailMessage.objects.filter(recipient=recipient, state=MailState.SENT, kind__in=COUNTED)
    newest = log.order_by("-pk").values_list("attempted_at", flat=True)[:MOST_AN_HOUR]
    return sorted(at for at in newest if at is not None and at > now - HOUR)


def free_at(lately: Sequence[datetime]) -> datetime:
    """When the hour takes one again; ``lately`` are as many as fit."""
    return lately[-MOST_AN_HOUR] + HOUR
