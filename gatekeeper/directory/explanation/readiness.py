"""Where each person stands: can they sign in, if not what stands in the way since when, and what is the next step."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from gatekeeper.audit.events import Event
from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.access.past import names_at
from gatekeeper.directory.access.resolver import Access
from gatekeeper.directory.access.states import Readiness, State, Words, listed, state_of
from gatekeeper.directory.history.origins import WRITTEN_WITHIN
from gatekeeper.directory.identity_linking.sync_schedule import next_sync
from gatekeeper.directory.models import ActivePeriod, EndedBecause, IdentityProvider, Membership, User

MAP_THE_WORK_EMAIL = 'Map userPrincipalName to emails[type eq "work"].value in the identity provider.'
_PAIRS = 100  # of group and moment in one statement


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the sentences about some people need beside their access; read for all of them at once."""

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


_Told = tuple[Words, str]  # what is, and the next step


def readiness_of(
    user: User, access: Access, at: datetime | None = None, received: Mapping[UUID, str] | None = None
) -> Readiness:
    """The state of one person, now or at a moment; five queries at most."""
    return readiness_of_many([user], {user.id: access}, at, received)[user.id]


def readiness_of_many(
    people: Collection[User],
    access: Mapping[UUID, Access],
    at: datetime | None = None,
    received: Mapping[UUID, str] | None = None,
) -> dict[UUID, Readiness]:
    """The state of each of a page of people, by id. ``received``: NameIDs that were refused because they differ.

    Cost: at most five queries, and one more per hundred people who were removed from their last group.
    """
    refused = received or {}
    states = {user.id: state_of(access[user.id], refused.get(user.id)) for user in people}
    facts = _facts_about(states, access, at or timezone.now(), refused)
    return {user.id: _readiness(states[user.id], _Asked(user, access[user.id], facts)) for user in people}


def _readiness(state: State, asked: _Asked) -> Readiness:
    words, next_step = _TELL[state](asked)
    return Readiness(state, words, next_step, asked.facts.due if state is State.AWAITING_SAML_SYNC else None)


def _facts_about(
    states: Mapping[UUID, State], access: Mapping[UUID, Access], moment: datetime, received: Mapping[UUID, str]
) -> _Facts:
    deactivated = [user_id for user_id, state in states.items() if state is State.DEACTIVATED]
    without = [
        user_id for user_id, state in states.items() if state is State.NO_GROUP_ACCESS and not access[user_id].sources
    ]
    return _Facts(
        next_sync(moment),
        received,
        _ends_of_activity(deactivated, moment),
        _removals(without, moment),
        State.NO_SAML_CONNECTION in states.values() and IdentityProvider.objects.at(moment).exists(),
    )


def _ends_of_activity(ids: list[UUID], moment: datetime) -> dict[UUID, datetime]:
    if not ids:
        return {}
    ended = ActivePeriod.objects.filter(user__in=ids, until__lte=moment).order_by("until")
    return {user_id: until for user_id, until in ended.values_list("user_id", "until") if until}


def _removals(ids: list[UUID], moment: datetime) -> dict[UUID, tuple[str, datetime, str]]:
    """The removal that cost each of these people their last group: which group, when and by whom."""
    if not ids:
        return {}
    ended = Membership.objects.filter(user__in=ids, until__lte=moment, ended_because=EndedBecause.REMOVED)
    rows = ended.order_by("until").values_list("user_id", "group_id", "group__display_name", "until")
    last = {user_id: (group_id, name, until) for user_id, group_id, name, until in rows if until}
    names = names_at({group_id: name for group_id, name, _ in last.values()}, moment)
    by = _removers({(group_id, until) for group_id, _, until in last.values()})
    return {
        user_id: (names[group_id], until, by.get((group_id, until), ""))
        for user_id, (group_id, _, until) in last.items()
    }


def _removers(changes: Collection[tuple[UUID, datetime]]) -> dict[tuple[UUID, datetime], str]:
    """Who changed these groups at these moments, from the audit trail; nobody where that is past its retention."""
    ordered = sorted(changes, key=lambda change: change[1])
    found: dict[tuple[UUID, datetime], str] = {}
    for start in range(0, len(ordered), _PAIRS):
        some = ordered[start : start + _PAIRS]
        entries = list(
            AuditEntry.objects.filter(reduce(or_, map(_entry_of, some)), event=Event.GROUP_MEMBERS_CHANGED)
            .order_by("id")
            .values_list("object_id", "at", "actor_name")
        )
        for group_id, until in some:
            later = (name for object_id, at, name in entries if object_id == str(group_id) and at >= until)
            found[group_id, until] = next(later, "")
    return found


def _entry_of(change: tuple[UUID, datetime]) -> Q:
    group_id, until = change
    return Q(object_kind="group", object_id=str(group_id), at__range=(until, until + WRITTEN_WITHIN))


def _awaiting(asked: _Asked) -> _Told:
    words: Words = (
        "Provisioned ",
        asked.user.created_at,
        ", awaiting the sync at ",
        asked.facts.due,
        ", then can sign in.",
    )
    return words, "Nothing to do: the SAML user sync runs by itself."


def _name_id_differs(asked: _Asked) -> _Told:
    received = asked.facts.received[asked.user.id]
    what = f"The work e-mail {asked.access.email} differs from the NameID last received, {received}."
    return (what,), MAP_THE_WORK_EMAIL


def _without_connection(asked: _Asked) -> _Told:
    where = "in Settings > Configuration > Authentication; the sync links everybody afterwards."
    if asked.facts.is_connected:
        return (f"No connection is for the domain of {asked.access.email}.",), f"Add the domain to one {where}"
    return ("No identity provider is connected.",), f"Set up SAML 2.0 {where}"


def _conflict(asked: _Asked) -> _Told:
    what = f"Another active person has the work e-mail {asked.access.email} too, so neither is linked."
    return (what,), "Change one of the two where it is kept; the next sync links both."


def _without_access(asked: _Asked) -> _Told:
    if asked.access.sources:
        names = listed(source.name for source in asked.access.sources)
        return (f"Gets no level from {names}.",), "Give one of them a level, or add the person to another group."
    if asked.user.id not in asked.facts.removals:
        return ("Is in no group that gives access.",), "Add the person to one."
    group, when, by = asked.facts.removals[asked.user.id]
    return (f"Removed from {group}{f' by {by}' if by else ''} on ", when, "."), "Add the person to a group again."


def _deactivated(asked: _Asked) -> _Told:
    ended = asked.facts.deactivated_at.get(asked.user.id)
    words: Words = ("Provisioned as inactive on ", asked.user.created_at, ".")
    if ended:
        words = ("Deactivated by the identity provider on ", ended, ".")
    return words, "Assign them to the application there again: sign-in comes back at once, with their groups."


def _deleted(asked: _Asked) -> _Told:
    words: Words = ("Deleted by the identity provider on ", asked.user.deleted_at or asked.user.updated_at, ".")
    return words, "Whoever is provisioned again becomes a new user."


_TELL: dict[State, Callable[[_Asked], _Told]] = {
    State.CAN_SIGN_IN: lambda _: (("Can sign in.",), ""),
    State.AWAITING_SAML_SYNC: _awaiting,
    State.NO_WORK_EMAIL: lambda _: (("There is no work e-mail to be linked by.",), MAP_THE_WORK_EMAIL),
    State.NAME_ID_DIFFERS: _name_id_differs,
    State.IDENTITY_CONFLICT: _conflict,
    State.NO_GROUP_ACCESS: _without_access,
    State.NO_SAML_CONNECTION: _without_connection,
    State.DEACTIVATED: _deactivated,
    State.DELETED: _deleted,
}
