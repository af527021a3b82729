"""The log line of what an operator should know of. What else happens has the line of its request, or of its task."""

from typing import Any

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
    EventCode.AUDIT_TRAIL_DAMAGED: "error",
}


def write_line(occurrence: Occurrence) -> None:
    """One line, named by the event's code. ``occurred_at`` is when it happened; the line's own time is a bit later."""
    write = getattr(log, LEVELS[occurrence.code])
    said = {name: _short(value) for name, value in occurrence.data.items()}
    write(occurrence.code.value, event_id=str(occurrence.id), occurred_at=occurrence.occurred_at.isoformat(), **said)


def _short(value: Any) -> Any:
    """An object by its id, as everywhere in the log; whoever did it by kind and, where there is one, by name."""
    if isinstance(value, dict) and "kind" in value:
        return " ".join(filter(None, (value["kind"], value.get("name") or value.get("id"))))
    return value["id"] if isinstance(value, dict) and "id" in value else value
