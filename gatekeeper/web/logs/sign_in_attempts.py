"""The sign-in debugger: what came of each SAML response, check by check, and personal values for who asks for them."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, ClassVar

from django.db.models import Case, CharField, Q, QuerySet, TextChoices, Value, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from gatekeeper.directory.access.people_pages import searched
from gatekeeper.directory.models import User
from gatekeeper.web.framework.change_lists import NEWEST_SEARCHED, ChoiceFilter, CodeFilter
from gatekeeper.web.framework.lists.columns import Column
from gatekeeper.web.framework.period_filter import TIME, PeriodFilter
from gatekeeper.web.framework.permissions import actor_of, may_configure, may_read_people, only, viewer_may
from gatekeeper.web.framework.places import AUTHENTICATION, SIGN_INS
from gatekeeper.web.logs.lists.facets import Facet
from gatekeeper.web.logs.lists.log_list import LogList
from gatekeeper.web.logs.object_links import thing
from gatekeeper.web.logs.sign_ins_by_reason import sign_ins_by_reason, span_of
from saml.debugger.attempts import PERSONAL_VALUES_KEPT, PersonalValues, show_personal_values
from saml.debugger.attempts import personal_values as sealed_values
from saml.debugger.failed_checks import FACTS, LOGOUT, fact_of
from saml.debugger.message_summary import message_summary
from saml.debugger.message_text import message_text
from saml.debugger.name_digests import name_keys
from saml.debugger.presentation import attempt_reason, attempt_summary, presentation_of
from saml.debugger.refusal_counts import counted_only
from saml.debugger.stated_values import claims_of, stated_values
from saml.metadata.products import UNKNOWN
from saml.models import Connection, SignInAttempt
from saml.refusals.causes import Cause
from saml.refusals.texts import reasons_with

MOST_PEOPLE = 1_000  # whose attempts one search finds


class Result(TextChoices):
    """What came of a sign-in."""

    ACCEPTED = "accepted", gettext_lazy("Accepted")
    REFUSED = "refused", gettext_lazy("Refused")
    BEGUN = "begun", gettext_lazy("Begun here instead")


IS_RESULT: Mapping[str, Q] = {
    Result.ACCEPTED: Q(accepted=True),
    Result.REFUSED: Q(accepted=False) & ~Q(cause=Cause.BEGUN_HERE),
    Result.BEGUN: Q(cause=Cause.BEGUN_HERE),
}
RESULT = Case(
    *(When(condition, then=Value(result)) for result, condition in IS_RESULT.items()), output_field=CharField()
)


class ResultFilter(ChoiceFilter):
    title = gettext_lazy("result")
    parameter_name = "result"
    any_label = gettext_lazy("Any result")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*((each.value, str(each.label)) for each in Result), ("test", _("Tests"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = {**IS_RESULT, "test": Q(is_test=True)}
        return queryset.filter(chosen.get(str(self.value()), Q()))


class CheckFilter(CodeFilter):
    """By the check that failed: what was wrong."""

    title = gettext_lazy("reason")
    parameter_name = "check"
    any_label = gettext_lazy("Any reason")
    column = "failed_check"

    def texts(self) -> Mapping[str, Promise]:
        return FACTS

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == LOGOUT:
            return queryset.filter(failed_check__startswith=LOGOUT)
        return super().queryset(request, queryset)


EXPORTED: Mapping[str, Callable[[SignInAttempt], Any]] = {
    "at": lambda attempt: attempt.at,
    "result": lambda attempt: result_of(attempt).value,
    "test": lambda attempt: attempt.is_test,
    "name": lambda attempt: attempt.name_id,
    "user": lambda attempt: attempt.user.label if attempt.user and not attempt.user_by else "",
    "user_id": lambda attempt: str(attempt.user_id or "") if not attempt.user_by else "",
    "check": lambda attempt: attempt.failed_check,
    "reason": attempt_reason,
    "what_to_do": attempt_summary,
    "connection": lambda attempt: attempt.connection.name if attempt.connection else "",
    "address": lambda attempt: attempt.address,
    "milliseconds": lambda attempt: attempt.milliseconds,
    "request_id": lambda attempt: attempt.request_id,
}


def result_text(value: str) -> str:
    """A result in words; "" for a choice of the filter that is none, such as the tests."""
    return str(Result(value).label) if value in Result.values else ""


def result_of(attempt: SignInAttempt) -> Result:
    """What came of an attempt."""
    if attempt.accepted:
        return Result.ACCEPTED
    return Result.BEGUN if attempt.begun_here else Result.REFUSED


class SignInAttempts(LogList):
    address = "sign-in-attempts"
    heading = SIGN_INS.name
    lead = gettext_lazy("What came of each SAML response, with the reason that only administrators see.")
    empty_text = gettext_lazy(
        "Nobody has tried to sign in through an identity provider yet. Set up SAML, and press Test sign-in there."
    )
    begins_at = AUTHENTICATION
    search_fields = ("request_id",)  # and what get_search_results adds
    search_help_text = gettext_lazy("Reference number, person or reason")
    list_filter = (ResultFilter, CheckFilter, PeriodFilter)
    facets = (
        Facet("result", gettext_lazy("Result"), RESULT, result_text),
        Facet("check", gettext_lazy("Reason"), "failed_check", fact_of),
    )
    exported = EXPORTED
    linked: ClassVar = {"user": lambda attempt: thing("user", attempt.user_id)}
    list_select_related = ("connection__provider", "user")
    columns = (
        Column("connection", gettext_lazy("Connection"), by_default=True),
        Column("took", gettext_lazy("Took"), by_default=True),
        Column("address", gettext_lazy("From")),
        Column("reference", gettext_lazy("Reference number")),
    )
    change_list_template = "web/logs/sign_in_attempts.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[SignInAttempt]:
        return SignInAttempt.objects.defer("sealed_message", "statement")

    def complete(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """With person and connection; without the messages."""
        return rows.select_related("connection__provider", "user")

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
        span = span_of(request.GET.get(TIME, ""))
        return {
            "plot": sign_ins_by_reason(span),
            "plot_span": span,
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
