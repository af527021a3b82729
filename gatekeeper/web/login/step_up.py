"""Step-up: signing in again before a change, when the last sign-in is a while ago. ``permissions.only`` asks for it."""

from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from gatekeeper.sessions.browser_session import CARRIED, current_sign_in, renew_browser_session
from gatekeeper.web.framework.permissions import Fresh, is_fresh, is_signed_in, only, person_of
from gatekeeper.web.login.local_authentication import pausing, proof_form, prove_again
from gatekeeper.web.login.passkey_ceremony import asks_for_passkey
from saml.addresses import local_path
from saml.models import Connection


@never_cache
@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "POST"])
@only(is_signed_in, fresh=Fresh.NEVER)
@pausing
def sign_in_again(request: HttpRequest) -> HttpResponseBase:
    """Ask for the password (and code), or send on to the identity provider, which has to ask; then back."""
    target = local_path(request.GET.get("next"))
    if is_fresh(request):
        return _go_on(request, target)
    user = person_of(request)
    form = None
    if user.is_local:
        form = proof_form(user, request.POST if request.method == "POST" else None)
        if form.is_bound and form.is_valid() and prove_again(request, user, form):
            renew_browser_session(request)
            return _go_on(request, target)
    page: dict[str, Any] = {
        "form": form,
        "passkey_options": asks_for_passkey(request, user) if form else "",
        "posted": (request.session.get(CARRIED) or {}).get("posted", False),
        "target": target,
        "providers": [] if user.is_local else _providers(request, target),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form is not None and form.is_bound else HTTPStatus.OK
    return render(request, "web/login/step_up.html", page, status=status)


def _providers(request: HttpRequest, target: str) -> list[tuple[str, str]]:
    """Name and address for each identity provider that can ask this person: the one they came through, if it is there.

    It leads back here first, where the session is fresh then.
    """
    sign_in = current_sign_in(request)
    mine = Q(pk=sign_in.provider_id) if sign_in and sign_in.provider_id else Q()
    back = f"{reverse('web:sign_in_again')}?{urlencode({'next': target})}"
    query = urlencode({"force": "1", "next": back})
    return [
        (connection.name, f"{reverse('saml:sso', args=(connection.id,))}?{query}")
        for connection in Connection.objects.trusted().filter(mine)
    ]


def _go_on(request: HttpRequest, target: str) -> HttpResponseBase:
    """Back to the page, saying what has become of what was sent."""
    carried = request.session.get(CARRIED)
    if carried and carried["back"] == target:
        messages.success(request, _what_to_do(carried))
        if carried["form"]:
            request.session[CARRIED] = {**carried, "answered": True}
    if not carried or not carried["form"]:
        request.session.pop(CARRIED, None)
    return redirect(target)


def _what_to_do(carried: dict[str, Any]) -> str:
    if carried["form"]:
        return _(
            "You have signed in again. Nothing was saved so far: what you entered is in the form below. "
            "Look at it and send it again."
        )
    if carried["posted"]:
        return _("You have signed in again. Nothing was changed so far: press the button again.")
    return _("You have signed in again. You can go on.")
