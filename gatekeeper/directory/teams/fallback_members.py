"""The members of the fallback team: people whom no mapping gives a team, and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from gatekeeper.directory.access.group_sets import active_people
from gatekeeper.directory.access.loaders import access_of_many
from gatekeeper.directory.access.people_parts import NO_HINT, Parts, gives_level, granted, names_a_team
from gatekeeper.directory.access.resolver import Access, SiteFacts, Source
from gatekeeper.directory.models import Origin, Team, User
from gatekeeper.directory.teams.fallback_texts import FallbackCode, FallbackReason


@dataclass(frozen=True, slots=True)
class FallbackPerson:
    """Somebody whom no mapping gives a team, and why."""

    user: User
    access: Access
    why: FallbackReason


def people_without_own_team(site: SiteFacts, groupless: Q = NO_HINT) -> Parts:
    """Active people who have access, and whom no mapping gives a team that still exists.

    ``groupless``: as for ``granted``.
    """
    people = active_people()
    local, provisioned = people.filter(origin=Origin.LOCAL), people.filter(origin=Origin.SCIM)
    return [local, *granted(provisioned, site, gives_level, never=names_a_team(site), groupless=groupless)]


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


def _why(access: Access, deleted: dict[UUID, str]) -> FallbackReason:
    """The first reason that applies, as somebody would have to mend it."""
    sources = _own(access)
    gone = {deleted[team] for source in sources for team in source.mapping.team_ids if team in deleted}
    if gone:
        return FallbackReason(FallbackCode.TEAMS_DELETED, tuple(sorted(gone)))
    if any(source.kind == "local" for source in sources):
        return FallbackReason(FallbackCode.LOCAL_ADMINISTRATOR)
    if any(source.kind == "default" for source in sources):
        return FallbackReason(FallbackCode.IN_NO_GROUP)
    unmapped = tuple(source.name for source in sources if source.uses_default)
    own = tuple(source.name for source in sources if not source.uses_default)
    if not own:
        return FallbackReason(FallbackCode.GROUPS_UNMAPPED, unmapped)
    if not unmapped:
        return FallbackReason(FallbackCode.MAPPINGS_WITHOUT_TEAM, own)
    return FallbackReason(FallbackCode.NEITHER_WITH_TEAM, own, unmapped)
