"""The token log: what came of each request of an OAuth client for an access token, check by check."""

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gatekeeper.web.framework.change_lists import ChoiceFilter, PeriodFilter, ReadOnlyList
from scim.models import OAuthClient, TokenRequest
from scim.oauth.presentation import presentation_of
from scim.oauth.refused_requests import counted_only

MOST_CLIENTS = 100  # that the filter offers


class ResultFilter(ChoiceFilter):
    title = "result"
    parameter_name = "result"
    any_label = gettext_lazy("Any result")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("accepted", _("Accepted")), ("refused", _("Refused"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = {"accepted": True, "refused": False}.get(str(self.value()))
        return queryset if chosen is None else queryset.filter(accepted=chosen)


class ClientFilter(ChoiceFilter):
    title = "client"
    parameter_name = "client"
    any_label = gettext_lazy("Any client")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(client.pk), client.name) for client in OAuthClient.objects.all()[:MOST_CLIENTS]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        known = {value for value, _name in self.lookup_choices}
        return queryset.filter(client=self.value()) if self.value() in known else queryset


class TokenLog(ReadOnlyList):
    address = "token-log"
    heading = gettext_lazy("Token log")
    lead = gettext_lazy(
        "What came of each request of an OAuth client for an access token, with the reason that only administrators "
        "see. Kept for 30 days."
    )
    empty_text = gettext_lazy(
        "No client has asked for an access token. Add an OAuth client on the SCIM page, copy its Client ID, Token URL "
        "and SCIM URL into Entra, and press Test Connection there."
    )
    search_fields = ("request_id__exact",)
    search_help_text = gettext_lazy("Reference number")
    list_filter = (ResultFilter, ClientFilter, PeriodFilter)
    list_select_related = ("client",)
    change_list_template = "web/logs/token_log.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[TokenRequest]:
        return TokenRequest.objects.select_related("client", "secret")

    def context_for(self, request: HttpRequest) -> dict[str, Any]:
        return {"counted_only": counted_only(timezone.now() - timedelta(hours=24))}

    def detail(self, request: HttpRequest, entry: TokenRequest) -> HttpResponse:
        return render(request, "web/logs/token_request.html", {"attempt": entry, "presented": presentation_of(entry)})
