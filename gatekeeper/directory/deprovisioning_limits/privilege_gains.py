"""Privilege gains (docs/rules.md#10): an alert when somebody becomes Global Administrator, and on request a hold.

The identity provider's change is held by a refusal, until an administrator approves it; the person keeps the access
of before. An administrator's own change of a mapping was confirmed by them, and is recorded only.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import entry, record_all
from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.access.affected_scope import could_affect, who_have
from gatekeeper.directory.access.loaders import SLICE, site_facts
from gatekeeper.directory.access.resolver import SiteFacts
from gatekeeper.directory.changes import MappingRecord
from gatekeeper.directory.deprovisioning_limits.approvals import approved_until
from gatekeeper.directory.deprovisioning_limits.certainty import present_limit
from gatekeeper.directory.levels import Level
from gatekeeper.directory.models import MappingVersion, PrivilegeGain, User
from gatekeeper.errors import PrivilegeHeld
from gatekeeper.events.codes import EventCode
from gatekeeper.events.models import OutboxEvent
from gatekeeper.events.outbox import emit_all, event
from gatekeeper.runtime.statements.fixed_sql import is_true, same
from gatekeeper.runtime.transactions import one_transaction

NAMED = 100  # people; of more the audit trail has the number


def gained_since(start: datetime) -> int:
    """How many people became Global Administrator since ``start``. One query."""
    return PrivilegeGain.objects.filter(at__gte=start).values("user").distinct().count()


@contextmanager
def watching_privilege_gains(ids: Collection[UUID], *, actor: Actor) -> Iterator[None]:
    """Wrap a change, inside its transaction, after which some of these people may be Global Administrators.

    Cost:   one query where no mapping grants that level.
    Raises: PrivilegeHeld when the identity provider asks for it and holding is switched on; it is then rolled back.
    """
    if not ids:
        yield
        return
    before = _global_administrators(ids)
    yield
    after = _global_administrators(ids)
    _record_gains({user_id: label for user_id, label in after.items() if user_id not in before}, actor=actor)


def record_gains_of_activated(ids: Collection[UUID], *, actor: Actor) -> None:
    """Record who of these people, none of them active before, is Global Administrator now. Raises: PrivilegeHeld."""
    if ids:
        _record_gains(_global_administrators(ids), actor=actor)


def record_gains_between(before: SiteFacts, after: SiteFacts, *, actor: Actor) -> None:
    """Record who became Global Administrator by a change of what groups grant. Raises: PrivilegeHeld."""
    if not could_affect(after, before, _is_top):
        return
    people = User.objects.provisioned().filter(active=True)
    gained = people.filter(who_have(after, _is_top)).filter(~who_have(before, _is_top))
    _record_gains({user.pk: user.label for user in gained.only("display_name", "user_name")}, actor=actor)


def top_level_default_mapping() -> QuerySet[MappingVersion]:
    """The Default Mapping where it grants Global Administrator, and nothing otherwise.

    Where it exists, people in no group may be Global Administrators and may configure: leaving the last group may give
    that, and joining one may take it.
    """
    return MappingVersion.objects.live().filter(group=None, level=Level.GLOBAL_ADMINISTRATOR.value)


def default_mapping_is_top_level() -> bool:
    """Whether ``top_level_default_mapping`` exists. One query."""
    return is_true(_TOP_LEVEL_DEFAULT, {})


# The same as a condition of a statement.
TOP_LEVEL_DEFAULT = (
    "EXISTS (SELECT 1 FROM directory_mappingversion"  # noqa: S608 - constants
    f" WHERE group_id IS NULL AND until IS NULL AND level = {Level.GLOBAL_ADMINISTRATOR.value})"
)
_TOP_LEVEL_DEFAULT = same(f"SELECT {TOP_LEVEL_DEFAULT}")
_TOP_LEVEL = same("SELECT EXISTS (SELECT 1 FROM directory_mappingversion WHERE until IS NULL AND level = %(level)s)")


def record_gains_of_new_users(people: Collection[User], *, actor: Actor) -> None:
    """Record the active ones of these new people: in no group, and the Default Mapping is of the top level.

    Raises: PrivilegeHeld.
    """
    _record_gains({user.pk: user.label for user in people if user.active}, actor=actor)


@one_transaction()
def alert_held_gain(held: PrivilegeHeld, *, actor: Actor) -> None:
    """Alert about each person whose gain is held, once a window. The endpoint calls it after the rollback."""
    start = timezone.now() - timedelta(minutes=present_limit().minutes)
    known = AuditEntry.objects.filter(
        object_kind="user", object_id__in=[str(key) for key in held.people], event=Event.PRIVILEGE_HELD, at__gte=start
    )
    recorded = set(known.values_list("object_id", flat=True))
    _record(Event.PRIVILEGE_HELD, {key: name for key, name in held.people.items() if str(key) not in recorded}, actor)


def _record_gains(gained: Mapping[UUID, str], *, actor: Actor) -> None:
    if not gained:
        return
    now = timezone.now()
    if actor.is_provisioning and present_limit().hold and approved_until(now) is None:
        raise PrivilegeHeld(gained)
    PrivilegeGain.objects.bulk_create(
        [PrivilegeGain(user_id=user_id, at=now, made_by=actor.name[:300]) for user_id in gained], batch_size=500
    )
    _record(Event.PRIVILEGE_GAINED, gained, actor)


def _record(audited: Event, people: Mapping[UUID, str], actor: Actor) -> None:
    """An audit entry and an event for each of them; of a crowd for the first hundred, and one with the number."""
    if not people:
        return
    named = sorted(people.items(), key=str)[:NAMED]
    entries = [entry(audited, actor=actor, kind="user", object_id=key, label=label) for key, label in named]
    events = [
        _event("user", key, {"user": {"id": str(key), "display_name": label}}, audited, actor) for key, label in named
    ]
    if len(people) > NAMED:
        more = len(people) - NAMED
        label, after = f"{more} more people", {"more": more}
        entries.append(entry(audited, actor=actor, kind="site", object_id="privileges", label=label, after=after))
        events.append(_event("site", "privileges", {"more_people": more}, audited, actor))
    record_all(entries)
    emit_all(events)


def _event(kind: str, object_id: object, facts: Mapping[str, Any], audited: Event, actor: Actor) -> OutboxEvent:
    data = {**facts, "level": Level.GLOBAL_ADMINISTRATOR.slug, "held": audited is Event.PRIVILEGE_HELD}
    return event(EventCode.PRIVILEGE_GAINED, actor=actor, kind=kind, object_id=object_id, data=data)


def _global_administrators(ids: Collection[UUID]) -> dict[UUID, str]:
    """The Global Administrators among these people, with their names."""
    if not is_true(_TOP_LEVEL, {"level": Level.GLOBAL_ADMINISTRATOR.value}):
        return {}
    people = User.objects.provisioned().filter(who_have(site_facts(), _is_top), active=True)
    ordered, found = sorted(ids), dict[UUID, str]()
    for start in range(0, len(ordered), SLICE):
        some = people.filter(pk__in=ordered[start : start + SLICE]).only("display_name", "user_name")
        found |= {user.pk: user.label for user in some}
    return found


def _is_top(mapping: MappingRecord) -> bool:
    return mapping.level is Level.GLOBAL_ADMINISTRATOR
