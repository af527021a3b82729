"""A limit on log entries of requests without a valid key, which anybody can send: 30 a minute in all processes.

Cost: one statement for each refused request until the limit is reached, then none in this process for that minute.
"""

import logging
from datetime import datetime, timedelta

from django.db.models import F
from django.utils import timezone

from scim.models import UnauthenticatedRequestCount

MOST_IN_A_MINUTE = 30
_KEPT = timedelta(hours=1)

logger = logging.getLogger(__name__)


class ListingLimit:
    """``reached_in`` is the last minute in which this process found the limit reached; the count itself is a row."""

    def __init__(self) -> None:
        self.reached_in: datetime | None = None

    def take_place(self) -> bool:
        """Whether one more request of this minute may be listed. The first one that may not is logged."""
        minute = timezone.now().replace(second=0, microsecond=0)
        if self.reached_in == minute:
            return False
        if _take_place(minute):
            return True
        _begin(minute)
        if _take_place(minute):
            return True
        self.reached_in = minute
        logger.warning("Requests without a valid key are not listed until the next minute: there are too many")
        return False


listing_limit = ListingLimit()


def _take_place(minute: datetime) -> bool:
    """One statement decides, so that two processes never take the same place."""
    count = UnauthenticatedRequestCount.objects.filter(minute=minute, listed__lt=MOST_IN_A_MINUTE)
    return bool(count.update(listed=F("listed") + 1))


def _begin(minute: datetime) -> None:
    """Make the row of a minute, which another process may do at the same time, and drop old ones."""
    UnauthenticatedRequestCount.objects.filter(minute__lt=minute - _KEPT).delete()
    UnauthenticatedRequestCount.objects.bulk_create([UnauthenticatedRequestCount(minute=minute)], ignore_conflicts=True)
