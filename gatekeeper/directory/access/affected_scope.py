"""The affected scope of a change of the site's facts: conditions for the database on whose access it could change."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, UUIDField, Value
from django.db.models.functions import Coalesce

from gatekeeper.directory.access.resolver import SiteFacts
from gatekeeper.directory.changes import MappingRecord
from gatekeeper.directory.models import EndedBecause, LastGroupPolicy, Membership, User
from gatekeeper.runtime.row_counts import common_value

LARGE = 0.1  # of all memberships: a smaller group is no help in finding who is in none
Holds = Callable[[MappingRecord], bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class AffectedScope:
    """``members``: of which groups, as a condition on memberships (empty: of any, None: of none).

    ``groupless``: people from the identity provider who are in no group. ``local``: the local administrators.
    """

    members: Q | None
    groupless: bool
    local: bool


def affected_scope_between(before: SiteFacts, after: SiteFacts) -> AffectedScope:
    """Whose access could differ between two states of the site's facts."""
    fallback_differs = _fallback(before) != _fallback(after)

    def differs(group_id: UUID | None) -> bool:
        was, would_be = _granted_by(before, group_id), _granted_by(after, group_id)
        return was != would_be or (fallback_differs and not was[2])

    named = before.mappings.keys() | after.mappings.keys()
    touched = {group_id for group_id in named if differs(group_id)}
    default_differs = differs(None)
    return AffectedScope(
        members=_in_all_but(named - touched) if default_differs else _in_any_of(touched),
        groupless=default_differs or before.last_group_policy != after.last_group_policy,
        local=fallback_differs,
    )


def groups_where(site: SiteFacts, holds: Holds, *, column: str = "group") -> Q | None:
    """The condition on memberships "in a group whose mapping fulfils ``holds``"; None: there is no such group.

    ``column`` is where the group stands; of groups themselves it is "pk".
    """
    if holds(site.default_mapping):
        return _in_all_but({group_id for group_id, mapping in site.mappings.items() if not holds(mapping)}, column)
    return _in_any_of({group_id for group_id, mapping in site.mappings.items() if holds(mapping)}, column)


def members_where(condition: Q | None, at: datetime | None = None) -> Exists | Q:
    """The condition on people "is in a group, now or at a moment, of which ``condition`` is true"."""
    if condition is None:
        return Q(pk__in=[])
    return Exists(Membership.objects.at(at).filter(condition, user=OuterRef("pk")))


def in_no_group(at: datetime | None = None) -> Q:
    """The condition on people "is in no group", now or at a moment."""
    return Q(~Exists(Membership.objects.at(at).filter(user=OuterRef("pk"))))


def outside_the_largest_group() -> Q:
    """The condition on people "not in the largest group", which is true of all who are in none. One statement.

    Beside "in no group" it leaves few people, whose memberships PostgreSQL looks up; otherwise it reads everybody's.
    """
    largest = common_value(Membership, "group_id", LARGE)
    return Q() if largest is None else Q(~members_where(Q(group=largest)))


def was_removed_last(at: datetime | None = None) -> Q:
    """The condition on people "their last membership ended by removal"; of several at once a removal counts."""
    return Q(Exists(last_removals(at).filter(user=OuterRef("pk"))))


def was_left_with_nothing() -> Q:
    """The condition on people "in no group now, and their last membership ended by removal"."""
    # As a column the person would be taken for one of those in groups, as nearly everybody is, and PostgreSQL would
    # plan for nobody who is left with nothing.
    person = Coalesce(OuterRef("user"), Value(UUID(int=0)), output_field=UUIDField())
    still_in_groups = Membership.objects.live().filter(user=person)
    return Q(Exists(last_removals().filter(~Exists(still_in_groups), user=OuterRef("pk"))))


def default_mapping_applies(site: SiteFacts, at: datetime | None = None) -> Q:
    """The condition on people from the identity provider "in no group, so they have what the Default Mapping gives"."""
    groupless = in_no_group(at)
    return groupless & ~was_removed_last(at) if site.last_group_policy == LastGroupPolicy.REVOKE else groupless


def last_removals(at: datetime | None = None) -> QuerySet[Membership]:
    """The memberships that ended by removal, and none of the same person's ended later."""
    ended = Membership.objects.filter(until__isnull=False) if at is None else Membership.objects.filter(until__lte=at)
    later = ended.filter(user=OuterRef("user"), until__gt=OuterRef("until"))
    return ended.filter(~Exists(later), ended_because=EndedBecause.REMOVED)


def who_have(site: SiteFacts, holds: Holds) -> Q:
    """The condition on active people from the identity provider "a mapping that fulfils ``holds`` applies to them"."""
    condition = Q(members_where(groups_where(site, holds)))
    if holds(site.default_mapping):
        condition |= default_mapping_applies(site)
    return condition


def could_affect(site: SiteFacts, before: SiteFacts, holds: Holds) -> bool:
    """Whether ``who_have`` could be true for somebody of ``site`` for whom it was not of ``before``. No query."""
    if holds(site.default_mapping) and (
        not holds(before.default_mapping) or site.last_group_policy != before.last_group_policy
    ):
        return True
    groups = site.mappings.keys() | before.mappings.keys()
    return any(holds(_mapping(site, group)) and not holds(_mapping(before, group)) for group in groups)


def _mapping(site: SiteFacts, group_id: UUID) -> MappingRecord:
    return site.mappings.get(group_id, site.default_mapping)


def with_last_ended(people: QuerySet[User]) -> QuerySet[User]:
    """Add ``last_ended``: why the last membership of each ended, null for people who never were in a group.

    Of several that ended at one moment a removal counts, as in ``loaders.facts_of_people``.
    """
    ended = Membership.objects.filter(user=OuterRef("pk"), until__isnull=False).order_by("-until", "-ended_because")
    return people.annotate(last_ended=Subquery(ended.values("ended_because")[:1]))


def _in_all_but(groups: set[UUID], column: str = "group") -> Q:
    return ~Q(**{f"{column}__in": sorted(groups)}) if groups else Q()


def _in_any_of(groups: set[UUID], column: str = "group") -> Q | None:
    return Q(**{f"{column}__in": sorted(groups)}) if groups else None


def _granted_by(site: SiteFacts, group_id: UUID | None) -> tuple[object, object, frozenset[UUID]]:
    mapping = site.default_mapping
    if group_id is not None:
        mapping = site.mappings.get(group_id, mapping)
    return mapping.level, mapping.permissions, mapping.team_ids & site.teams.keys()


def _fallback(site: SiteFacts) -> UUID | None:
    return site.fallback_team_id if site.fallback_team_id in site.teams else None
