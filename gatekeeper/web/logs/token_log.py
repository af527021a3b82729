"""The token log: what came of each request of an OAuth client for an access token, check by check."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Case, CharField, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gatekeeper.web.framework.change_lists import ChoiceFilter, CodeFilter, RowFilter
from gatekeeper.web.framework.lists.columns import Column
from gatekeeper.web.framework.period_filter import PeriodFilter
from gatekeeper.web.framework.places import SCIM, TOKEN_LOG
from gatekeeper.web.logs.lists.facets import Facet
from gatekeeper.web.logs.lists.log_list import LogList
from gatekeeper.web.logs.object_links import thing
from scim.models import OAuthClient, TokenRequest
from scim.oauth.checks import FACTS
from scim.oauth.presentation import fact_of, presentation_of, token_request_reason, token_request_summary, way_text
from scim.oauth.refused_requests import counted_only
from scim.oauth.token_requests import ASSERTION, BASIC, POST

MOST_CLIENTS = 100  # that the filter offers
WAYS = (BASIC, POST, ASSERTION)


RESULT = Case(When(accepted=True, then=Value("accepted")), default=Value("refused"), output_field=CharField())


def result_text(value: str) -> str:
    """A result in a word."""
    return {"accepted": _("Accepted"), "refused": _("Refused")}.get(value, value)


class ResultFilter(ChoiceFilter):
    title = gettext_lazy("result")
    parameter_name = "result"
    any_label = gettext_lazy("Any result")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, result_text(value)) for value in ("accepted", "refused")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = {"accepted": True, "refused": False}.get(str(self.value()))
        return queryset if chosen is None else queryset.filter(accepted=chosen)


class CheckFilter(CodeFilter):
    """By the check that failed: what was wrong."""

    title = gettext_lazy("reason")
    parameter_name = "check"
    any_label = gettext_lazy("Any reason")
    column = "failed_check"

    def texts(self) -> Mapping[str, Promise]:
        return FACTS


class WayFilter(CodeFilter):
    """By how the client showed who it is."""

    title = gettext_lazy("way")
    parameter_name = "way"
    any_label = gettext_lazy("Any way")
    column = "method"

    def texts(self) -> Mapping[str, str]:
        return {method: way_text(method) for method in WAYS}


class ClientFilter(RowFilter):
    title = gettext_lazy("client")
    parameter_name = "client"
    any_label = gettext_lazy("Any client")

    def rows(self) -> list[tuple[str, str]]:
        return [(str(client.pk), client.name) for client in OAuthClient.objects.all()[:MOST_CLIENTS]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        try:
            return queryset.filter(client=UUID(self.value())) if self.value() else queryset
        except ValueError:
            return queryset


EXPORTED: Mapping[str, Callable[[TokenRequest], Any]] = {
    "at": lambda entry: entry.at,
    "result": lambda entry: "accepted" if entry.accepted else "refused",
    "client": lambda entry: entry.client.name if entry.client else entry.stated_client,
    "client_id": lambda entry: str(entry.client_id or ""),
    "way": lambda entry: entry.method,
    "check": lambda entry: entry.failed_check,
    "reason": token_request_reason,
    "what_to_do": token_request_summary,
    "address": lambda entry: entry.address,
    "milliseconds": lambda entry: entry.milliseconds,
    "request_id": lambda entry: entry.request_id,
}


class TokenLog(LogList):
    address = "token-log"
    heading = TOKEN_LOG.name
    lead = gettext_lazy(
        "What came of each request of an OAuth client for an access token, with the reason that only administrators "
        "see."
    )
    empty_text = gettext_lazy(
        "No client has asked for an access token. Add an OAuth client on the SCIM page, copy its Client ID, Token URL "
        "and SCIM URL into Entra, and press Test Connection there."
    )
    begins_at = SCIM
    search_fields = ("request_id__exact",)
    search_help_text = gettext_lazy("Reference number")
    list_filter = (ResultFilter, CheckFilter, ClientFilter, WayFilter, PeriodFilter)
    facets = (
        Facet("result", gettext_lazy("Result"), RESULT, result_text),
        Facet("check", gettext_lazy("Reason"), "failed_check", fact_of),
        Facet("way", gettext_lazy("Way"), "method", way_text),
    )
    exported = EXPORTED
    linked: ClassVar = {"client": lambda entry: thing("oauth_client", entry.client_id)}
    list_select_related = ("client",)
    columns = (
        Column("way", gettext_lazy("Way"), by_default=True),
        Column("took", gettext_lazy("Took"), by_default=True),
        Column("address", gettext_lazy("From")),
        Column("reference", gettext_lazy("Reference number")),
    )
    change_list_template = "web/logs/token_log.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[TokenRequest]:
        return TokenRequest.objects.select_related("client", "secret")

    def context_for(self, request: HttpRequest) -> dict[str, Any]:
        return {"counted_only": counted_only(timezone.now() - timedelta(hours=24))}

    def detail(self, request: HttpRequest, entry: TokenRequest) -> HttpResponse:
        self.link(request, [entry])
        return render(request, "web/logs/token_request.html", {"attempt": entry, "presented": presentation_of(entry)})
