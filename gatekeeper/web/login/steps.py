"""The steps between the right password and the session of a local administrator, a page each."""

import time
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from gatekeeper.directory.local_accounts.passwords import one_time_password_of
from gatekeeper.directory.local_accounts.second_factor_rule import has_second_factor, second_factor_is_demanded
from gatekeeper.directory.models import User
from gatekeeper.directory.sessions.limits import idle_limit
from gatekeeper.web.framework.permissions import access_of_request
from gatekeeper.web.login.local_authentication import let_in, pausing
from saml.addresses import local_path

PASSWORD_COUNTS_FOR = timedelta(minutes=10)  # long enough to find the phone
PASSWORD = "password"  # noqa: S105 - what was proven, not a password
_HALF = "password_was_right"

Step = Callable[[HttpRequest, User, str], HttpResponseBase]


def after_the_password(request: HttpRequest, user: User, target: str) -> HttpResponseBase:
    """Let this local administrator in, or ask for what is missing and open nothing yet."""
    one_time = one_time_password_of(user)
    if one_time is not None and one_time.expires_at <= timezone.now():
        messages.error(
            request,
            _(
                "This password was to be used once, and its time is over. Whoever operates this site sets"
                " another one: manage.py reset_password %(user_name)s --password-stdin."
            )
            % {"user_name": user.user_name},
        )
        return redirect(with_target("web:sign_in", target))
    return go_on(request, user, target, proof=PASSWORD)


def go_on(request: HttpRequest, user: User, target: str, *, proof: str) -> HttpResponseBase:
    """The page of the next step; the session, when nothing is missing. ``proof``: what was proven, for the log."""
    step = _next_step(user, proof)
    if step is None:
        return let_in(request, user, proof=proof, response=redirect(target))
    request.session.flush()
    request.session[_HALF] = {
        "user": str(user.id),
        "hash": user.get_session_auth_hash(),
        "at": int(time.time()),
        "proof": proof,
    }
    request.session.set_expiry(int(_password_counts_for().total_seconds()))
    return redirect(with_target(step, target))


def _next_step(user: User, proof: str) -> str | None:
    if proof == PASSWORD and has_second_factor(user):
        return "web:sign_in_code"
    if one_time_password_of(user) is not None:
        return "web:sign_in_new_password"
    if proof == PASSWORD and second_factor_is_demanded():
        return "web:sign_in_set_up"
    return None


def step(view: Step) -> Callable[[HttpRequest], HttpResponseBase]:
    """Decorator for the page of a step: it gets the administrator whose password this browser gave, and the target.

    Whoever has taken too long, or whose password was changed meanwhile, starts again.
    """

    @never_cache
    @pausing
    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponseBase:
        target = local_path(request.GET.get("next"))
        if access_of_request(request) is not None:
            return redirect(target)
        user = _whose_password_was_right(request)
        if user is None:
            messages.warning(request, _("That took too long. Enter your e-mail and password again."))
            return redirect(with_target("web:sign_in", target))
        return view(request, user, target)

    return guarded


def proof_so_far(request: HttpRequest) -> str:
    """What this browser has proven; only inside a step."""
    return str(request.session[_HALF]["proof"])


def _whose_password_was_right(request: HttpRequest) -> User | None:
    half = request.session.get(_HALF)
    if not half or time.time() - half["at"] >= _password_counts_for().total_seconds():
        return None
    user = User.objects.local().filter(pk=half["user"], active=True).first()
    return user if user and constant_time_compare(user.get_session_auth_hash(), half["hash"]) else None


def _password_counts_for() -> timedelta:
    """Half a sign-in waits no longer than a whole one may."""
    return min(PASSWORD_COUNTS_FOR, idle_limit() or PASSWORD_COUNTS_FOR)


def with_target(name: str, target: str) -> str:
    """The address of a page of the sign-in, which leads on to ``target``."""
    return reverse(name) + (f"?{urlencode({'next': target})}" if target != "/" else "")
