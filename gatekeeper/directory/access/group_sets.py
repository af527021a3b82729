"""Group sets: people who are in the same groups have the same access, so it is computed once for each set of groups."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Aggregate, Exists, F, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast

from gatekeeper.directory.access.affected_scope import AffectedScope, in_no_group, last_removals
from gatekeeper.directory.access.resolver import Access, PersonFacts, SiteFacts, effective_access
from gatekeeper.directory.models import ActivePeriod, EndedBecause, Membership, Origin, User

NOBODY = UUID(int=0)
FEW = 5000  # memberships of which the people are looked up one by one


class JoinedIds(Aggregate):
    """The ids of a set as one text, in whatever order: five times less to fetch than a row for each."""

    template = "%(function)s(%(expressions)s, ',')"
    output_field = TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, function="GROUP_CONCAT", **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, template="STRING_AGG(%(expressions)s::text, ',')", **context)


@dataclass(frozen=True, slots=True)
class GroupSet:
    """All that access depends on in a person's own facts.

    ``last_ended`` is only stated for people in no group; it is None for those who never were in one.
    """

    local: bool = False
    groups: frozenset[UUID] = frozenset()
    last_ended: str | None = None

    def access(self, site: SiteFacts) -> Access:
        """The access of everybody with this group set, by the same pure function as for one person."""
        return effective_access(
            PersonFacts(
                user_id=NOBODY,
                user_name="",
                email=None,
                active=True,
                deleted=False,
                local=self.local,
                groups=[(group_id, "") for group_id in self.groups],
                last_ended=self.last_ended,
                linked=False,
                conflicting=False,
            ),
            site,
        )


def active_people(at: datetime | None = None) -> QuerySet[User]:
    """Everybody who was active at a moment (None: is active now), local administrators included."""
    if at is None:
        return User.objects.live().filter(active=True)
    return User.objects.filter(
        Q(deleted_at=None) | Q(deleted_at__gt=at), Exists(ActivePeriod.objects.at(at).filter(user=OuterRef("pk")))
    )


class IdText(Cast):
    """An id as text."""

    def get_group_by_cols(self) -> list[Any]:
        """Grouped by the id alone: as a second key its text would be hashed and compared for each row."""
        return [column for source in self.get_source_expressions() for column in source.get_group_by_cols()]


def id_text(name: str) -> IdText:
    """An id as text, as the database writes it: a hundred thousand of them are fetched faster than UUIDs."""
    return IdText(name, TextField())


def member_rows(scope: AffectedScope) -> Iterator[tuple[str, str]]:
    """Active people in the groups that are in scope: the id, and the ids of all their groups, as texts.

    Two queries at most. Where many are in scope, all memberships are read: to find theirs would take another reading.
    """
    if scope.members is None:
        return
    memberships = Membership.objects.live().filter(user__in=active_people())
    theirs = Membership.objects.live().filter(scope.members)
    if scope.members and theirs.order_by()[: FEW + 1].count() <= FEW:
        memberships = memberships.filter(user__in=theirs.values("user"))
    rows = _joined(memberships).annotate(id_text=id_text("user")).values_list("id_text", "joined")
    yield from rows.iterator(chunk_size=5000)


def groupless_rows(scope: AffectedScope) -> Iterator[tuple[str, bool, str | None]]:
    """Active people in no group that are in scope: the id, whether local, and whether their last membership ended by
    removal (nothing else about it matters). Two queries.
    """
    origins = [Origin.SCIM] * scope.groupless + [Origin.LOCAL] * scope.local
    if not origins:
        return
    # A list of its own: the two conditions on one person would read everybody's memberships twice.
    ended = last_removals().annotate(id_text=id_text("user")).values_list("id_text", flat=True)
    removed = frozenset(ended.iterator(chunk_size=5000)) if scope.groupless else frozenset[str]()
    people = active_people().filter(in_no_group(), origin__in=origins).order_by().annotate(id_text=id_text("id"))
    for user_id, origin in people.values_list("id_text", "origin").iterator(chunk_size=5000):
        yield user_id, origin == Origin.LOCAL, EndedBecause.REMOVED if user_id in removed else None


def _joined(memberships: QuerySet[Membership]) -> QuerySet[Any, Any]:
    return memberships.order_by().values("user").annotate(joined=JoinedIds(F("group")))
