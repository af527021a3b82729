"""Signing in and signing out."""

from http import HTTPStatus
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from gatekeeper.directory.identity_linking.home_realm_discovery import stated_domains
from gatekeeper.web.framework.permissions import access_of_request
from gatekeeper.web.login.forms import LocalSignInForm
from gatekeeper.web.login.local_authentication import pausing, prove_password
from gatekeeper.web.login.steps import after_the_password
from saml.addresses import local_path
from saml.models import Connection
from saml.views.sign_out import sign_out_here

WRONG = gettext_lazy(
    "The e-mail or the password is wrong. Both are those of a local account, not of your organisation."
)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
@pausing
def sign_in(request: HttpRequest) -> HttpResponseBase:
    """Each SAML connection, and folded away the local password form."""
    target = local_path(request.GET.get("next"))
    if access_of_request(request) is not None:
        return redirect(target)
    form = LocalSignInForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        user = prove_password(request, form.cleaned_data["email"], form.cleaned_data["password"])
        if user is not None:
            return after_the_password(request, user, target)
        form.add_error(None, WRONG)
    page = {
        "form": form,
        "connections": Connection.objects.trusted(),
        "asks_for_account": stated_domains().exists(),
        "next_query": f"?{urlencode({'next': target})}" if target != "/" else "",
        "unfolded": form.is_bound,
    }
    return render(
        request,
        "web/login/sign_in.html",
        page,
        status=HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK,
    )


@never_cache
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this browser's session, and go on to the connection's own logout when there is one."""
    onward = sign_out_here(request)
    if onward is not None:
        return onward
    messages.success(request, _("You are signed out."))
    return redirect("web:sign_in")
