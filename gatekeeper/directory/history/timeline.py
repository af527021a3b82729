"""What changed when in one person's access, and what brought it about: the history, read as a list of changes."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import Q
from django.utils import timezone

from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.access.resolver import Access
from gatekeeper.directory.access.states import state_of
from gatekeeper.directory.history.causes import Cause, causes_at
from gatekeeper.directory.history.facts import History
from gatekeeper.directory.history.origins import WRITTEN_WITHIN
from gatekeeper.directory.permissions import Permission


@dataclass(frozen=True, slots=True)
class RecordedCause:
    """The text of a cause with the audit entry of the change, as far as that is still kept."""

    text: str
    by: str = ""
    entry_id: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """Access became another at this moment. ``effects``: what was gained and lost, in words, at least one line."""

    at: datetime
    causes: tuple[Cause, ...]
    effects: tuple[str, ...]
    recorded: tuple[RecordedCause, ...] = ()


def timeline(history: History) -> list[Change]:
    """Every moment at which the person's access changed, newest first. No query."""
    now, before = timezone.now(), None
    changes: list[Change] = []
    for moment in history.moments:
        if moment > now:
            break
        after = history.access_at(moment)
        if before is None or before.as_document() != after.as_document():
            changes.append(Change(moment, tuple(causes_at(history, moment)), tuple(_effects(before, after))))
        before = after
    return changes[::-1]


def with_entries(changes: Sequence[Change]) -> list[Change]:
    """The same with their audit entries: a page of changes, one query."""
    if not changes:
        return []
    conditions = [_entries_of(change) for change in changes if change.causes]
    found = AuditEntry.objects.filter(reduce(or_, conditions, Q(pk=None))).defer("before", "after").order_by("id")
    entries = list(found)
    return [
        replace(change, recorded=tuple(_recorded(cause, change.at, entries) for cause in change.causes))
        for change in changes
    ]


def _entries_of(change: Change) -> Q:
    return Q(
        at__range=(change.at, change.at + WRITTEN_WITHIN),
        object_id__in={cause.object_id for cause in change.causes},
        event__in={event for cause in change.causes for event in cause.events},
    )


def _recorded(cause: Cause, at: datetime, entries: Collection[AuditEntry]) -> RecordedCause:
    """The first entry of the right kind from that moment on: the service wrote it in the transaction of the change."""
    for entry in entries:
        fits = entry.object_id == cause.object_id and entry.event in cause.events
        if fits and at <= entry.at <= at + WRITTEN_WITHIN:
            return RecordedCause(cause.text, entry.actor_name, entry.pk)
    return RecordedCause(cause.text, cause.by)


def _effects(before: Access | None, after: Access) -> Iterator[str]:
    lines = [*_level(before, after), *_permissions(before, after), *_teams(before, after), *_state(before, after)]
    yield from lines or ["Nothing gained or lost by it."]


def _level(before: Access | None, after: Access) -> Iterator[str]:
    if before is None:
        yield f"Level: {after.level.label}"
    elif before.level is not after.level:
        yield f"Level: {before.level.label} → {after.level.label}"


def _permissions(before: Access | None, after: Access) -> Iterator[str]:
    had = before.permissions if before else frozenset[Permission]()
    yield from (f"Gained permission {permission.label}" for permission in sorted(after.permissions - had))
    yield from (f"Lost permission {permission.label}" for permission in sorted(had - after.permissions))


def _teams(before: Access | None, after: Access) -> Iterator[str]:
    had = before.teams if before else {}
    yield from (f"Gained team {name}" for team, name in sorted(after.teams.items()) if team not in had)
    yield from (f"Lost team {name}" for team, name in sorted(had.items()) if team not in after.teams)


def _state(before: Access | None, after: Access) -> Iterator[str]:
    now = state_of(after)
    if before is None:
        yield f"Sign-in: {now.label}"
    elif state_of(before) is not now:
        yield f"Sign-in: {state_of(before).label} → {now.label}"
