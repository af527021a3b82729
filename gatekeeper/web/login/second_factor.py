"""The second factor of a local administrator at sign-in: a code, or a passkey."""

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from gatekeeper.directory.local_accounts.second_factors import second_factor_of
from gatekeeper.directory.models import User
from gatekeeper.errors import PasskeyRefused, SealBroken, WrongCode
from gatekeeper.web.login.forms import CodeForm
from gatekeeper.web.login.local_authentication import prove_code, prove_passkey
from gatekeeper.web.login.passkey_ceremony import asks_for_passkey
from gatekeeper.web.login.steps import go_on, step, with_target


@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
@step
def code(request: HttpRequest, user: User, target: str) -> HttpResponseBase:
    """The page on which the code or the passkey is asked for; nobody is signed in yet."""
    form = CodeForm(request.POST if request.method == "POST" and "passkey" not in request.POST else None)
    refused = ""
    if "passkey" in request.POST:
        try:
            prove_passkey(request, user, request.POST["passkey"])
        except PasskeyRefused as refusal:
            refused = refusal.on_page
        else:
            return go_on(request, user, target, proof="password and passkey")
    elif form.is_bound and form.is_valid():
        try:
            left = prove_code(request, user, form.cleaned_data["code"])
        except (WrongCode, SealBroken) as refusal:
            form.add_error("code", refusal.on_page)
        else:
            return _with_code(request, user, left, target)
    page: dict[str, Any] = {
        "form": form if second_factor_of(user) else None,
        "passkey_options": asks_for_passkey(request, user),
        "passkey_refused": refused,
        "start_again": with_target("web:sign_in", target),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound or refused else HTTPStatus.OK
    return render(request, "web/login/second_factor.html", page, status=status)


def _with_code(request: HttpRequest, user: User, recovery_codes_left: int | None, target: str) -> HttpResponseBase:
    by_phone = recovery_codes_left is None
    response = go_on(request, user, target, proof="password and code" if by_phone else "password and recovery code")
    if not by_phone:
        messages.warning(
            request,
            _(
                "You used a recovery code; %(recovery_codes_left)s of them are left. If the phone is "
                "lost, remove the second factor on your profile page with another one, and set it up "
                "anew."
            )
            % {"recovery_codes_left": recovery_codes_left},
        )
    return response
