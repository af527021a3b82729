"""Changelists whose pages begin after a row instead of at a number: the last page costs what the first does."""

from collections.abc import Sequence
from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, QueryDict

from gatekeeper.directory.keyset_pagination import KeysetOrder
from gatekeeper.runtime.row_counts import RowCount, partial_count, whole_count

AFTER, BEFORE, LAST = "after", "before", "last"
COUNTED = "counted"  # ask for what is counted over everybody, which the page otherwise leaves to a script
NEWEST_FIRST = KeysetOrder(key="pk", descending=True, pk_descending=True)


class KeysetChangeList(ChangeList):
    """``?after=PK`` and ``?before=PK`` begin after a row and end before one; ``?last`` is the last page.

    ``order`` of the list's ModelAdmin is the order. ``count`` says how many rows there are, or about how many.
    """

    count: RowCount | None
    previous: Any = None  # the row before which the previous page ends; None on the first page
    next: Any = None  # the row after which the next page begins; None on the last page

    def get_filters_params(self, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """What says where the page begins is no filter."""
        found = super().get_filters_params(params)
        return {name: value for name, value in found.items() if name not in {AFTER, BEFORE, LAST, COUNTED}}

    def get_results(self, request: HttpRequest) -> None:
        """Read the page, and count."""
        rows, self.previous, self.next = self.page_of(request.GET)
        self.count = self.counted()
        self.result_list = rows
        self.result_count = self.full_result_count = self.count.number if self.count else len(rows)
        self.show_full_result_count = self.show_admin_actions = self.can_show_all = False
        self.multi_page = self.previous is not None or self.next is not None

    def counted(self) -> RowCount | None:
        """How many rows there are; None where the page does not say it."""
        is_narrowed = bool(self.query) or self.has_active_filters
        return partial_count(self.queryset) if is_narrowed else whole_count(self.queryset)

    def page_of(self, asked: QueryDict) -> tuple[Sequence[Any], Any, Any]:
        """The rows of the page; the pks from which the previous and the next page go on, None where there is none."""
        order: KeysetOrder = self.model_admin.order  # type: ignore[attr-defined]
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
        return self.model._default_manager.filter(pk=known).values_list(order.key, "pk").first()


def _beyond(order: KeysetOrder, key: Any, pk: Any) -> Q:
    if order.key == "pk":
        return Q(pk__lt=pk) if order.descending else Q(pk__gt=pk)
    return order.after(key, pk)
