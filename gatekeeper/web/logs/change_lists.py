"""What the AdminSite lists of the logs. All of it is read-only."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from gatekeeper.audit.chain.links import head
from gatekeeper.audit.events import Event
from gatekeeper.audit.models import AuditEntry, Outcome, ProvisioningEntry
from gatekeeper.audit.read_counts import reads_since, tracing_until
from gatekeeper.directory.sessions.sign_in import next_sync
from gatekeeper.web.framework.change_lists import ChoiceFilter, PeriodFilter, ReadOnlyList, TextFilter
from gatekeeper.web.framework.charts import provisioning_by_hour
from gatekeeper.web.framework.object_names import named, names_in
from gatekeeper.web.framework.permissions import access_of_request, may_configure
from gatekeeper.web.logs.sync_runs import since_of
from saml.models import SyncRun, SyncState


class OutcomeFilter(ChoiceFilter):
    title = "outcome"
    parameter_name = "outcome"
    any_label = "Any outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(outcome.value, str(outcome.label)) for outcome in Outcome]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(outcome=self.value()) if self.value() else queryset


class AboutFilter(TextFilter):
    """By the id that a link carries, or by part of the name."""

    id_field: ClassVar[str]
    label_field: ClassVar[str]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = (self.value() or "").strip()
        if not value:
            return queryset
        try:
            return queryset.filter(**{self.id_field: UUID(value)})
        except ValueError:
            return queryset.filter(**{f"{self.label_field}__icontains": value})


class UserFilter(AboutFilter):
    title = "user"
    parameter_name = "user"
    id_field, label_field = "user_id", "user_label"


class GroupFilter(AboutFilter):
    title = "group"
    parameter_name = "group"
    id_field, label_field = "group_id", "group_label"


class RequestChangeList(ChangeList):
    """The page of requests, with people's names in place of their ids."""

    def get_results(self, request: HttpRequest) -> None:
        """Replaces the ids in ``changed`` for display; nothing is saved."""
        super().get_results(request)
        self.result_list = list(self.result_list)
        names = names_in(entry.changed for entry in self.result_list)
        for entry in self.result_list:
            entry.changed = named(entry.changed, names)


class ProvisioningLog(ReadOnlyList):
    address = "provisioning-log"
    heading = "Provisioning log"
    lead = (
        "Each SCIM request that changed something, or was refused or failed. Reads are counted. Secrets are left out."
    )
    empty_text = "No request has changed anything yet, and none was refused."
    search_fields = ("user_label", "group_label", "path", "request_id", "detail")
    search_help_text = "Name, path, reason or request id"
    list_filter = (OutcomeFilter, UserFilter, GroupFilter, PeriodFilter)
    change_list_template = "web/logs/provisioning_log.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProvisioningEntry]:
        return ProvisioningEntry.objects.defer("request", "answer", "ignored")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return RequestChangeList

    def context_for(self, request: HttpRequest) -> dict[str, Any]:
        access = access_of_request(request)
        return {
            "chart": provisioning_by_hour(),
            "reads": reads_since(timezone.now() - timedelta(hours=24)),
            "tracing_until": tracing_until(),
            "may_trace": access is not None and may_configure(access),
        }

    def detail(self, request: HttpRequest, entry: ProvisioningEntry) -> HttpResponse:
        around = AuditEntry.objects.filter(request_id=entry.request_id) if entry.request_id else ()
        entry.changed = named(entry.changed, names_in([entry.changed]))
        page = {"entry": entry, "audit_entries": around}
        return render(request, "web/logs/provisioning_entry.html", page)


class EventFilter(ChoiceFilter):
    title = "what"
    parameter_name = "event"
    any_label = "Any event"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(event.value, event.label) for event in Event]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(event=self.value()) if self.value() else queryset


class ActorFilter(TextFilter):
    title = "by whom"
    parameter_name = "actor"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(actor_name__icontains=self.value()) if self.value() else queryset


class AuditTrail(ReadOnlyList):
    address = "audit-trail"
    heading = "Audit trail"
    lead = "Every change of state by anybody: who did what to whom, what it was before and what it is now."
    search_fields = ("object_label", "object_id", "actor_name", "request_id")
    search_help_text = "Object, person or request id"
    list_filter = (EventFilter, ActorFilter, PeriodFilter)
    change_list_template = "web/logs/audit_trail.html"

    def context_for(self, request: HttpRequest) -> dict[str, Any]:
        access = access_of_request(request)
        return {"head": head(), "may_configure": access is not None and may_configure(access)}

    def detail(self, request: HttpRequest, entry: AuditEntry) -> HttpResponse:
        page = {"entry": entry, "changes": changes_of(entry)}
        return render(request, "web/logs/audit_entry.html", page)


def changes_of(entry: AuditEntry) -> Sequence[tuple[str, Any, Any]]:
    """What an entry tells, attribute by attribute: before and after."""
    before, after = entry.before or {}, entry.after or {}
    return [(name, before.get(name), after.get(name)) for name in {**before, **after}]


class RunStateFilter(ChoiceFilter):
    title = "state"
    parameter_name = "state"
    any_label = "Any state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(state.value, str(state.label)) for state in SyncState]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(state=self.value()) if self.value() else queryset


class RunPeriodFilter(PeriodFilter):
    field = "started_at"


class SyncHistory(ReadOnlyList):
    address = "sync-history"
    heading = "Sync history"
    lead = "Each run of the SAML user sync: whom it linked, whom it unlinked, and what stood in its way."
    empty_text = "The sync has not run yet. It runs at minute 45 of every hour."
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
        access = access_of_request(request)
        return {
            "may_run": access is not None and may_configure(access),
            "next_sync": next_sync(timezone.now()),
        }

    def detail(self, request: HttpRequest, entry: SyncRun) -> HttpResponse:
        return render(request, "web/logs/sync_run.html", {"run": entry})
