"""How much of its rate limit a credential used in the last 24 hours."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gatekeeper.audit.models import RequestCount

QUARTERS = 96  # of an hour, in the last 24 hours
QUARTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Quarter:
    """A quarter of an hour: the requests a second of its busiest minute, and how many were beyond the limit."""

    start: datetime
    rate: float
    throttled: int


@dataclass(frozen=True, slots=True)
class Usage:
    """The requests of one credential against its ``limit``, which is in requests a second, as ``busiest`` is."""

    quarters: list[Quarter]
    limit: int
    served: int
    refused_address: int

    @property
    def busiest(self) -> float:
        return max(quarter.rate for quarter in self.quarters)

    @property
    def throttled(self) -> int:
        return sum(quarter.throttled for quarter in self.quarters)

    @property
    def free(self) -> int:
        """How many percent of the limit the busiest minute left."""
        return max(0, int(100 * (1 - self.busiest / self.limit)))


def usage_of(credential_id: object, limit: int, now: datetime) -> Usage:
    """From the counts of each minute. One query."""
    first = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0) - (QUARTERS - 1) * QUARTER
    counts = RequestCount.objects.filter(key_id=str(credential_id), minute__gte=first).order_by()
    rates, throttled = [0.0] * QUARTERS, [0] * QUARTERS
    served = refused_address = 0
    for each in counts:
        index = min((each.minute - first) // QUARTER, QUARTERS - 1)
        rates[index] = max(rates[index], each.requests / 60)
        throttled[index] += each.throttled
        served, refused_address = served + each.requests, refused_address + each.refused_address
    quarters = [Quarter(first + index * QUARTER, rates[index], throttled[index]) for index in range(QUARTERS)]
    return Usage(quarters, limit, served, refused_address)
