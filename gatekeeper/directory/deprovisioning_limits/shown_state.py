"""The state of the limits for the banners of every page: asked only while there is something to say.

Whatever makes a banner appear writes an entry of the audit trail in its transaction: an alert, a gain, what is held, a
changed limit. So without such an entry within the window there is nothing to count. With one, the counts stay for a few
seconds: while thousands of people lose access, each page would count them.
"""

from datetime import datetime, timedelta

from django.core.cache import cache
from django.utils import timezone

from gatekeeper.audit.events import Event
from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.deprovisioning_limits.limits import DeprovisioningState, deprovisioning_state
from gatekeeper.directory.models import DeprovisioningLimit

ANNOUNCED_BY = (
    Event.DEPROVISIONING_ALERTED,
    Event.DEPROVISIONING_LIMITS_SET,
    Event.HELD_CHANGES_APPROVED,
    Event.PRIVILEGE_GAINED,
    Event.PRIVILEGE_HELD,
)
KEPT = 10  # seconds


def shown_state(now: datetime | None = None) -> DeprovisioningState | None:
    """The state of the limits, up to ten seconds old; None while no page has to say anything. Two queries then."""
    moment = now or timezone.now()
    minutes = DeprovisioningLimit.objects.live().values_list("minutes", flat=True).first()
    start = moment - timedelta(minutes=minutes or DeprovisioningLimit().minutes)
    entries = AuditEntry.objects.filter(event__in=ANNOUNCED_BY, at__gte=start)
    last = max(entries.order_by().values_list("id", "at"), default=None)
    if last is None:
        return None
    known = f"deprovisioning_state:{last[0]}:{last[1].timestamp()}"
    state: DeprovisioningState | None = cache.get(known)
    if state is None:
        state = deprovisioning_state(moment)
        cache.set(known, state, KEPT)
    return state
