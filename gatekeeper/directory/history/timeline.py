"""What changed when in one person's access, and what brought it about: the history, read as a list of changes."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from django.db.models import Q
from django.utils import timezone

from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.access.resolver import Access
from gatekeeper.directory.access.states import state_of
from gatekeeper.directory.history.causes import Cause, causes_at
from gatekeeper.directory.history.effect_texts import Effect, EffectCode
from gatekeeper.directory.history.facts import History
from gatekeeper.directory.history.origins import WRITTEN_WITHIN
from gatekeeper.directory.permissions import Permission


@dataclass(frozen=True, slots=True)
class RecordedCause:
    """A cause with the audit entry of the change, as far as that is still kept."""

    cause: Cause
    by: str = ""
    entry_id: int | None = None

    @property
    def text(self) -> str:
        return self.cause.text


@dataclass(frozen=True, slots=True)
class Change:
    """Access became another at this moment. ``effects``: what was gained and lost, at least one."""

    at: datetime
    causes: tuple[Cause, ...]
    effects: tuple[Effect, ...]
    recorded: tuple[RecordedCause, ...] = ()

    @property
    def just_before(self) -> datetime:
        """The last moment at which the former access held."""
        return self.at - timedelta(microseconds=1)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing was gained or lost by it."""
        return all(effect.code is EffectCode.NOTHING for effect in self.effects)


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
            return RecordedCause(cause, entry.actor_name, entry.pk)
    return RecordedCause(cause, cause.by)


def _effects(before: Access | None, after: Access) -> Iterator[Effect]:
    found = [*_level(before, after), *_permissions(before, after), *_teams(before, after), *_state(before, after)]
    yield from found or [Effect(EffectCode.NOTHING)]


def _level(before: Access | None, after: Access) -> Iterator[Effect]:
    if before is None:
        yield Effect(EffectCode.LEVEL, {"level": after.level})
    elif before.level is not after.level:
        yield Effect(EffectCode.LEVEL_CHANGED, {"before": before.level, "after": after.level})


def _permissions(before: Access | None, after: Access) -> Iterator[Effect]:
    had = before.permissions if before else frozenset[Permission]()
    for permission in sorted(after.permissions - had):
        yield Effect(EffectCode.PERMISSION_GAINED, {"permission": permission})
    for permission in sorted(had - after.permissions):
        yield Effect(EffectCode.PERMISSION_LOST, {"permission": permission})


def _teams(before: Access | None, after: Access) -> Iterator[Effect]:
    had = before.teams if before else {}
    gained = (name for team, name in sorted(after.teams.items()) if team not in had)
    lost = (name for team, name in sorted(had.items()) if team not in after.teams)
    yield from (Effect(EffectCode.TEAM_GAINED, {"team": name}) for name in gained)
    yield from (Effect(EffectCode.TEAM_LOST, {"team": name}) for name in lost)


def _state(before: Access | None, after: Access) -> Iterator[Effect]:
    now = state_of(after)
    if before is None:
        yield Effect(EffectCode.STATE, {"state": now})
    elif state_of(before) is not now:
        yield Effect(EffectCode.STATE_CHANGED, {"before": state_of(before), "after": now})
