"""What the lists of all logs have: a period, counts by value, newer entries while the page is open, exports."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any, ClassVar, cast

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse, QueryDict
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gatekeeper.directory.keyset_pagination import KeysetOrder
from gatekeeper.runtime.row_counts import RowCount, ValueCounts, newest_value_counts
from gatekeeper.sessions.browser_session import in_background
from gatekeeper.web.framework.change_lists import ReadOnlyList
from gatekeeper.web.framework.keyset_lists import NEWEST_FIRST, KeysetChangeList, is_first_page
from gatekeeper.web.framework.lists.sorting import SortedBy
from gatekeeper.web.framework.period_filter import PeriodFilter
from gatekeeper.web.framework.permissions import require
from gatekeeper.web.logs.lists import export, newer_entries
from gatekeeper.web.logs.lists.facets import Facet, ShownFacet, shown_facet
from gatekeeper.web.logs.object_links import Thing, links_of

Row = Mapping[str, Any]


class LogChangeList(KeysetChangeList):
    """The page of a log, from the newest entry or from the oldest.

    Within a period the entries are in the order of their moments, which has the index.

    ``facets`` are the counts by value, ``shared`` those of them that are about exactly the entries of the list.
    ``newest`` is the newest entry of the whole log; None: it is not the page that begins with it.
    """

    facets: list[ShownFacet]
    shared: list[ValueCounts]
    newest: str | None

    @property
    def order_in_force(self) -> KeysetOrder:
        return self._within_period(super().order_in_force)

    @property
    def is_newest_first(self) -> bool:
        """Whether the newest entry comes first."""
        return self.sorting.order == self.log.order

    def _within_period(self, order: KeysetOrder) -> KeysetOrder:
        period = next((spec for spec in self.filter_specs if isinstance(spec, PeriodFilter)), None)
        return replace(order, key=period.field) if period and period.is_in_force else order

    def get_filters_params(self, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """What asks for newer entries is no filter."""
        found = super().get_filters_params(params)
        found.pop(newer_entries.THAN, None)
        return found

    def get_results(self, request: HttpRequest) -> None:
        """The page, and what is counted beside it."""
        counts = self._value_counts(request)
        self.facets = [shown_facet(facet, counts[facet.parameter], request.GET) for facet in self.log.facets]
        super().get_results(request)
        self.log.link(request, self.result_list)
        self.newest = self._newest_key(request.GET)

    def counted(self) -> RowCount | None:
        """How many entries there are, as the values were counted, where they were."""
        if not self.shared:
            return super().counted()
        if self.query or self.has_active_filters or self.log.is_part:
            return self.shared[0].as_partial_count()
        return self.shared[0].as_whole_count(self.model)

    @property
    def log(self) -> "LogList":
        """The list whose page it is."""
        return cast(LogList, self.model_admin)

    def _value_counts(self, request: HttpRequest) -> dict[str, ValueCounts]:
        """Of each facet, by its parameter: under all filters but its own. One statement, and one for each in force."""
        in_force = [facet for facet in self.log.facets if facet.parameter in request.GET]
        others = [facet for facet in self.log.facets if facet not in in_force]
        order = self._within_period(self.log.order).order_by  # the newest are counted, whichever come first
        self.shared = newest_value_counts(self.queryset.order_by(*order), [facet.value for facet in others])
        counts = dict(zip((facet.parameter for facet in others), self.shared, strict=True))
        for facet in in_force:
            rows = self._without(facet.parameter, request).order_by(*order)
            (counts[facet.parameter],) = newest_value_counts(rows, [facet.value])
        return counts

    def _without(self, parameter: str, request: HttpRequest) -> QuerySet[Any]:
        """The entries that the search and all filters but one leave. It may cost the search's statements again."""
        rows: Any = self.root_queryset
        for spec in self.filter_specs:
            if getattr(spec, "parameter_name", "") != parameter:
                rows = spec.queryset(request, rows)
        return self.log.get_search_results(request, rows, self.query)[0]

    def _newest_key(self, asked: QueryDict) -> str | None:
        if not self.is_newest_first or not is_first_page(asked):
            return None
        if self.result_list and not self.query and not self.has_active_filters:
            return str(self.result_list[0].pk)
        return newer_entries.newest_key(self.model, self.log.order)


class UnreadChangeList(LogChangeList):
    """The filters in force, without reading a page."""

    def get_results(self, request: HttpRequest) -> None:
        """Nothing is read."""
        self.result_list, self.count = [], None


class LogList(ReadOnlyList):
    """``facets`` are what entries are counted by; ``exported`` the columns of an export and how an entry fills them.

    ``linked``: the objects that an entry names, by the name under which its ``links`` has the address of their page.
    """

    order = NEWEST_FIRST
    orders: ClassVar = {"when": SortedBy(gettext_lazy("When"), NEWEST_FIRST)}
    most_columns = 2
    facets: ClassVar[tuple[Facet, ...]] = ()
    linked: ClassVar[Mapping[str, Callable[[Any], Thing]]] = {}
    exported: ClassVar[Mapping[str, Callable[[Any], Any]]]

    def get_urls(self) -> list[URLPattern]:
        """Beside list and entries: what came since, and the entries as a file."""
        name, guarded = f"{self.opts.app_label}_{self.opts.model_name}", self.admin_site.admin_view
        own = [
            path("newer/", in_background(guarded(self.newer_view)), name=f"{name}_newer"),
            path("export/<str:form>/", guarded(self.export_view), name=f"{name}_export"),
        ]
        return own + super().get_urls()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return LogChangeList

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The list with what its scripts need."""
        own = {"name_of_list": f"{self.opts.app_label}_{self.opts.model_name}", "most_exported": export.MOST}
        return super().changelist_view(request, {**own, **(extra_context or {})})

    def link(self, request: HttpRequest, entries: Sequence[Any]) -> None:
        """Give each entry ``links``: the addresses of what it names, as far as the reader may open them."""
        things = {(each.pk, name): of(each) for each in entries for name, of in self.linked.items()}
        addresses = links_of(request, things.values())
        for each in entries:
            each.links = {name: addresses.get(things[each.pk, name], "") for name in self.linked}

    def newer_view(self, request: HttpRequest) -> JsonResponse:
        """How many entries of the list came after ``?than=``, the newest that a page had."""
        require(request, self.rule)
        changelist = self.unread(request)
        if changelist is None:
            return JsonResponse({"number": 0, "text": ""}, status=HTTPStatus.BAD_REQUEST)
        than = request.GET.get(newer_entries.THAN, "")
        return JsonResponse(newer_entries.document(changelist.queryset, self.order, than))

    def export_view(self, request: HttpRequest, form: str) -> HttpResponseBase:
        """The entries that the filters leave as CSV or JSON, sent while they are read."""
        require(request, self.rule)
        if form not in export.FORMS:
            raise Http404
        changelist = self.unread(request)
        if changelist is None:
            return JsonResponse({"detail": _("The filters could not be read.")}, status=HTTPStatus.BAD_REQUEST)
        rows = self.complete(changelist.queryset)
        return export.answer(
            form, self.address, self.exported, rows, changelist.order_in_force, newest_first=changelist.is_newest_first
        )

    def complete(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows with everything that an export says of them."""
        return rows.defer(None)

    def unread(self, request: HttpRequest) -> UnreadChangeList | None:
        """The filters in force, without a page; None where one cannot be read."""
        try:
            return UnreadChangeList(
                request=request,
                model=self.model,
                list_display=self.get_list_display(request),
                list_display_links=(),
                list_filter=self.get_list_filter(request),
                date_hierarchy=None,
                search_fields=self.get_search_fields(request),
                list_select_related=(),
                list_per_page=self.list_per_page,
                list_max_show_all=0,
                list_editable=(),
                model_admin=self,
                sortable_by=(),
                search_help_text=None,
            )
        except IncorrectLookupParameters:
            return None
