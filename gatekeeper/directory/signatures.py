"""People in bulk: whoever is in the same groups has the same access, so it is worked out once for all of them.

A *signature* is all that access depends on in a person's own facts. The database groups people by it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import (
    Aggregate,
    Case,
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from gatekeeper.directory.access import Access, PersonFacts, SiteFacts, effective_access
from gatekeeper.directory.models import ActivePeriod, EndedBecause, Membership, Origin, User
from gatekeeper.directory.models.periods import holds_at

NOBODY = UUID(int=0)
COLUMNS = ("origin", "joined", "last_ended")


class JoinedIds(Aggregate):
    """The ids of a set as one text, in whatever order; ``Signature.read`` puts them in order."""

    template = "%(function)s(%(expressions)s, ',')"
    output_field = TextField()
    allow_distinct = False

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, function="GROUP_CONCAT", **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        template = "STRING_AGG(%(expressions)s::text, ',' ORDER BY %(expressions)s)"
        return self.as_sql(compiler, connection, template=template, **context)


@dataclass(frozen=True, slots=True)
class Signature:
    """``last_ended`` is only stated for people in no group; it is None for those who never were in one."""

    local: bool
    groups: frozenset[UUID]
    last_ended: str | None

    @classmethod
    def read(cls, origin: str, joined: str, last_ended: str) -> "Signature":
        """From the three columns of ``with_signature``."""
        groups = frozenset(UUID(part) for part in joined.split(",")) if joined else frozenset[UUID]()
        return cls(origin == Origin.LOCAL, groups, last_ended or None)

    def access(self, site: SiteFacts) -> Access:
        """What everybody with this signature has: the same pure function as for one person."""
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
    """Whoever was active at a moment (None: is active now), local administrators included."""
    if at is None:
        return User.objects.live().filter(active=True)
    return User.objects.filter(
        Q(deleted_at=None) | Q(deleted_at__gt=at), Exists(ActivePeriod.objects.at(at).filter(user=OuterRef("pk")))
    )


def with_signature(people: QuerySet[User], at: datetime | None = None) -> QuerySet[User]:
    """Add the columns ``joined`` and ``last_ended`` that ``Signature.read`` wants beside ``origin``."""
    own = Membership.objects.filter(user=OuterRef("pk")).order_by()
    groups = own.filter(holds_at(at)).values("user")
    # Of several that ended at one moment, a removal counts: it revokes.
    removed_first = Case(When(ended_because=EndedBecause.REMOVED, then=Value(0)), default=Value(1))
    last = own.filter(until__lte=at or timezone.now()).order_by("-until", removed_first)
    joined = Subquery(groups.annotate(ids=JoinedIds(F("group"))).values("ids"))
    why = Case(When(Exists(groups), then=Value("")), default=Subquery(last.values("ended_because")[:1]))
    return people.annotate(
        joined=Coalesce(joined, Value(""), output_field=TextField()),
        last_ended=Coalesce(why, Value(""), output_field=TextField()),
    )


def count_signatures(people: QuerySet[User], at: datetime | None = None) -> Iterator[tuple[Signature, int]]:
    """How many of ``people`` share each signature; one query, the counting is the database's.

    On SQLite one signature may come more than once, since the order of the joined ids is not fixed there.
    """
    rows: QuerySet[Any, Any] = with_signature(people, at).order_by()
    for *columns, count in rows.values_list(*COLUMNS).annotate(n=Count("pk")):
        yield Signature.read(*columns), count


def each_signature(people: QuerySet[User], at: datetime | None = None) -> Iterator[tuple[UUID, Signature]]:
    """Id and signature of each of ``people``, in their order, streamed."""
    rows: QuerySet[Any, Any] = with_signature(people, at)
    for user_id, *columns in rows.values_list("id", *COLUMNS).iterator(chunk_size=2000):
        yield user_id, Signature.read(*columns)
