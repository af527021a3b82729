"""Pages of people by userName: keyset pagination over long lists, with a search."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Coalesce

from gatekeeper.directory.access.group_sets import id_text
from gatekeeper.directory.access.loaders import SLICE
from gatekeeper.directory.access.people_parts import Parts
from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.keyset_pagination import KeysetOrder
from gatekeeper.directory.models import User
from gatekeeper.runtime.row_counts import COUNTED_SOME, RowCount
from gatekeeper.runtime.text_search import contains_text

SEARCHED = ("user_name_folded", "work_email_folded", "display_name")  # the columns of the index
PAGE = 50  # people on a page
NEAR = 1000  # people among whom a page is looked for before everybody is
_BY_NAME = KeysetOrder(key="user_name_folded")


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a page begins: after one person, or before one; at the start, or at the end, when neither is given."""

    after: UUID | None = None
    before: UUID | None = None
    last: bool = False


START = Place()


@dataclass(frozen=True, slots=True)
class NamePage:
    """One page of people by userName, their ids as texts, and whether there are more before and after the page."""

    people: Sequence[User]
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
    found, folded = Q(contains_text(SEARCHED, text)), fold(text)
    if folded.upper() != text.upper():  # names are stored folded beside the display name, which is not
        found |= Q(contains_text(SEARCHED, folded))
    return people.filter(found)


def count_up_to(parts: Parts, most: int = COUNTED_SOME) -> RowCount:
    """How many people there are; counting stops beyond ``most`` of a part."""
    number = sum(part.order_by()[: most + 1].count() for part in parts)
    return RowCount(most, is_more=True) if number > most else RowCount(number)


def are_few() -> bool:
    """Whether so few people are known that a page may count them in passing."""
    return User.objects.order_by()[: NEAR + 1].count() <= NEAR


def page_by_name(
    parts: Parts, place: Place = START, *, among: Container[str] | None = None, limit: int = PAGE
) -> NamePage:
    """One page of people by userName; only those whose id, as text, is ``among`` the given ones, if any are.

    Cost: keyset paging, so the last page costs what the first does; at most two queries for each part, and three more.
    """
    mark = _mark(place)
    backwards = place.last if mark is None else place.before is not None
    order = _BY_NAME.reversed() if backwards else _BY_NAME
    ids = _ids(parts, mark, order, limit + 1) if among is None else _ids_among(among, parts, mark, order, limit + 1)
    if mark is not None and backwards and len(ids) <= limit:
        return page_by_name(parts, among=among, limit=limit)
    people = User.objects.filter(pk__in=ids).annotate(id_text=id_text("id"))
    found = list(people.order_by(*order.order_by)[: limit + 1])
    more, shown = len(found) > limit, found[:limit]
    if backwards:
        shown.reverse()
    texts = [user.id_text for user in shown]
    if backwards:
        return NamePage(shown, texts, has_previous=more, has_next=mark is not None)
    return NamePage(shown, texts, has_previous=mark is not None, has_next=more)


def _mark(place: Place) -> User | None:
    person = place.before or place.after
    return User.objects.filter(pk=person).only("user_name_folded").first() if person else None


def _from(people: QuerySet[User], mark: User | None, order: KeysetOrder) -> QuerySet[User]:
    """The people from ``mark`` on, in the direction in which the page is read."""
    if mark is not None:
        people = people.filter(order.after(mark.user_name_folded, mark.pk))
    return people.order_by(*order.order_by)


def _ids(parts: Parts, mark: User | None, order: KeysetOrder, wanted: int) -> list[UUID]:
    """Of each part the first people; whoever is on the page is among them.

    A page is looked for within the next thousand names first. Where too few of them are in the list, the rest is read
    as one set: in an order that no index has, since PostgreSQL would take that for a short way to the first fifty.
    """
    from_here = [_from(part, mark, order) for part in parts]
    names = _from(User.objects.live(), mark, order).values_list("user_name_folded", flat=True)
    last = next(iter(names[NEAR : NEAR + 1]), None)
    if last is None:
        return [pk for part in from_here for pk in part.values_list("pk", flat=True)[:wanted]]
    side, other = ("gte", "lt") if order.descending else ("lte", "gt")
    near, far = Q(**{f"user_name_folded__{side}": last}), Q(**{f"user_name_folded__{other}": last})
    found = [pk for part in from_here for pk in part.filter(near).values_list("pk", flat=True)[:wanted]]
    if len(found) < wanted:
        name = Coalesce("user_name_folded", Value(""))
        as_set = (name.desc(), "-pk") if order.descending else (name, "pk")
        rest = [part.filter(far).order_by(*as_set) for part in from_here]
        found += [pk for part in rest for pk in part.values_list("pk", flat=True)[:wanted]]
    return found


def _ids_among(among: Container[str], parts: Parts, mark: User | None, order: KeysetOrder, wanted: int) -> list[str]:
    """The first people who are ``among`` the given ones: names are read in growing slices until the page is full."""
    found: list[str] = []
    for part in parts:
        ids = _from(part, mark, order).annotate(id_text=id_text("id")).values_list("id_text", flat=True)
        here: list[str] = []
        for some in (ids[:SLICE], ids[SLICE : 10 * SLICE], ids[10 * SLICE :]):
            names = list(some)
            here += [user_id for user_id in names if user_id in among]
            if len(here) >= wanted or not names:
                break
        found += here[:wanted]
    return found
