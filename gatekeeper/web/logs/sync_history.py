"""The list of runs of the SAML user sync, and the page of one run."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gatekeeper.directory.identity_linking.sync_schedule import next_sync
from gatekeeper.web.framework.change_lists import CodeFilter, PeriodFilter, ReadOnlyList
from gatekeeper.web.framework.permissions import may_configure, viewer_may
from gatekeeper.web.logs.run_sync import since_of
from saml.models import SyncRun, SyncState


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
    change_list_template = "web/logs/sync_history.html"

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
        return render(request, "web/logs/sync_run.html", {"run": entry})
