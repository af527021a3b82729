"""The audit trail: the list of its entries with its filters, and the page of one entry."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from gatekeeper.audit.chain.links import head
from gatekeeper.audit.events import Event
from gatekeeper.audit.models import AuditEntry
from gatekeeper.web.framework.change_lists import CodeFilter, PeriodFilter, ReadOnlyList, TextFilter
from gatekeeper.web.framework.permissions import may_configure, viewer_may


class EventFilter(CodeFilter):
    title = "what"
    parameter_name = "event"
    any_label = _("Any event")
    codes = Event


class ActorFilter(TextFilter):
    title = _("by whom")
    parameter_name = "actor"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(actor_name__icontains=self.value()) if self.value() else queryset


class AuditTrail(ReadOnlyList):
    address = "audit-trail"
    heading = _("Audit trail")
    lead = _("Every change of state by anybody: who did what to whom, what it was before and what it is now.")
    search_fields = ("object_label", "object_id", "actor_name", "request_id")
    search_help_text = _("Object, person or request id")
    list_filter = (EventFilter, ActorFilter, PeriodFilter)
    change_list_template = "web/logs/audit_trail.html"

    def context_for(self, request: HttpRequest) -> dict[str, Any]:
        return {"head": head(), "may_configure": viewer_may(request, may_configure)}

    def detail(self, request: HttpRequest, entry: AuditEntry) -> HttpResponse:
        page = {"entry": entry, "changes": changes_of(entry)}
        return render(request, "web/logs/audit_entry.html", page)


def changes_of(entry: AuditEntry) -> Sequence[tuple[str, Any, Any]]:
    """Each attribute of an entry with its value before and after."""
    before, after = entry.before or {}, entry.after or {}
    return [(name, before.get(name), after.get(name)) for name in {**before, **after}]
