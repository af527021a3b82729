"""The SCIM requests of the last 24 hours that changed something or failed, as a plot."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count
from django.db.models.functions import TruncHour
from django.utils import timezone
from django.utils.translation import gettext as _

from gatekeeper.audit.models import Outcome, ProvisioningEntry
from gatekeeper.web.plots.looks import Look
from gatekeeper.web.plots.plot import Plot, Words
from gatekeeper.web.plots.scales import hour_label
from gatekeeper.web.plots.stacked_bars import Series, stacked_bars

HOURS = 24
_TROUBLE = frozenset({Outcome.REFUSED.value, Outcome.FAILED.value})


@dataclass(frozen=True, slots=True)
class RequestsByHour:
    """How many went well and how many did not, and the plot of them."""

    good: int
    bad: int
    plot: Plot


def requests_by_hour(now: datetime | None = None) -> RequestsByHour:
    """Writing and failed SCIM requests of the last 24 hours, by hour. One query over an indexed period."""
    first = (now or timezone.now()).replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    rows = (
        ProvisioningEntry.objects.filter(at__gte=first)
        .exclude(outcome=Outcome.READ)
        .order_by()
        .annotate(hour=TruncHour("at"))
        .values_list("hour", "outcome")
        .annotate(count=Count("id"))
    )
    good, bad = [0] * HOURS, [0] * HOURS
    for hour, outcome, count in rows:
        index = int((hour - first).total_seconds() // 3600)
        if 0 <= index < HOURS:
            (bad if outcome in _TROUBLE else good)[index] += count
    plot = stacked_bars(
        Words("requests-by-hour", _("SCIM requests by hour"), _("Hour")),
        [hour_label(first + timedelta(hours=index)) for index in range(HOURS)],
        [Series(_("Went well"), good, Look.GOOD), Series(_("Refused or failed"), bad, Look.BAD)],
    )
    return RequestsByHour(sum(good), sum(bad), plot)
