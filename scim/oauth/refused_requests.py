"""Refused requests for a token are counted, and beyond a limit answered with 429 and no longer looked into by anybody.

Anybody can post to the token endpoint. What is right is never limited: a request is judged first, and counted only when
it is refused. The counts are rows, so the limits hold for all processes; a process that found the limit reached asks no
more in that minute. Of those who name no client of ours only a sample is listed, lest they hide or fill the token log.
"""

from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from django.db.models import F, Sum
from django.utils import timezone

from scim.models import RefusedTokenRequestCount

MOST_REFUSED = 200  # a minute, together
MOST_LISTED = 30  # a minute, of those who name a client and of those who do not
MOST_LISTED_AN_HOUR = 200

log = structlog.get_logger(__name__)


class Counted(StrEnum):
    """What becomes of a refused request."""

    LISTED = "listed"
    ANSWERED = "answered"  # with its error, and without an entry in the token log
    TOO_MANY = "too_many"


class RefusalLimit:
    """``reached_in`` is the last minute in which this process found the limit reached."""

    def __init__(self) -> None:
        self.reached_in: datetime | None = None

    def count(self, *, names_a_client: bool) -> Counted:
        """Count one refused request."""
        minute = timezone.now().replace(second=0, microsecond=0)
        if self.reached_in == minute:
            return Counted.TOO_MANY
        if _refused_in(minute) >= MOST_REFUSED:
            self.reached_in = minute
            log.warning("too_many_refused_token_requests", limit=MOST_REFUSED)
            return Counted.TOO_MANY
        _add(minute, names_a_client)
        return Counted.LISTED if _take_place(minute, names_a_client) else Counted.ANSWERED


refusal_limit = RefusalLimit()


def seconds_to_wait() -> int:
    """Until the next minute begins."""
    return max(1, 60 - timezone.now().second)


def counted_only(since: datetime) -> int:
    """How many refused requests since then are not in the token log."""
    rows = RefusedTokenRequestCount.objects.filter(minute__gte=since)
    return sum(row.refused - row.listed for row in rows)


def _refused_in(minute: datetime) -> int:
    counted = RefusedTokenRequestCount.objects.filter(minute=minute).aggregate(all=Sum("refused"))
    return int(counted["all"] or 0)


def _add(minute: datetime, names_a_client: bool) -> None:
    row = RefusedTokenRequestCount.objects.filter(minute=minute, names_a_client=names_a_client)
    if row.update(refused=F("refused") + 1):
        return
    first = RefusedTokenRequestCount(minute=minute, names_a_client=names_a_client)
    RefusedTokenRequestCount.objects.bulk_create([first], ignore_conflicts=True)  # another process may be the first
    row.update(refused=F("refused") + 1)


def _take_place(minute: datetime, names_a_client: bool) -> bool:
    """One statement decides, so that two processes never take the same place."""
    rows = RefusedTokenRequestCount.objects.filter(names_a_client=names_a_client)
    lately = rows.filter(minute__gt=minute - timedelta(hours=1)).aggregate(all=Sum("listed"))
    if (lately["all"] or 0) >= MOST_LISTED_AN_HOUR:
        return False
    return bool(rows.filter(minute=minute, listed__lt=MOST_LISTED).update(listed=F("listed") + 1))
