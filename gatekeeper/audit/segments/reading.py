"""Reading the entries of a segment's file: for somebody who looks for what happened then."""

import json
from pathlib import Path
from typing import Any

from gatekeeper.audit.models import AuditEntry
from gatekeeper.audit.segments import files
from gatekeeper.runtime.command import iso_utc


def entries_of(path: Path, text: str = "") -> tuple[int, list[dict[str, Any]]]:
    """Number of the segment, and its entries that contain ``text`` anywhere, in any case. Raises: Unreadable."""
    wanted = text.casefold()

    def contains(document: dict[str, Any]) -> bool:
        return wanted in json.dumps([*document.values()], ensure_ascii=False).casefold()

    with files.opened(path) as (header, entries):
        found = map(_document, entries)
        return header.number, [each for each in found if contains(each)]


def _document(entry: AuditEntry) -> dict[str, Any]:
    """As the export of the audit trail's page has it."""
    return {
        "link": entry.position,
        "at": iso_utc(entry.at),
        "event": entry.event,
        "object": entry.object_label,
        "object_kind": entry.object_kind,
        "object_id": entry.object_id,
        "actor": entry.actor_name,
        "actor_kind": entry.actor_kind,
        "actor_id": entry.actor_id,
        "channel": entry.channel,
        "before": entry.before,
        "after": entry.after,
        "request_id": entry.request_id,
        "entry": entry.pk,
        "digest": entry.digest,
    }
