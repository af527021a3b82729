"""The members of the fallback team: people whom no mapping gives a team, and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet

from gatekeeper.directory.access.affected_scope import groups_where, in_no_group, members_where, with_last_ended
from gatekeeper.directory.access.group_sets import active_people
from gatekeeper.directory.access.loaders import access_of_many
from gatekeeper.directory.access.resolver import Access, SiteFacts, Source
from gatekeeper.directory.changes import MappingRecord
from gatekeeper.directory.levels import Level
from gatekeeper.directory.models import EndedBecause, LastGroupPolicy, Origin, Team, User


@dataclass(frozen=True, slots=True)
class FallbackPerson:
    """Somebody whom no mapping gives a team, and why."""

    user: User
    access: Access
    why: str


def people_without_own_team(site: SiteFacts) -> QuerySet[User]:
    """Active people who have access, and whom no mapping gives a team that still exists. One query."""

    def gives_team(mapping: MappingRecord) -> bool:
        return bool(mapping.team_ids & site.teams.keys())

    def gives_access(mapping: MappingRecord) -> bool:
        return mapping.level is not Level.NONE

    people = active_people()
    condition = Q(origin=Origin.LOCAL) | (
        Q(members_where(groups_where(site, gives_access))) & ~Q(members_where(groups_where(site, gives_team)))
    )
    if gives_access(site.default_mapping) and not gives_team(site.default_mapping):
        groupless = Q(in_no_group(), origin=Origin.SCIM)
        if site.last_group_policy == LastGroupPolicy.REVOKE:
            people = with_last_ended(people)
            groupless &= Q(last_ended=None) | ~Q(last_ended=EndedBecause.REMOVED)
        condition |= groupless
    return people.filter(condition)


def explain_fallback(users: Iterable[User], site: SiteFacts) -> list[FallbackPerson]:
    """Why each of these people is given no team. A fixed number of queries for a page of them."""
    people = list(users)
    access = access_of_many(people, site=site)
    named = {
        team_id for each in access.values() for source in _own(each) for team_id in source.mapping.team_ids
    } - site.teams.keys()
    deleted = dict(Team.objects.filter(pk__in=named).values_list("id", "name")) if named else {}
    return [FallbackPerson(user, access[user.id], _why(access[user.id], deleted)) for user in people]


def _own(access: Access) -> list[Source]:
    return [source for source in access.sources if source.kind != "fallback"]


def _why(access: Access, deleted: dict[UUID, str]) -> str:
    """The first reason that applies, as somebody would have to mend it."""
    sources = _own(access)
    gone = sorted({deleted[team] for source in sources for team in source.mapping.team_ids if team in deleted})
    if gone:
        return f"{_listed(gone)} {'was' if len(gone) == 1 else 'were'} deleted, and no mapping names another team."
    if any(source.kind == "local" for source in sources):
        return "A local administrator; no mapping gives them a team."
    if any(source.kind == "default" for source in sources):
        return "In no group, and the Default Mapping names no team."
    unmapped = [source.name for source in sources if source.uses_default]
    own = [source.name for source in sources if not source.uses_default]
    if not own:
        has = "has no mapping of its own" if len(unmapped) == 1 else "have no mapping of their own"
        return f"{_listed(unmapped)} {has}, and the Default Mapping names no team."
    if not unmapped:
        return (
            f"The mapping{'' if len(own) == 1 else 's'} of {_listed(own)} name{'s' if len(own) == 1 else ''} no team."
        )
    return f"Neither the mapping of {_listed(own)} nor the Default Mapping, for {_listed(unmapped)}, names a team."


def _listed(names: list[str]) -> str:
    """Names in a sentence: A; A and B; A, B and 3 more."""
    if len(names) > 3:
        names = [*names[:2], f"{len(names) - 2} more"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
