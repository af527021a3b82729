"""An example of each event in both forms, made by what sends it: docs/siem-events.md is this text."""

from datetime import UTC, datetime
from typing import Any, Final

from gatekeeper.audit.events import Event
from gatekeeper.audit.models import AuditEntry
from gatekeeper.audit.stream.messages import Message
from gatekeeper.audit.stream.ocsf import SYSLOG_SEVERITIES, document, encode, ocsf_event
from gatekeeper.audit.stream.ocsf_events import ACTIVITIES, CLASS_NAMES, OCSF_EVENTS, OTHER, OcsfClass
from gatekeeper.audit.stream.syslog import syslog_message

_HEADING: Final = """# The events of the SIEM stream

One example of each event of the audit trail: as an OCSF document, and as a syslog message. [siem.md](siem.md) says what
the parts mean. `manage.py stream examples` writes this page; `before` and `after` hold what changed, and are as
different as the events are. Digests and MACs are cut short here.
"""
CURRENT: Final = tuple(event for event in Event if not event.name.startswith("RETIRED_"))
_HOST: Final = "gatekeeper.example.com"
_ADA: Final = "7b1c1f8a-3c52-4a37-9a53-0d9c6a1f9e11"
_BEN: Final = "0c5a4d5e-8f0e-4f7b-b6a5-2a6d1c7e4b22"
_SHORT: Final = "..."
# What the entries of these events say of their change; the others' say nothing here.
_AFTER: Final[dict[Event, dict[str, Any]]] = {
    Event.GROUP_MEMBERS_CHANGED: {"added": {"count": 1, "ids": [_BEN]}, "removed": {"count": 0, "ids": []}},
    Event.MAPPING_SET: {"level": "collaborator", "permissions": ["reports"], "teams": []},
    Event.SIGN_INS_ENDED: {"sessions": 1, "because": "signed_out"},
    Event.STREAM_REPLAYED: {"from": 1, "entries": 41},
}
_KINDS: Final = {
    OcsfClass.ACCOUNT_CHANGE: ("user", "ben@example.com"),
    OcsfClass.AUTHENTICATION: ("user", "ben@example.com"),
    OcsfClass.USER_ACCESS_MANAGEMENT: ("user", "ben@example.com"),
    OcsfClass.GROUP_MANAGEMENT: ("group", "GK Finance"),
}


def example(event: Event) -> Message:
    """A linked entry of this event, the 42nd of the trail."""
    kind, label = _KINDS.get(OCSF_EVENTS[event].kind, (event.value.partition(".")[0], "Example"))
    entry = AuditEntry(
        id=42,
        at=datetime(2026, 12, 1, 9, 30, 0, 125000, tzinfo=UTC),
        event=event.value,
        actor_kind="person",
        actor_name="ada@example.com",
        actor_id=_ADA,
        channel="pages",
        request_id="1f0e9c",
        object_kind=kind,
        object_id=_BEN,
        object_label=label,
        after=_AFTER.get(event),
        position=42,
        digest=f"9c1e{_SHORT}",
        mac=f"51f0{_SHORT}",
        key_hint="a1b2c3d4",
        writer="w",
    )
    return Message(entry, f"77ab{_SHORT}", "trail")


def forms(event: Event) -> dict[str, Any]:
    """The example in both forms."""
    message = example(event)
    return {"ocsf": document(message), "syslog": syslog_message(message, _HOST).decode()}


def markdown() -> str:
    """All of them, as a page."""
    return "\n".join([_HEADING, *(_section(event) for event in CURRENT)]).rstrip()


def _section(event: Event) -> str:
    found, shown = ocsf_event(event.value), forms(event)
    activity = ACTIVITIES[found.kind].get(found.activity, OTHER)
    severity = f"{found.severity.name.lower()} ({int(found.severity)})"
    facts = (
        f"{CLASS_NAMES[found.kind]} ({int(found.kind)}), {found.activity} ({activity}); severity {severity}, "
        f"in syslog {SYSLOG_SEVERITIES[found.severity]}."
    )
    return (
        f"## `{event.value}`\n\n{facts}\n\n```json\n{encode(shown['ocsf'])}\n```\n\n```text\n{shown['syslog']}\n```\n"
    )
