"""The audit trail: the list of its entries with its filters, and the page of one entry."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from gatekeeper.audit.chain.links import head
from gatekeeper.audit.events import Event
from gatekeeper.audit.models import AuditEntry
from gatekeeper.runtime.text_search import contains_text
from gatekeeper.web.framework.change_lists import CodeFilter, PeriodFilter, ReadOnlyList, TextFilter
from gatekeeper.web.framework.permissions import may_configure, viewer_may

SEARCHED = ("object_label", "actor_name")  # as in the index audit_by_text


class EventFilter(CodeFilter):
    title = "what"
    parameter_name = "event"
    any_label = _("Any event")
    codes = Event


class ActorFilter(TextFilter):
    title = _("by whom")
    parameter_name = "actor"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = self.value()
        if not wanted:
            return queryset
        # The first condition has the index, the second is the question.
        return queryset.filter(contains_text(SEARCHED, wanted), actor_name__icontains=wanted)


class AuditTrail(ReadOnlyList):
    address = "audit-trail"
    heading = _("Audit trail")
    lead = _("Every change of state by anybody: who did what to whom, what it was before and what it is now.")
    search_fields = searched_columns = SEARCHED
    search_help_text = _("Object, person or request id")
    list_filter = (EventFilter, ActorFilter, PeriodFilter)
    change_list_template = "web/logs/audit_trail.html"

    def named_by(self, word: str) -> Q:
        """By the id of the object or of the request, whole."""
        return Q(object_id=word) | Q(request_id=word)

    def context_for(self, request: HttpRequest) -> dict[str, Any]:
        return {"head": head(), "may_configure": viewer_may(request, may_configure)}

    def detail(self, request: HttpRequest, entry: AuditEntry) -> HttpResponse:
        page = {"entry": entry, "changes": changes_of(entry)}
        return render(request, "web/logs/audit_entry.html", page)


def changes_of(entry: AuditEntry) -> Sequence[tuple[str, Any, Any]]:
    """Each attribute of an entry with its value before and after."""
    before, after = entry.before or {}, entry.after or {}
    return [(name, before.get(name), after.get(name)) for name in {**before, **after}]
