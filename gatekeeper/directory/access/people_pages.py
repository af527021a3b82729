"""Pages of people by userName: keyset pagination over long lists, with a search."""

from collections.abc import Container
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet

from gatekeeper.directory.access.group_sets import id_text
from gatekeeper.directory.access.loaders import SLICE
from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.keyset_pagination import KeysetOrder
from gatekeeper.directory.models import User

PAGE = 50  # people on a page
_BY_NAME = KeysetOrder(key="user_name_folded")


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a page begins: after one person, or before one; at the start when neither is given."""

    after: UUID | None = None
    before: UUID | None = None


START = Place()


@dataclass(frozen=True, slots=True)
class NamePage:
    """One page of people by userName, their ids as texts, and whether there are more before and after the page."""

    people: list[User]
    id_texts: list[str]
    has_previous: bool
    has_next: bool

    @property
    def first(self) -> UUID | None:
        """The person before whom the previous page ends; None where there is none."""
        return self.people[0].id if self.people and self.has_previous else None

    @property
    def last(self) -> UUID | None:
        """The person after whom the next page begins; None where there is none."""
        return self.people[-1].id if self.people and self.has_next else None


def searched(people: QuerySet[User], text: str) -> QuerySet[User]:
    """Those whose display name, userName or work e-mail contains ``text``, in any case; all for an empty text."""
    text = text.replace("\x00", "").strip()
    if not text:
        return people
    folded = fold(text)
    return people.filter(
        Q(display_name__icontains=text) | Q(user_name_folded__contains=folded) | Q(work_email_folded__contains=folded)
    )


def page_by_name(
    people: QuerySet[User], place: Place = START, *, among: Container[str] | None = None, limit: int = PAGE
) -> NamePage:
    """One page of ``people`` by userName; only those whose id, as text, is ``among`` the given ones, if any are.

    Cost: keyset paging, so the last page costs what the first does. With ``among``, names are read in growing slices
    until the page is full.
    """
    backwards = place.before is not None
    ids = _ids(_from(people, place), among, limit + 1)
    if backwards and len(ids) <= limit:
        return page_by_name(people, among=among, limit=limit)
    more, shown = len(ids) > limit, ids[:limit]
    if backwards:
        shown.reverse()
    users = User.objects.in_bulk(map(UUID, shown))
    found = [users[UUID(user_id)] for user_id in shown]
    if backwards:
        return NamePage(found, shown, has_previous=more, has_next=True)
    return NamePage(found, shown, has_previous=place.after is not None, has_next=more)


def _from(people: QuerySet[User], place: Place) -> QuerySet[User]:
    """The people from ``place`` on, in the direction in which the page is read."""
    order = _BY_NAME.reversed() if place.before is not None else _BY_NAME
    person = place.before or place.after
    mark = User.objects.filter(pk=person).first() if person else None
    if mark is None:
        return people.order_by(*_BY_NAME.order_by)
    return people.filter(order.after(mark.user_name_folded, mark.pk)).order_by(*order.order_by)


def _ids(ordered: QuerySet[User], among: Container[str] | None, wanted: int) -> list[str]:
    ids = ordered.annotate(id_text=id_text("id")).values_list("id_text", flat=True)
    if among is None:
        return list(ids[:wanted])
    found: list[str] = []
    for some in (ids[:SLICE], ids[SLICE : 10 * SLICE], ids[10 * SLICE :]):
        names = list(some)
        found += [user_id for user_id in names if user_id in among]
        if len(found) >= wanted or not names:
            break
    return found[:wanted]
