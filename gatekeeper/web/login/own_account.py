"""What a local administrator does about their own account: the password, the authenticator app, and passkeys."""

from http import HTTPStatus

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from gatekeeper.directory.local_accounts.accounts import change_password
from gatekeeper.directory.local_accounts.passkeys import add_passkey, passkeys_of
from gatekeeper.directory.local_accounts.passkeys import remove_passkey as end_passkey
from gatekeeper.directory.local_accounts.second_factor_rule import has_second_factor, require_that_one_is_left
from gatekeeper.directory.local_accounts.second_factors import (
    recovery_codes_left,
    remove_second_factor,
    second_factor_of,
)
from gatekeeper.directory.models import SecondFactor, User
from gatekeeper.errors import DomainError, PasskeyNotFound, SecondFactorDemanded
from gatekeeper.sessions.browser_session import current_sign_in
from gatekeeper.web.framework.permissions import Fresh, actor_of, is_signed_in, only, person_of
from gatekeeper.web.login.forms import PasskeyForm, PasswordForm
from gatekeeper.web.login.local_authentication import pausing, proof_form, prove_again, prove_password
from gatekeeper.web.login.passkey_ceremony import asks_for_passkey, offers_passkey, take_challenge
from gatekeeper.web.login.second_factor_enrolment import enrol


def _what_is_asked(user: User) -> str:
    if has_second_factor(user):
        return _("Signing in still takes a second factor.")
    return _("The password alone lets you in from now on.")


@sensitive_post_parameters("current", "new", "again")
@require_http_methods(["GET", "POST"])
@only(is_signed_in, fresh=Fresh.NEVER)
@pausing
def password(request: HttpRequest) -> HttpResponseBase:
    """A local administrator's own password. Other sessions end; this one goes on."""
    user = local_person_of(request)
    form = PasswordForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and _change(request, user, form):
        messages.success(request, _("Your password is changed. Every other session of yours has ended."))
        return redirect("web:profile")
    return render(request, "web/login/password.html", {"form": form}, status=422 if form.is_bound else 200)


def _change(request: HttpRequest, user: User, form: PasswordForm) -> bool:
    if prove_password(request, user.user_name, form.cleaned_data["current"]) is None:
        form.add_error("current", _("That is not your current password."))
        return False
    this = current_sign_in(request)
    try:
        change_password(user.id, form.cleaned_data["new"], actor=actor_of(request), keep=this.id if this else None)
    except DomainError as refusal:
        form.add_error("new", refusal.on_page)
        return False
    user.refresh_from_db()
    update_session_auth_hash(request, user)  # rotates the session key too
    return True


@sensitive_post_parameters("code", "password")
@require_http_methods(["GET", "POST"])
@only(is_signed_in, fresh=Fresh.ALWAYS)
@pausing
def second_factor(request: HttpRequest) -> HttpResponseBase:
    """Set up the second factor, or remove it."""
    user = local_person_of(request)
    factor = second_factor_of(user)
    if factor is not None:
        return _remove(request, user, factor)
    this = current_sign_in(request)

    def finished(codes: tuple[str, ...]) -> HttpResponseBase:
        page = {"codes": codes, "onward": reverse("web:profile")}
        return render(request, "web/login/recovery_codes.html", page)

    return enrol(
        request,
        user,
        actor=actor_of(request),
        keep=this.id if this else None,
        finished=finished,
        page={"onward": reverse("web:profile")},
    )


def _remove(request: HttpRequest, user: User, factor: SecondFactor) -> HttpResponseBase:
    form = proof_form(user, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid() and prove_again(request, user, form):
        try:
            require_that_one_is_left(user, but=1)
        except SecondFactorDemanded as refusal:
            form.add_error("password", refusal.on_page)
        else:
            remove_second_factor(user.id, actor=actor_of(request))
            messages.success(
                request,
                _("The authenticator app is removed. %(what_is_asked)s") % {"what_is_asked": _what_is_asked(user)},
            )
            return redirect("web:profile")
    page = {
        "form": form,
        "factor": factor,
        "codes_left": recovery_codes_left(factor),
        "passkey_options": asks_for_passkey(request, user),
    }
    return render(request, "web/login/second_factor_settings.html", page, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@only(is_signed_in, fresh=Fresh.ALWAYS)
def passkeys(request: HttpRequest) -> HttpResponseBase:
    """The passkeys of one's own account, and the form that adds one."""
    user = local_person_of(request)
    form = PasskeyForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid() and _add_passkey(request, user, form):
        messages.success(request, _("The passkey is added. Other sessions of yours have ended."))
        return redirect("web:passkeys")
    page = {"form": form, "passkeys": passkeys_of(user), "options": offers_passkey(request, user)}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "web/login/passkeys.html", page, status=status)


def _add_passkey(request: HttpRequest, user: User, form: PasskeyForm) -> bool:
    this = current_sign_in(request)
    try:
        site, challenge = take_challenge(request)
        add_passkey(
            user.id,
            form.cleaned_data["name"],
            form.cleaned_data["passkey"],
            site=site,
            challenge=challenge,
            actor=actor_of(request),
            keep=this.id if this else None,
        )
    except DomainError as refusal:
        form.add_error("name", refusal.on_page)
        return False
    return True


@require_POST
@only(is_signed_in, back="web:passkeys")
def remove_passkey(request: HttpRequest, passkey_id: int) -> HttpResponseBase:
    """End one of one's own passkeys."""
    user = local_person_of(request)
    try:
        require_that_one_is_left(user, but=1)
        passkey = end_passkey(user.id, passkey_id, actor=actor_of(request))
    except PasskeyNotFound as missing:
        raise Http404 from missing
    except SecondFactorDemanded as refusal:
        messages.error(request, refusal.on_page)
    else:
        messages.success(
            request,
            _("The passkey %(passkey)s is removed. %(what_is_asked)s")
            % {"passkey": passkey.name, "what_is_asked": _what_is_asked(user)},
        )
    return redirect("web:passkeys")


def local_person_of(request: HttpRequest) -> User:
    """Who is signed in, with a password. Raises: Http404 for everybody else, whose proofs are not kept here."""
    user = person_of(request)
    if not user.is_local:
        raise Http404
    return user
