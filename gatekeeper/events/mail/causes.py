"""What a message is about: something that an event begins and that lasts until it is over. Pure.

Events of one cause have one key. The first one is announced; others are counted, unless they say that it is worse.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from gatekeeper.events.codes import EventCode

# What recipients choose from. What happens to single people all day long is in the digest only.
OPENING: Final = (
    EventCode.SYNC_FAILED,
    EventCode.PROVISIONING_SILENT,
    EventCode.KEY_EXPIRING,
    EventCode.CERTIFICATE_EXPIRING,
    EventCode.DEPROVISIONING_ALERT,
    EventCode.PRIVILEGE_GAINED,
    EventCode.BREAK_GLASS_USED,
    EventCode.WEBHOOK_PAUSED,
    EventCode.AUDIT_TRAIL_DAMAGED,
)
# Which event says that what another one began is over.
ENDING: Final[Mapping[str, EventCode]] = {
    EventCode.PROVISIONING_RESUMED.value: EventCode.PROVISIONING_SILENT,
    EventCode.WEBHOOK_RESUMED.value: EventCode.WEBHOOK_PAUSED,
}
# What lasts for no time. It counts as over once it has not happened again for QUIET.
MOMENTARY: Final = frozenset({EventCode.PRIVILEGE_GAINED.value, EventCode.BREAK_GLASS_USED.value})
QUIET: Final = timedelta(hours=1)


def key_of(code: str, object_key: str, data: Mapping[str, Any]) -> str:
    """One for each object of an event; of a connection's certificates each is a cause of its own."""
    part = f":{data.get('sha256', '')[:16]}" if code == EventCode.CERTIFICATE_EXPIRING else ""
    return f"{code}:{object_key}{part}"


def ended_key_of(code: str, object_key: str) -> str | None:
    """The key of what an event says is over; None for an event that says no such thing."""
    began = ENDING.get(code)
    return key_of(began.value, object_key, {}) if began else None


def is_worse(data: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Whether an event says more than the one that began its cause, so that there is another message.

    A key or certificate comes a step nearer to its end (30, 7, 1 days, over); what people lose is held now.
    """
    if "step" in data and "step" in before:
        return bool(data["step"] < before["step"])
    return bool(data.get("held", False) and not before.get("held", False))


def has_end_message(code: str, times: int) -> bool:
    """Whether its end is announced: of what lasts for no time only where something was counted since."""
    return code not in MOMENTARY or times > 1
