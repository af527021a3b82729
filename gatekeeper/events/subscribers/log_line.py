"""The log line of what an operator should know of. What else happens has the line of its request, or of its task."""

import structlog

from gatekeeper.events.codes import EventCode
from gatekeeper.events.subscription import Occurrence

log = structlog.get_logger("gatekeeper.events")

LEVELS = {
    EventCode.SYNC_FAILED: "error",
    EventCode.PROVISIONING_SILENT: "warning",
    EventCode.PROVISIONING_RESUMED: "info",
    EventCode.KEY_EXPIRING: "warning",
    EventCode.CERTIFICATE_EXPIRING: "warning",
    EventCode.DEPROVISIONING_ALERT: "warning",
    EventCode.PRIVILEGE_GAINED: "warning",
    EventCode.BREAK_GLASS_USED: "warning",
}


def write_line(occurrence: Occurrence) -> None:
    """One line, named by the event's code. ``occurred_at`` is when it happened; the line's own time may be later."""
    getattr(log, LEVELS[occurrence.code])(
        occurrence.code.value,
        event_id=str(occurrence.id),
        occurred_at=occurrence.occurred_at.isoformat(),
        **occurrence.data,
    )
