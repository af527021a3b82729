"""Pages of people in one of the orders that have an index: keyset pagination over long lists, with a search."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from gatekeeper.directory.access.group_sets import id_text
from gatekeeper.directory.access.loaders import SLICE
from gatekeeper.directory.access.people_parts import Parts, as_set
from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.keyset_pagination import KeysetOrder
from gatekeeper.directory.models import User
from gatekeeper.directory.models.users import EMAIL_OR_EMPTY, LABEL_FOLDED
from gatekeeper.runtime.row_counts import COUNTED_SOME, RowCount
from gatekeeper.runtime.statements.unions import union_all
from gatekeeper.runtime.text_search import contains_text

SEARCHED = ("user_name_folded", "work_email_folded", "display_name")  # the columns of the index
PAGE = 50  # people on a page
NEAR = 1000  # people among whom a page is looked for before everybody is
BY_USER_NAME = KeysetOrder(key="user_name_folded")
BY_LABEL = KeysetOrder(key="label_folded")
BY_EMAIL = KeysetOrder(key="email_or_empty")
BY_CREATION = KeysetOrder(key="created_at", descending=True, pk_descending=True)
# Keys of orders that are no columns; each has an index.
_EXPRESSIONS = {BY_LABEL.key: LABEL_FOLDED, BY_EMAIL.key: EMAIL_OR_EMPTY}


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a page begins: after one person, or before one; at the start, or at the end, when neither is given."""

    after: UUID | None = None
    before: UUID | None = None
    last: bool = False


START = Place()


@dataclass(frozen=True, slots=True)
class NamePage:
    """One page of people in an order, their ids as texts, and whether there are more before and after the page."""

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


def with_key(people: QuerySet[User], order: KeysetOrder) -> QuerySet[User]:
    """The same people with the key of the order, where that is no column."""
    expression = _EXPRESSIONS.get(order.key)
    return people if expression is None else people.annotate(**{order.key: expression})


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
    """How many people there are; counting stops beyond ``most``. One statement for each part at most."""
    number = 0
    for part in reversed(parts):  # people without a group, who are the last part, are found at the least cost
        number += part.order_by()[: most + 1 - number].count()
        if number > most:
            return RowCount(most, is_more=True)
    return RowCount(number)


def are_few() -> bool:
    """Whether so few people are known that a page may count them in passing."""
    return User.objects.order_by()[: NEAR + 1].count() <= NEAR


def page_by_name(
    parts: Parts,
    place: Place = START,
    *,
    among: Container[str] | None = None,
    limit: int = PAGE,
    order: KeysetOrder = BY_USER_NAME,
) -> NamePage:
    """One page of people in an order; only those whose id, as text, is ``among`` the given ones, if any are.

    Cost: keyset paging, so the last page costs what the first does; four queries at most.
    """
    mark = _mark(place, order)
    backwards = place.last if mark is None else place.before is not None
    towards = order.reversed() if backwards else order
    from_here = [_from(part, mark, towards) for part in parts]
    if among is None:
        found = _first(from_here, _from(User.objects.live(), mark, towards), towards, limit + 1)
    else:
        ids = [user_id for part in from_here for user_id in _ids_among(among, part, limit + 1)]
        those = with_key(_with_id_text(User.objects.filter(pk__in=ids)), order)
        found = list(those.order_by(*towards.order_by)[: limit + 1])
    more, shown = len(found) > limit, found[:limit]
    if mark is not None and backwards and not more:
        return page_by_name(parts, among=among, limit=limit, order=order)
    if backwards:
        shown.reverse()
    texts = [user.id_text for user in shown]
    if backwards:
        return NamePage(shown, texts, has_previous=more, has_next=mark is not None)
    return NamePage(shown, texts, has_previous=mark is not None, has_next=more)


def _mark(place: Place, order: KeysetOrder) -> tuple[Any, UUID] | None:
    """Key and id of the person at whom the page begins or ends."""
    person = place.before or place.after
    if person is None:
        return None
    return with_key(User.objects.filter(pk=person), order).values_list(order.key, "pk").first()


def _from(people: QuerySet[User], mark: tuple[Any, UUID] | None, order: KeysetOrder) -> QuerySet[User]:
    """The people from ``mark`` on, in the direction in which the page is read."""
    people = with_key(people, order)
    if mark is not None:
        people = people.filter(order.after(*mark))
    return people.order_by(*order.order_by)


def _with_id_text(people: QuerySet[User]) -> QuerySet[Any]:
    return people.annotate(id_text=id_text("id"))


def _first(parts: Parts, everybody: QuerySet[User], order: KeysetOrder, wanted: int) -> list[Any]:
    """The first people of all parts, which are ordered.

    They are looked for among the next thousand of ``everybody``, then within ten thousand. Where too few of them
    are in the parts, the others are worked out as one set: with a limit PostgreSQL would ask the conditions of one
    person after another.
    """
    found: list[Any] = []
    side, other = ("gte", "lt") if order.descending else ("lte", "gt")
    for reach in (NEAR, NEAR * 10):
        last = next(iter(everybody.values_list(order.key, flat=True)[reach : reach + 1]), None)
        near = parts if last is None else [part.filter(Q(**{f"{order.key}__{side}": last})) for part in parts]
        found += _merged(near, order, wanted - len(found))
        if last is None or len(found) >= wanted:
            return found
        parts = [part.filter(Q(**{f"{order.key}__{other}": last})) for part in parts]
    return found + list(with_key(_with_id_text(as_set(parts)), order).order_by(*order.order_by)[: wanted - len(found)])


def _merged(parts: Parts, order: KeysetOrder, wanted: int) -> list[Any]:
    """The first people of ordered parts, each of which is read by its own order."""
    if wanted < 1:
        return []
    first = [_with_id_text(part)[:wanted] for part in parts]
    if len(first) > 1 and connection.features.supports_slicing_ordering_in_compound:
        return list(union_all(first).order_by(*order.order_by)[:wanted])
    # Of one part, or on SQLite, which compares texts as Python does.
    people = [person for some in first for person in some]
    people.sort(key=lambda person: (getattr(person, order.key), person.pk), reverse=order.descending)
    return people[:wanted]


def _ids_among(among: Container[str], ordered: QuerySet[User], wanted: int) -> list[str]:
    """The first people who are ``among`` the given ones: names are read in growing slices until the page is full."""
    ids = _with_id_text(ordered).values_list("id_text", flat=True)
    found: list[str] = []
    for some in (ids[:SLICE], ids[SLICE : 10 * SLICE], ids[10 * SLICE :]):
        names = list(some)
        found += [user_id for user_id in names if user_id in among]
        if len(found) >= wanted or not names:
            break
    return found[:wanted]
