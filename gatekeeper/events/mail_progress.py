"""How the sending of e-mail goes, for metrics and doctor."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Min, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from gatekeeper.events.models import MailMessage, MailRecipient


@dataclass(frozen=True, slots=True)
class MailProgress:
    """``failing_for``: since the oldest message was made that has been tried and not sent."""

    recipient: MailRecipient
    waiting: int
    failing_for: timedelta


def mail_progress() -> Iterator[MailProgress]:
    """Of each recipient; one query."""
    rows = MailMessage.objects.waiting().filter(recipient=OuterRef("pk")).order_by().values("recipient")
    waiting = Coalesce(Subquery(rows.annotate(number=Count("pk")).values("number")), 0)
    tried = Subquery(rows.filter(attempts__gt=0).annotate(first=Min("created_at")).values("first"))
    for each in MailRecipient.objects.annotate(waiting=waiting, tried=tried):
        yield MailProgress(each, each.waiting, timezone.now() - each.tried if each.tried else timedelta())
