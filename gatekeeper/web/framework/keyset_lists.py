"""Changelists whose pages begin after a row instead of at a number: the last page costs what the first does."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from gatekeeper.directory.keyset_pagination import KeysetOrder
from gatekeeper.runtime.row_counts import RowCount, partial_count, whole_count
from gatekeeper.web.framework.lists.columns import COLUMNS, by_default, known, stated
from gatekeeper.web.framework.lists.counts import count_text
from gatekeeper.web.framework.lists.kept import chosen_columns_of
from gatekeeper.web.framework.lists.sorting import ORDER, Sorting

AFTER, BEFORE, LAST = "after", "before", "last"
PAGE_PARAMETERS = (AFTER, BEFORE, LAST)
HOW_SHOWN = (ORDER, COLUMNS)  # parameters that are no filters: they leave the same rows
COUNTED = "counted"  # ask for what is counted over everybody, which the page otherwise leaves to a script
NEWEST_FIRST = KeysetOrder(key="pk", descending=True, pk_descending=True)


@dataclass(frozen=True, slots=True)
class FilterInForce:
    """One filter that narrows a list: what it is called, its value in words, and the address of the list without it."""

    title: str
    text: str
    address: str


class KeysetChangeList(ChangeList):
    """``?after=PK`` and ``?before=PK`` begin after a row and end before one; ``?last`` is the last page.

    ``order`` of the list's ModelAdmin is the order, unless the address asks for another one of its ``orders``.
    ``count`` says how many rows there are, or about how many. ``columns`` are those of its columns that are shown.
    """

    columns: list[str]
    count: RowCount | None
    previous: Any = None  # the row before which the previous page ends; None on the first page
    next: Any = None  # the row after which the next page begins; None on the last page

    def get_filters_params(self, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """What says where the page begins, in which order and how it is shown, is no filter."""
        found = super().get_filters_params(params)
        no_filters = {*PAGE_PARAMETERS, COUNTED, *HOW_SHOWN}
        return {name: value for name, value in found.items() if name not in no_filters}

    def get_results(self, request: HttpRequest) -> None:
        """Read the page, and count."""
        self.columns = self._columns(request)
        rows, self.previous, self.next = self.page_of(request.GET)
        self.multi_page = self.previous is not None or self.next is not None
        shows_all = not self.multi_page and (rows or is_first_page(request.GET))
        self.count = RowCount(len(rows)) if shows_all else self.counted()
        self.result_list = rows
        self.result_count = self.full_result_count = self.count.number if self.count else len(rows)
        self.show_full_result_count = self.show_admin_actions = self.can_show_all = False

    def counted(self) -> RowCount | None:
        """How many rows there are where the page does not show all of them; None where it does not say it."""
        shown_by: Any = self.model_admin
        is_narrowed = bool(self.query) or self.has_active_filters or shown_by.is_part
        return partial_count(self.queryset) if is_narrowed else whole_count(self.queryset)

    def _columns(self, request: HttpRequest) -> list[str]:
        """As the address says, or as the reader chose the last time, or as everybody else sees the list."""
        shown_by: Any = self.model_admin
        if not shown_by.columns:
            return []
        named = stated(shown_by.columns, request.GET)
        if named is None and (chosen := chosen_columns_of(request, shown_by.address)) is not None:
            named = known(shown_by.columns, chosen)
        return by_default(shown_by.columns) if named is None else named

    @property
    def count_text(self) -> str:
        """How many rows the page shows, and of how many: "50 of about 100,000"."""
        return count_text(
            len(self.result_list),
            self.count,
            is_whole=not self.multi_page,
            is_narrowed=bool(self.query) or bool(self.has_active_filters),
        )

    @property
    def address_of_all(self) -> str:
        """The address of the list without search and filters, shown as it is now."""
        kept = {name: value for name, value in self.filter_params.items() if name in HOW_SHOWN}
        return f"?{urlencode(kept, doseq=True)}"

    @property
    def filters_in_force(self) -> list[FilterInForce]:
        """What narrows the list, the search too."""
        stated = {SEARCH_VAR: (_("search"), self.query)} if self.query else {}
        for spec in self.filter_specs:
            stated |= spec.in_force()  # type: ignore[attr-defined]  # all filters here are our own
        return [
            FilterInForce(title, text, self.get_query_string(remove=[name, *PAGE_PARAMETERS]))
            for name, (title, text) in stated.items()
        ]

    @property
    def order_in_force(self) -> KeysetOrder:
        """The order of the rows."""
        return self.sorting.order

    @cached_property
    def sorting(self) -> Sorting:
        """The orders that the heads of the list offer, and the one in force."""
        shown_by: Any = self.model_admin
        return Sorting(shown_by.orders, shown_by.order, self.params.get(ORDER, ""))

    def page_of(self, asked: QueryDict) -> tuple[Sequence[Any], Any, Any]:
        """The rows of the page; the pks from which the previous and the next page go on, None where there is none."""
        order = self.order_in_force
        after, before = self._mark(order, asked.get(AFTER)), self._mark(order, asked.get(BEFORE))
        backwards = before is not None or LAST in asked
        order = order.reversed() if backwards else order
        mark = before or after
        rows: QuerySet[Any] = self.queryset.order_by(*order.order_by)
        read = list((rows.filter(_beyond(order, *mark)) if mark else rows)[: self.list_per_page + 1])
        more, page = len(read) > self.list_per_page, read[: self.list_per_page]
        if backwards:
            page.reverse()
        if not page:
            return [], None, None
        has_previous, has_next = (more, before is not None) if backwards else (after is not None, more)
        return page, page[0].pk if has_previous else None, page[-1].pk if has_next else None

    def _mark(self, order: KeysetOrder, pk: str | None) -> tuple[Any, Any] | None:
        """Key and primary key of a row; None where there is no such row (any more)."""
        if not pk:
            return None
        try:
            known = self.lookup_opts.pk.to_python(pk)
        except ValidationError:
            return None
        if order.key == "pk":
            return known, known
        return self.root_queryset.filter(pk=known).values_list(order.key, "pk").first()


def is_first_page(asked: Container[str]) -> bool:
    """Whether the parameters of an address ask for no other page."""
    return not any(name in asked for name in PAGE_PARAMETERS)


def _beyond(order: KeysetOrder, key: Any, pk: Any) -> Q:
    if order.key == "pk":
        return Q(pk__lt=pk) if order.descending else Q(pk__gt=pk)
    return order.after(key, pk)
