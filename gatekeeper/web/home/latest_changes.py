"""The newest changes in words: what one actor did many times is one line."""

from collections.abc import Sequence
from dataclasses import dataclass

from gatekeeper.audit.events import Event
from gatekeeper.audit.models import AuditEntry
from gatekeeper.web.framework.changes.object_texts import is_made

READ, SHOWN = 500, 8  # entries; lines of them
NO_CHANGES = frozenset({Event.SIGN_IN_ACCEPTED, Event.SIGN_IN_REFUSED, Event.SIGN_INS_ENDED, Event.SIGN_IN_RENEWED})


@dataclass(frozen=True, slots=True)
class Change:
    """``entry``: the newest one of the line. ``others``: how many of the same kind by the same actor came before it."""

    entry: AuditEntry
    others: int


def latest_changes() -> list[Change]:
    """Of the newest entries. Two statements: what an entry holds is read of those that are shown."""
    entries = AuditEntry.objects.only("id", "at", "event", "actor_kind", "actor_name", "object_label")[:READ]
    lines: dict[tuple[str, str, str], list[AuditEntry]] = {}
    for entry in entries:
        if entry.event not in NO_CHANGES:
            lines.setdefault((entry.event, entry.actor_kind, entry.actor_name), []).append(entry)
    shown = [Change(same[0], len(same) - 1) for same in list(lines.values())[:SHOWN]]
    _complete([change.entry for change in shown if is_made(change.entry.event)])
    return shown


def _complete(entries: Sequence[AuditEntry]) -> None:
    """Read what the texts of these entries are made of."""
    whole = AuditEntry.objects.in_bulk([entry.pk for entry in entries])
    for entry in entries:
        held = whole[entry.pk]
        entry.object_kind, entry.object_id = held.object_kind, held.object_id
        entry.before, entry.after = held.before, held.after
