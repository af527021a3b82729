"""The local (break-glass) accounts on one page: what each signs in with, and what the site demands of them."""

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from gatekeeper.directory.local_accounts.accounts import local_accounts as every_local_account
from gatekeeper.directory.local_accounts.second_factor_rule import demand_second_factor, second_factor_is_demanded
from gatekeeper.errors import SecondFactorDemanded
from gatekeeper.web.framework.carried_form import carried_fields
from gatekeeper.web.framework.permissions import actor_of, may_configure, only, person_of
from gatekeeper.web.site_settings.forms import LocalAccountRuleForm


@require_http_methods(["GET", "POST"])
@only(may_configure, keep=("second_factor",))
def local_accounts(request: HttpRequest) -> HttpResponseBase:
    """The accounts, and the switch."""
    initial = {"second_factor": second_factor_is_demanded(), **carried_fields(request, ("second_factor",))}
    form = LocalAccountRuleForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and form.is_valid():
        demanded = form.cleaned_data["second_factor"]
        try:
            demand_second_factor(demanded, actor=actor_of(request), by=person_of(request))
        except SecondFactorDemanded as refusal:
            form.add_error("second_factor", refusal.on_page)
        else:
            messages.success(
                request,
                _("Saved. Every local account needs a second factor now.")
                if demanded
                else _("Saved. A local account may sign in with its password alone."),
            )
            return redirect("web:local_accounts")
    page = {"form": form, "accounts": every_local_account()}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "web/site_settings/local_accounts.html", page, status=status)
