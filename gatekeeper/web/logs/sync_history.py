"""The list of runs of the SAML user sync, and the page of one run."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Func, IntegerField, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gatekeeper.directory.identity_linking.conflicts import Conflict
from gatekeeper.directory.identity_linking.sync_schedule import next_sync
from gatekeeper.directory.keyset_pagination import KeysetOrder
from gatekeeper.web.framework.change_lists import CodeFilter, PeriodFilter, ReadOnlyList
from gatekeeper.web.framework.permissions import may_configure, viewer_may
from gatekeeper.web.logs.run_sync import since_of
from saml.models import SyncRun, SyncState

CONFLICTS_PER_PAGE = 100


class ArrayLength(Func):
    """How many elements a JSON array has."""

    function = "json_array_length"
    output_field = IntegerField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, function="jsonb_array_length", **context)


class RunStateFilter(CodeFilter):
    title = "state"
    parameter_name = "state"
    any_label = _("Any state")
    codes = SyncState


class RunPeriodFilter(PeriodFilter):
    field = "started_at"


class SyncHistory(ReadOnlyList):
    address = "sync-history"
    heading = _("Sync history")
    lead = _("Each run of the SAML user sync: whom it linked, whom it unlinked, and what stood in its way.")
    empty_text = _("The sync has not run yet. It runs at minute 45 of every hour.")
    list_filter = (RunStateFilter, RunPeriodFilter)
    order = KeysetOrder(key="started_at", descending=True, pk_descending=True)
    change_list_template = "web/logs/sync_history.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[SyncRun]:
        """A run may have found thousands of conflicts: the list counts them in the database, and reads none."""
        return SyncRun.objects.defer("conflicts", "metadata").annotate(conflict_count=ArrayLength("conflicts"))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """``since`` is ours and no filter: the list would refuse a parameter that it does not know."""
        since = since_of(request)
        query = request.GET.copy()
        query.pop("since", None)
        request.GET = query  # type: ignore[assignment]
        return super().changelist_view(request, {"since": since, **(extra_context or {})})

    def context_for(self, request: HttpRequest) -> dict[str, Any]:
        return {
            "may_run": viewer_may(request, may_configure),
            "next_sync": next_sync(timezone.now()),
        }

    def detail(self, request: HttpRequest, entry: SyncRun) -> HttpResponse:
        page = Paginator(entry.conflicts, CONFLICTS_PER_PAGE).get_page(request.GET.get("page"))
        conflicts = [Conflict.from_document(each) for each in page.object_list]
        return render(request, "web/logs/sync_run.html", {"run": entry, "page": page, "conflicts": conflicts})
