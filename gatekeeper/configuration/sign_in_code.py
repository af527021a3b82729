"""Between the password and the session of a local administrator: the code of the second factor."""

import time
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from gatekeeper.configuration.forms import CodeForm
from gatekeeper.configuration.guards import access_of_request
from gatekeeper.configuration.local_proof import let_in, pausing, prove_code
from gatekeeper.directory.models import User
from gatekeeper.directory.second_factors import second_factor_of
from gatekeeper.errors import SealBroken, WrongCode
from saml.addresses import own_path

PASSWORD_COUNTS_FOR = 10 * 60  # seconds: long enough to find the phone
_HALF = "password_was_right"


def after_the_password(request: HttpRequest, user: User, target: str) -> HttpResponseBase:
    """Let this local administrator in; or, once they have a second factor, ask for it and open nothing yet."""
    if second_factor_of(user) is None:
        return let_in(request, user, proof="password", target=target)
    request.session.flush()
    request.session[_HALF] = {"user": str(user.id), "hash": user.get_session_auth_hash(), "at": int(time.time())}
    return redirect(_with_target("configuration:sign_in_code", target))


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
@pausing
def code(request: HttpRequest) -> HttpResponseBase:
    """The page on which the code is asked for."""
    target = own_path(request.GET.get("next"))
    if access_of_request(request) is not None:
        return redirect(target)
    user = _whose_password_was_right(request)
    if user is None:
        messages.warning(request, "That took too long. Enter your e-mail and password again.")
        return redirect(_with_target("configuration:sign_in", target))
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            left = prove_code(request, user, form.cleaned_data["code"])
        except (WrongCode, SealBroken) as refusal:
            form.add_error("code", str(refusal))
        else:
            return _let_in(request, user, left, target)
    page: dict[str, Any] = {"form": form, "start_again": _with_target("configuration:sign_in", target)}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "configuration/sign_in_code.html", page, status=status)


def _let_in(request: HttpRequest, user: User, recovery_codes_left: int | None, target: str) -> HttpResponseBase:
    by_phone = recovery_codes_left is None
    response = let_in(
        request, user, proof="password and code" if by_phone else "password and recovery code", target=target
    )
    if not by_phone:
        messages.warning(
            request,
            f"You used a recovery code; {recovery_codes_left} of them are left. If the phone is lost, remove the "
            "second factor on your profile page with another one, and set it up anew.",
        )
    return response


def _whose_password_was_right(request: HttpRequest) -> User | None:
    """The administrator whose password this browser gave a moment ago, unless it was changed since."""
    half = request.session.get(_HALF)
    if not half or time.time() - half["at"] > PASSWORD_COUNTS_FOR:
        return None
    user = User.objects.local().filter(pk=half["user"], active=True).first()
    return user if user and constant_time_compare(user.get_session_auth_hash(), half["hash"]) else None


def _with_target(name: str, target: str) -> str:
    return reverse(name) + (f"?{urlencode({'next': target})}" if target != "/" else "")
