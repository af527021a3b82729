"""How many people are in groups: exact while they are few, beyond that an estimate; no group is read as a whole."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, OuterRef, QuerySet

from gatekeeper.directory.models import IdpGroup, Membership
from gatekeeper.runtime import row_counts
from gatekeeper.runtime.row_counts import RowCount, RowsFound


@dataclass(frozen=True, slots=True)
class PeopleCount:
    """``everybody`` in a group, and the ``active`` ones of them."""

    everybody: RowCount
    active: RowCount


NOBODY = PeopleCount(RowCount(0), RowCount(0))


def people_counts(group_ids: Collection[UUID]) -> Mapping[UUID, PeopleCount]:
    """The counts of each of these groups. One statement, and two more where one of them is large."""
    most = row_counts.COUNTED_SOME
    members = Membership.objects.live().filter(group=OuterRef("pk"))
    groups = IdpGroup.objects.filter(pk__in=group_ids).order_by()
    counted = groups.annotate(
        everybody=RowsFound(_few(members, most)),
        active=RowsFound(_few(members.filter(user__active=True, user__deleted_at=None), most)),
    )
    found = {pk: (everybody, active) for pk, everybody, active in counted.values_list("pk", "everybody", "active")}
    is_one_large = any(everybody > most for everybody, _ in found.values())
    about = row_counts.estimated_value_counts(Membership, "group_id") if is_one_large else {}
    return {
        pk: PeopleCount(_count(everybody, most, about.get(str(pk), 0)), _count(active, most, 0))
        for pk, (everybody, active) in found.items()
    }


def member_counts(group_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Exactly how many people are in each group, active or not; groups without any are left out. One query."""
    rows = Membership.objects.live().filter(group__in=list(group_ids)).values_list("group_id")
    return dict(rows.annotate(count=Count("id")).values_list("group_id", "count"))


def _few(members: QuerySet[Membership], most: int) -> QuerySet[Membership]:
    # In the order of the index of live memberships: PostgreSQL would read the whole table for a group of nobody.
    return members.order_by("user_id")[: most + 1]


def _count(number: int, most: int, estimate: int) -> RowCount:
    """``estimate`` is of all memberships that ever were, so it is believed only where it says more than was counted."""
    if number <= most:
        return RowCount(number)
    return RowCount(estimate, is_about=True) if estimate > most else RowCount(most, is_more=True)
