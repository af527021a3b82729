"""Readiness of people: can they sign in, and if not, what prevents it since when, as a code with parameters."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from gatekeeper.audit.events import Event
from gatekeeper.directory.access.loaders import ends_of_memberships
from gatekeeper.directory.access.past import names_at
from gatekeeper.directory.access.readiness_texts import ReadinessCode
from gatekeeper.directory.access.resolver import Access, Removal
from gatekeeper.directory.access.states import Readiness, State, state_of
from gatekeeper.directory.history.facts import History, holds
from gatekeeper.directory.history.origins import who
from gatekeeper.directory.identity_linking.sync_schedule import next_sync
from gatekeeper.directory.models import ActivePeriod, EndedBecause, IdentityProvider, User
from gatekeeper.language_forms import listed


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the reasons of some people need beside their access; loaded for all of them at once."""

    due: datetime
    received: Mapping[UUID, str]
    deactivated_at: Mapping[UUID, datetime]
    removals: Mapping[UUID, tuple[str, datetime, str]]  # group, when, by whom ("" when the entry is gone)
    is_connected: bool


@dataclass(frozen=True, slots=True)
class _Asked:
    user: User
    access: Access
    facts: _Facts


_Reason = tuple[ReadinessCode, dict[str, str | datetime]]  # with the parameters of its text


def readiness_of(
    history: History, access: Access, at: datetime | None = None, received: Mapping[UUID, str] | None = None
) -> Readiness:
    """The state of one person whose history has been read, now or at a moment; one query, of who was removed."""
    user, moment, refused = history.user, at or timezone.now(), received or {}
    state = state_of(access, refused.get(user.id))
    ends = [period.until for period in history.active if period.until and period.until <= moment]
    facts = _Facts(
        next_sync(moment),
        refused,
        {user.id: max(ends)} if ends else {},
        _removal_in(history, at) if _is_without_sources(state, access) else {},
        any(holds(provider, moment) for provider in history.providers),
    )
    return _readiness(state, _Asked(user, access, facts))


def readiness_of_many(
    people: Collection[User],
    access: Mapping[UUID, Access],
    at: datetime | None = None,
    received: Mapping[UUID, str] | None = None,
    removals: Mapping[UUID, Removal] | None = None,
) -> dict[UUID, Readiness]:
    """The state of each of a page of people, by id. ``received``: NameIDs that were refused because they differ.

    ``removals``: of each who is in no group the last one, for whoever has loaded them with their facts.
    Cost: at most five queries, four with ``removals``, and one more per hundred people who were removed from their last
          group.
    """
    refused = received or {}
    states = {user.id: state_of(access[user.id], refused.get(user.id)) for user in people}
    facts = _facts_about(states, access, at, refused, removals)
    return {user.id: _readiness(states[user.id], _Asked(user, access[user.id], facts)) for user in people}


def _readiness(state: State, asked: _Asked) -> Readiness:
    code, parameters = _REASONS[state](asked)
    return Readiness(state, code, parameters, asked.facts.due if state is State.AWAITING_SAML_SYNC else None)


def _facts_about(
    states: Mapping[UUID, State],
    access: Mapping[UUID, Access],
    at: datetime | None,
    received: Mapping[UUID, str],
    removals: Mapping[UUID, Removal] | None,
) -> _Facts:
    moment = at or timezone.now()
    deactivated = [user_id for user_id, state in states.items() if state is State.DEACTIVATED]
    without = [user_id for user_id, state in states.items() if _is_without_sources(state, access[user_id])]
    return _Facts(
        next_sync(moment),
        received,
        _ends_of_activity(deactivated, moment),
        _removals(without, at, removals),
        State.NO_SAML_CONNECTION in states.values() and IdentityProvider.objects.trusted().at(moment).exists(),
    )


def _is_without_sources(state: State, access: Access) -> bool:
    """Whether the reason may be a removal from the last group."""
    return state is State.NO_GROUP_ACCESS and not access.sources


def _ends_of_activity(ids: list[UUID], moment: datetime) -> dict[UUID, datetime]:
    if not ids:
        return {}
    ended = ActivePeriod.objects.filter(user__in=ids, until__lte=moment).order_by("until")
    return {user_id: until for user_id, until in ended.values_list("user_id", "until") if until}


def _removals(
    ids: list[UUID], at: datetime | None, known: Mapping[UUID, Removal] | None
) -> dict[UUID, tuple[str, datetime, str]]:
    """The removal that cost each of these people their last group: which group, when and by whom."""
    if not ids:
        return {}
    removals = ends_of_memberships(ids, at)[1] if known is None else known
    last = {user_id: removals[user_id] for user_id in ids if user_id in removals}
    names = names_at({each.group_id: each.group for each in last.values()}, at)
    by = who(Event.GROUP_MEMBERS_CHANGED, {(str(each.group_id), each.at) for each in last.values()})
    return {user_id: (names[each.group_id], each.at, by[str(each.group_id), each.at]) for user_id, each in last.items()}


def _removal_in(history: History, at: datetime | None) -> dict[UUID, tuple[str, datetime, str]]:
    """The same for the one person of a history."""
    removed = [
        (membership.until, membership.group)
        for membership in history.memberships
        if membership.until
        and membership.ended_because == EndedBecause.REMOVED
        and (at is None or membership.until <= at)
    ]
    if not removed:
        return {}
    until, group = max(removed, key=lambda removal: removal[0])
    name = group.display_name if at is None else history.name_at(group.id, group.display_name, at)
    change = (str(group.id), until)
    return {history.user.id: (name, until, who(Event.GROUP_MEMBERS_CHANGED, [change])[change])}


def _awaiting(asked: _Asked) -> _Reason:
    return ReadinessCode.AWAITING_SYNC, {"created": asked.user.created_at, "due": asked.facts.due}


def _name_id_differs(asked: _Asked) -> _Reason:
    received = asked.facts.received[asked.user.id]
    return ReadinessCode.NAME_ID_DIFFERS, {"email": str(asked.access.email), "received": received}


def _without_connection(asked: _Asked) -> _Reason:
    if asked.facts.is_connected:
        return ReadinessCode.NO_CONNECTION_FOR_DOMAIN, {"email": str(asked.access.email)}
    return ReadinessCode.NO_CONNECTION, {}


def _conflict(asked: _Asked) -> _Reason:
    return ReadinessCode.CONFLICT, {"email": str(asked.access.email)}


def _without_access(asked: _Asked) -> _Reason:
    if asked.access.sources:
        return ReadinessCode.NO_LEVEL, {"sources": listed([source.name for source in asked.access.sources])}
    if asked.user.id not in asked.facts.removals:
        return ReadinessCode.IN_NO_GROUP, {}
    group, when, by = asked.facts.removals[asked.user.id]
    if by:
        return ReadinessCode.REMOVED_BY, {"group": group, "by": by, "at": when}
    return ReadinessCode.REMOVED, {"group": group, "at": when}


def _deactivated(asked: _Asked) -> _Reason:
    ended = asked.facts.deactivated_at.get(asked.user.id)
    if ended:
        return ReadinessCode.DEACTIVATED, {"at": ended}
    return ReadinessCode.PROVISIONED_INACTIVE, {"at": asked.user.created_at}


def _deleted(asked: _Asked) -> _Reason:
    return ReadinessCode.DELETED, {"at": asked.user.deleted_at or asked.user.updated_at}


_REASONS: dict[State, Callable[[_Asked], _Reason]] = {
    State.CAN_SIGN_IN: lambda _: (ReadinessCode.CAN_SIGN_IN, {}),
    State.AWAITING_SAML_SYNC: _awaiting,
    State.NO_WORK_EMAIL: lambda _: (ReadinessCode.NO_WORK_EMAIL, {}),
    State.NAME_ID_DIFFERS: _name_id_differs,
    State.IDENTITY_CONFLICT: _conflict,
    State.NO_GROUP_ACCESS: _without_access,
    State.NO_SAML_CONNECTION: _without_connection,
    State.DEACTIVATED: _deactivated,
    State.DELETED: _deleted,
}
