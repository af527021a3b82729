"""The sign-in debugger: what came of each SAML response, check by check, and personal values for who asks for them."""

from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from gatekeeper.directory.access.people_pages import searched
from gatekeeper.directory.models import User
from gatekeeper.web.framework.change_lists import NEWEST_SEARCHED, ChoiceFilter, PeriodFilter, ReadOnlyList
from gatekeeper.web.framework.permissions import actor_of, may_configure, may_read_people, only, viewer_may
from saml.debugger.attempts import PERSONAL_VALUES_KEPT, PersonalValues, show_personal_values
from saml.debugger.attempts import personal_values as sealed_values
from saml.debugger.message_summary import message_summary
from saml.debugger.message_text import message_text
from saml.debugger.name_digests import name_keys
from saml.debugger.presentation import presentation_of
from saml.debugger.refusal_counts import counted_only
from saml.debugger.stated_values import claims_of, stated_values
from saml.metadata.products import UNKNOWN
from saml.models import Connection, SignInAttempt
from saml.refusals.causes import Cause
from saml.refusals.texts import reasons_with

MOST_PEOPLE = 1_000  # whose attempts one search finds


class ResultFilter(ChoiceFilter):
    title = "result"
    parameter_name = "result"
    any_label = gettext_lazy("Any result")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("accepted", _("Accepted")),
            ("refused", _("Refused")),
            ("begun", _("Begun here instead")),
            ("test", _("Tests")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = {
            "accepted": Q(accepted=True),
            "refused": Q(accepted=False) & ~Q(cause=Cause.BEGUN_HERE),
            "begun": Q(cause=Cause.BEGUN_HERE),
            "test": Q(is_test=True),
        }
        return queryset.filter(chosen.get(str(self.value()), Q()))


class SignInAttempts(ReadOnlyList):
    address = "sign-in-attempts"
    heading = gettext_lazy("Sign-in attempts")
    lead = gettext_lazy(
        "What came of each SAML response, with the reason that only administrators see. Kept for 30 days."
    )
    empty_text = gettext_lazy("Nobody has tried to sign in through an identity provider yet.")
    search_fields = ("request_id",)  # and what get_search_results adds
    search_help_text = gettext_lazy("Reference number, person or reason")
    list_filter = (ResultFilter, PeriodFilter)
    list_select_related = ("connection__provider", "user")
    change_list_template = "web/logs/sign_in_attempts.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[SignInAttempt]:
        return SignInAttempt.objects.defer("sealed_message", "statement")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By reference number or person, each with an index; by the reason among the newest attempts.

        A reason is found by its text, and a whole sign-in name by its digest, although neither is stored.
        """
        term = search_term.strip()
        if not term:
            return queryset, False
        people = searched(User.objects.order_by(), term).values_list("pk", flat=True)[:MOST_PEOPLE]
        newest = SignInAttempt.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        by_reason = Q(failed_check__icontains=term) | Q(reason__in=reasons_with(term)) | Q(parameters__icontains=term)
        return queryset.filter(
            Q(request_id=term)
            | Q(user_id__in=list(people))
            | Q(name_key__in=name_keys(term))
            | (Q(pk__gt=newest - NEWEST_SEARCHED) & by_reason)
        ), False

    def context_for(self, request: HttpRequest) -> dict[str, Any]:
        return {
            "newest_searched": NEWEST_SEARCHED if request.GET.get("q", "").strip() else 0,
            "testable": Connection.objects.live() if viewer_may(request, may_configure) else [],
            "counted_only": counted_only(timezone.now() - timedelta(hours=24)),
        }

    def detail(self, request: HttpRequest, entry: SignInAttempt) -> HttpResponse:
        return render(request, "web/logs/sign_in_attempt.html", page_of(request, entry))


@require_POST
@only(may_configure, back="admin:saml_signinattempt_change")
def personal_values(request: HttpRequest, attempt_id: int) -> HttpResponse:
    """The attempt's page with the personal values in it, this once; the audit trail says who asked."""
    attempt = SignInAttempt.objects.select_related("connection__provider", "user").filter(pk=attempt_id).first()
    if attempt is None:
        raise Http404
    shown = show_personal_values(attempt, actor=actor_of(request))
    return render(request, "web/logs/sign_in_attempt.html", page_of(request, attempt, shown=shown))


def page_of(request: HttpRequest, attempt: SignInAttempt, *, shown: PersonalValues | None = None) -> dict[str, Any]:
    """What the page of an attempt needs; masked unless ``shown``."""
    values = shown or sealed_values(attempt)
    statement = attempt.statement
    if shown and shown.message:
        statement = message_summary(shown.message.encode(), masked=False)
    return {
        "attempt": attempt,
        "presented": presentation_of(attempt),
        "shown": shown,
        "is_for_another_address": is_for_another_address(attempt),
        "product": attempt.connection.product if attempt.connection else UNKNOWN,
        "name": shown.name if shown else attempt.name_id,
        "facts": stated_values(statement, attempt.connection),
        "claims": claims_of(statement),
        "message": message_text(values.message, masked=shown is None) if values and values.message else "",
        "may_show": values is not None and shown is None and viewer_may(request, may_configure),
        "values_until": attempt.at + PERSONAL_VALUES_KEPT,
        "values_gone": values is None and timezone.now() >= attempt.at + PERSONAL_VALUES_KEPT,
        "may_read_people": viewer_may(request, may_read_people),
    }


def is_for_another_address(attempt: SignInAttempt) -> bool:
    """Whether the person is known by their link, but their work e-mail is not the sign-in name (any more)."""
    user = attempt.user
    if user is None or attempt.user_by or not attempt.name_key:
        return False
    return attempt.name_key not in name_keys(user.work_email or "")
