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
from gatekeeper.runtime.statements.fixed_sql import Columns, instance, run, same

ANNOUNCED_BY = (
    Event.DEPROVISIONING_ALERTED,
    Event.DEPROVISIONING_LIMITS_SET,
    Event.HELD_CHANGES_APPROVED,
    Event.PRIVILEGE_GAINED,
    Event.PRIVILEGE_HELD,
)
KEPT = 10  # seconds

_ENTRY = Columns.of(AuditEntry, "id", "at")
_LAST = "SELECT max(id) AS last FROM audit_auditentry WHERE event = "
# The newest entry of those events, each of which has its own place in the index, and the window of the limit.
_NEWEST = same(
    f"""
SELECT id, at, (SELECT minutes FROM directory_brakesetting WHERE until IS NULL ORDER BY id LIMIT 1)
  FROM audit_auditentry
 WHERE id = (SELECT max(last) FROM ({" UNION ALL ".join(f"{_LAST}'{each}'" for each in ANNOUNCED_BY)}) AS of_each)"""  # noqa: S608 - constants
)


def shown_state(now: datetime | None = None) -> DeprovisioningState | None:
    """The state of the limits, up to ten seconds old; None while no page has to say anything. One query then."""
    moment = now or timezone.now()
    last = _announced(moment)
    if last is None:
        return None
    known = f"deprovisioning_state:{last.pk}:{last.at.timestamp()}"
    state: DeprovisioningState | None = cache.get(known)
    if state is None:
        state = deprovisioning_state(moment)
        cache.set(known, state, KEPT)
    return state


def _announced(moment: datetime) -> AuditEntry | None:
    """The newest entry that makes a banner appear, of the time until ``moment`` for which a page shows one."""
    rows = run(_NEWEST, {})
    if not rows:
        return None
    *columns, minutes = rows[0]
    entry: AuditEntry = instance(_ENTRY, columns)
    window = timedelta(minutes=minutes or DeprovisioningLimit().minutes)
    return entry if entry.at >= moment - window else None
