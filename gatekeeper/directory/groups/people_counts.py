"""How many people are in groups: exact while they are few, beyond that an estimate; no group is read as a whole."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, OuterRef

from gatekeeper.directory.models import IdpGroup, Membership, User
from gatekeeper.runtime import row_counts
from gatekeeper.runtime.row_counts import RowCount, RowsFound


@dataclass(frozen=True, slots=True)
class PeopleCount:
    """``everybody`` in a group, and the ``active`` ones of them: how many is known where everybody was counted."""

    everybody: RowCount
    active: RowCount


NOBODY = PeopleCount(RowCount(0), RowCount(0))


def people_counts(group_ids: Collection[UUID]) -> Mapping[UUID, PeopleCount]:
    """The counts of each of these groups. One statement, and one more where one of them is large."""
    most = row_counts.COUNTED_SOME
    # In the order of the index of live memberships: PostgreSQL would read the whole table for a group of nobody.
    members = Membership.objects.live().order_by("user_id")
    everybody = members.filter(group=OuterRef("pk"))[: most + 1]
    of_active = members.filter(group=OuterRef(OuterRef("pk")))[: most + 1].values("user")
    active = User.objects.filter(pk__in=of_active, active=True, deleted_at=None).order_by()
    groups = IdpGroup.objects.filter(pk__in=group_ids).order_by()
    counted = groups.annotate(everybody=RowsFound(everybody), active=RowsFound(active))
    found = {pk: numbers for pk, *numbers in counted.values_list("pk", "everybody", "active")}
    is_one_large = any(in_all > most for in_all, _ in found.values())
    about = row_counts.estimated_value_counts(Membership, "group_id") if is_one_large else {}
    return {
        pk: PeopleCount(_count(in_all, most, about.get(str(pk), 0)), _active(of_them, in_all, most))
        for pk, (in_all, of_them) in found.items()
    }


def member_counts(group_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Exactly how many people are in each group, active or not; groups without any are left out. One query."""
    rows = Membership.objects.live().filter(group__in=list(group_ids)).values_list("group_id")
    return dict(rows.annotate(count=Count("id")).values_list("group_id", "count"))


def _count(number: int, most: int, estimate: int) -> RowCount:
    """``estimate`` is of all memberships that ever were, so it is believed only where it says more than was counted."""
    if number <= most:
        return RowCount(number)
    return RowCount(estimate, is_about=True) if estimate > most else RowCount(most, is_more=True)


def _active(number: int, everybody: int, most: int) -> RowCount:
    return RowCount(min(number, most), is_more=True) if everybody > most else RowCount(number)
