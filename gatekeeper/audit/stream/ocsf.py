"""An audit entry as an OCSF document. Pure; which class an event is stands in ``ocsf_events.py``."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from gatekeeper.audit.events import Event
from gatekeeper.audit.models import AuditEntry
from gatekeeper.audit.stream.messages import TEST_EVENT, Message, instant_text
from gatekeeper.audit.stream.ocsf_events import (
    ACTIVITIES,
    CATEGORY_NAMES,
    CLASS_NAMES,
    OCSF_EVENTS,
    OCSF_VERSION,
    OTHER,
    UNKNOWN,
    OcsfClass,
    OcsfEvent,
    Severity,
)

PRODUCT: Final = {"name": "Gatekeeper", "vendor_name": "Gatekeeper"}
_EVENTS: Final = {event.value: ocsf for event, ocsf in OCSF_EVENTS.items()}
_SUCCESS, _FAILURE, _NEW, _RESOLVED = 1, 2, 1, 4
_USER, _NOT_LISTED = 1, 99
_USER_NAME, _USER_UID = 4, 31  # types of observables

encode: Callable[[Any], str] = json.JSONEncoder(separators=(",", ":")).encode  # ASCII: a line, whatever a name holds


def ocsf_event(event: str) -> OcsfEvent:
    """The class, activity and severity of an event's code; one that this version does not know is an entity's."""
    return _EVENTS.get(event, UNKNOWN)


def document(message: Message) -> dict[str, Any]:
    """The event in OCSF; all that the entry says and its place in the chain stand in ``unmapped``."""
    entry = message.entry
    found = ocsf_event(entry.event)
    activity = _activity(entry, found)
    return {
        **_classified(found, activity),
        "time": int(entry.at.timestamp() * 1000),
        "message": f"{entry.event}: {entry.object_label}" if entry.object_label else entry.event,
        "metadata": {
            "version": OCSF_VERSION,
            "product": PRODUCT,
            "uid": f"{message.trail}:{message.position}",
            "sequence": message.position,
            "event_code": entry.event,
            "log_name": "audit trail",
            "original_time": instant_text(entry),
            **({"correlation_uid": entry.request_id} if entry.request_id else {}),
        },
        **_about(entry, found.kind),
        "observables": _observables(entry),
        "unmapped": {"chain": message.chain(), "entry": message.said()},
    }


def test_document(stream_id: str, now: datetime) -> dict[str, Any]:
    """What a test sends: an event of its own, which has no place in the chain."""
    return {
        **_classified(OcsfEvent(OcsfClass.ENTITY_MANAGEMENT, "Read"), "Read"),
        "time": int(now.timestamp() * 1000),
        "message": "A test of the SIEM stream.",
        "metadata": {
            "version": OCSF_VERSION,
            "product": PRODUCT,
            "event_code": TEST_EVENT,
            "original_time": now.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        },
        "entity": {"uid": stream_id, "type": "stream", "type_id": _NOT_LISTED},
    }


def _classified(found: OcsfEvent, activity: str) -> dict[str, Any]:
    activity_id = ACTIVITIES[found.kind].get(activity, OTHER)
    category = found.kind // 1000
    return {
        "class_uid": int(found.kind),
        "class_name": CLASS_NAMES[found.kind],
        "category_uid": category,
        "category_name": CATEGORY_NAMES[category],
        "activity_id": activity_id,
        "activity_name": activity,
        "type_uid": found.kind * 100 + activity_id,
        "type_name": f"{CLASS_NAMES[found.kind]}: {activity if activity_id != OTHER else 'Other'}",
        "severity_id": int(found.severity),
        "severity": found.severity.name.capitalize(),
        **_status(found, activity),
    }


def _status(found: OcsfEvent, activity: str) -> dict[str, Any]:
    if found.kind is OcsfClass.DETECTION_FINDING:
        closed = activity == "Close"
        return {"status_id": _RESOLVED if closed else _NEW, "status": "Resolved" if closed else "New"}
    failed = found.failed
    return {"status_id": _FAILURE if failed else _SUCCESS, "status": "Failure" if failed else "Success"}


def _activity(entry: AuditEntry, found: OcsfEvent) -> str:
    """Members were added, removed, or both in one change, for which OCSF has no activity."""
    if entry.event != Event.GROUP_MEMBERS_CHANGED:
        return found.activity
    added, removed = (_count(entry.after, name) for name in ("added", "removed"))
    if bool(added) == bool(removed):
        return found.activity
    return "Add User" if added else "Remove User"


def _count(after: Any, name: str) -> int:
    named = after.get(name) if isinstance(after, dict) else None
    return int(named.get("count", 0)) if isinstance(named, dict) else 0


def _actor(entry: AuditEntry) -> dict[str, Any]:
    """A person; or what acts for nobody: a credential, the scheduler, a command, an identity provider."""
    if entry.actor_kind == "person":
        return {"user": _user(entry.actor_id, entry.actor_name)}
    named = {"app_name": entry.actor_name or entry.actor_kind}
    return named | ({"app_uid": entry.actor_id} if entry.actor_id else {})


def _user(uid: str, name: str) -> dict[str, Any]:
    known = {"uid": uid, "name": name}
    return {each: text for each, text in known.items() if text} | {"type_id": _USER, "type": "User"}


def _about(entry: AuditEntry, kind: OcsfClass) -> dict[str, Any]:
    """Who acted, and on what, as the class wants it; a finding has nobody who acts."""
    label = entry.object_label or entry.object_id or entry.object_kind
    if kind is OcsfClass.DETECTION_FINDING:
        return {"finding_info": {"uid": f"{entry.event}:{entry.pk}", "title": entry.event, "desc": label}}
    actor = _actor(entry)
    if kind is OcsfClass.GROUP_MANAGEMENT:
        privileges = _privileges(entry)
        group = {"uid": entry.object_id, "name": label}
        return {"actor": actor, "group": group} | ({"privileges": privileges} if privileges else {})
    if kind is OcsfClass.ENTITY_MANAGEMENT:
        named = {"uid": entry.object_id, "name": label}
        named = {each: text for each, text in named.items() if text}
        return {"actor": actor, "entity": {**named, "type": entry.object_kind, "type_id": _NOT_LISTED}}
    user = _user(entry.object_id if entry.object_kind == "user" else "", label)
    if kind is OcsfClass.AUTHENTICATION:
        return {"actor": actor, "user": user, "service": {"name": PRODUCT["name"]}}
    if kind is OcsfClass.USER_ACCESS_MANAGEMENT:  # of the one privilege that is watched
        return {"actor": actor, "user": user, "privileges": ["global_administrator"]}
    return {"actor": actor, "user": user}


def _privileges(entry: AuditEntry) -> list[str]:
    """Of a mapping: its level and permissions, as they are now, or were."""
    mapping = entry.after if isinstance(entry.after, dict) else entry.before
    if not isinstance(mapping, dict) or not isinstance(mapping.get("level"), str):
        return []
    return [mapping["level"], *map(str, mapping.get("permissions") or ())]


def _observables(entry: AuditEntry) -> list[dict[str, Any]]:
    """Who acted and to whom, so that a search for a person finds both."""
    people = []
    if entry.actor_kind == "person":
        people.append(("actor.user", entry.actor_name, entry.actor_id))
    if entry.object_kind == "user":
        people.append(("user", entry.object_label, entry.object_id))
    return [
        {"name": f"{path}.{member}", "value": value, "type_id": type_id}
        for path, name, uid in people
        for member, value, type_id in (("name", name, _USER_NAME), ("uid", uid, _USER_UID))
        if value
    ]


SYSLOG_SEVERITIES: Final = {
    Severity.INFORMATIONAL: 6,
    Severity.LOW: 5,
    Severity.MEDIUM: 4,
    Severity.HIGH: 3,
    Severity.CRITICAL: 2,
}
