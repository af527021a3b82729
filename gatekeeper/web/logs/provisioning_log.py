"""The provisioning log: the list of SCIM requests with its filters, and the page of one request."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gatekeeper.audit.models import BODIES, AuditEntry, Outcome, ProvisioningEntry
from gatekeeper.audit.provisioning_texts import outcome_text, reason_label, reason_labels, summary_text
from gatekeeper.audit.request_counts import reads_since, tracing_until
from gatekeeper.runtime.text_search import column_contains
from gatekeeper.web.framework.change_lists import CodeFilter, RowFilter, TextFilter
from gatekeeper.web.framework.lists.columns import Column
from gatekeeper.web.framework.object_names import named, names_in
from gatekeeper.web.framework.period_filter import PeriodFilter
from gatekeeper.web.framework.permissions import may_configure, viewer_may
from gatekeeper.web.framework.places import PROVISIONING_LOG, SCIM
from gatekeeper.web.framework.requests_by_hour import requests_by_hour
from gatekeeper.web.logs.curl_command import curl_command
from gatekeeper.web.logs.lists.facets import Facet
from gatekeeper.web.logs.lists.log_list import LogChangeList, LogList
from gatekeeper.web.logs.object_links import CREDENTIAL, thing
from scim.models import ApiKey, OAuthClient

SEARCHED = ("user_label", "group_label", "detail")  # as in the index provisioning_by_text
MOST_CREDENTIALS = 20  # of each kind that the filter offers
_ID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")


class OutcomeFilter(CodeFilter):
    title = _("outcome")
    parameter_name = "outcome"
    any_label = _("Any outcome")
    codes = Outcome


class ReasonFilter(CodeFilter):
    """By the code of why a request was refused or failed."""

    title = _("reason")
    parameter_name = "reason"
    any_label = _("Any reason")

    def texts(self) -> Mapping[str, Promise]:
        return reason_labels()


class CredentialFilter(RowFilter):
    title = _("credential")
    parameter_name = "credential"
    any_label = _("Any credential")

    def rows(self) -> list[tuple[str, str]]:
        """The newest keys and clients, those that are revoked too."""
        kinds = (ApiKey.objects.all(), OAuthClient.objects.all())
        return [(str(each.pk), str(each)) for kind in kinds for each in kind[:MOST_CREDENTIALS]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(key_id=self.value()) if self.value() else queryset


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
            return queryset.filter(column_contains(SEARCHED, self.label_field, value))


class UserFilter(AboutFilter):
    title = _("user")
    parameter_name = "user"
    id_field, label_field = "user_id", "user_label"


class GroupFilter(AboutFilter):
    title = _("group")
    parameter_name = "group"
    id_field, label_field = "group_id", "group_label"


class RequestChangeList(LogChangeList):
    """The page of requests, with people's names in place of their ids."""

    def get_results(self, request: HttpRequest) -> None:
        """Replaces the ids in ``changed`` for display; nothing is saved."""
        super().get_results(request)
        names = names_in(entry.changed for entry in self.result_list)
        for entry in self.result_list:
            entry.changed = named(entry.changed, names)


EXPORTED: Mapping[str, Callable[[ProvisioningEntry], Any]] = {
    "at": lambda entry: entry.at,
    "outcome": lambda entry: entry.outcome,
    "user": lambda entry: entry.user_label,
    "user_id": lambda entry: str(entry.user_id or ""),
    "group": lambda entry: entry.group_label,
    "group_id": lambda entry: str(entry.group_id or ""),
    "summary": summary_text,
    "reason": lambda entry: entry.reason,
    "method": lambda entry: entry.method,
    "path": lambda entry: entry.path,
    "query": lambda entry: entry.query,
    "status": lambda entry: entry.status,
    "milliseconds": lambda entry: entry.milliseconds,
    "credential": lambda entry: entry.key_name,
    "credential_id": lambda entry: entry.key_id,
    "request_id": lambda entry: entry.request_id,
}


class ProvisioningLog(LogList):
    address = "provisioning-log"
    heading = PROVISIONING_LOG.name
    lead = _(
        "Each SCIM request that changed something, or was refused or failed. Reads are counted. Secrets are left out."
    )
    empty_text = _("No request has changed anything yet, and none was refused. Connect the identity provider first.")
    begins_at = SCIM
    search_fields = searched_columns = SEARCHED
    list_per_page = 35  # long rows: with 50 the page would be larger than 60 kB
    search_help_text = _("Name, reason or id")
    list_filter = (OutcomeFilter, ReasonFilter, CredentialFilter, UserFilter, GroupFilter, PeriodFilter)
    facets = (
        Facet("outcome", _("Outcome"), "outcome", outcome_text),
        Facet("reason", _("Reason"), "reason", reason_label),
    )
    exported = EXPORTED
    linked: ClassVar = {
        "user": lambda entry: thing("user", entry.user_id),
        "group": lambda entry: thing("group", entry.group_id),
        "credential": lambda entry: thing(CREDENTIAL, entry.key_id),
    }
    columns = (
        Column("request", _("Request"), by_default=True),
        Column("took", _("Took"), by_default=True),
        Column("credential", _("Credential")),
        Column("reference", _("Request id")),
    )
    change_list_template = "web/logs/provisioning_log.html"

    def named_by(self, word: str) -> Q:
        """By the id of the request; by that of a person or group, alone or in a path or an address."""
        ids = [UUID(text) for text in _ID.findall(word)[:1]]
        return Q(request_id=word) | Q(user_id__in=ids) | Q(group_id__in=ids)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProvisioningEntry]:
        return ProvisioningEntry.objects.defer(*BODIES, "ignored")

    def complete(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Without bodies, of which the page of a request shows what was kept."""
        return rows

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return RequestChangeList

    def context_for(self, request: HttpRequest) -> dict[str, Any]:
        return {
            "requests": requests_by_hour(),
            "reads": reads_since(timezone.now() - timedelta(hours=24)),
            "tracing_until": tracing_until(),
            "may_trace": viewer_may(request, may_configure),
        }

    def detail(self, request: HttpRequest, entry: ProvisioningEntry) -> HttpResponse:
        self.link(request, [entry])
        around = AuditEntry.objects.filter(request_id=entry.request_id) if entry.request_id else ()
        entry.changed = named(entry.changed, names_in([entry.changed]))
        page = {"entry": entry, "audit_entries": around, "curl": curl_command(entry)}
        return render(request, "web/logs/provisioning_entry.html", page)
