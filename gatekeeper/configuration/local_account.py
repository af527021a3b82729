"""What a local administrator does about their own account: the password, and the second factor."""

import base64
from typing import Any

import segno
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from gatekeeper.browser_session import current_sign_in
from gatekeeper.configuration.forms import FirstCodeForm, PasswordForm, ProofForm
from gatekeeper.configuration.guards import Fresh, actor_of, is_signed_in, only, person_of
from gatekeeper.configuration.local_proof import pausing, prove_again, prove_password
from gatekeeper.directory.models import SecondFactor, User
from gatekeeper.directory.second_factors import (
    PURPOSE,
    add_second_factor,
    as_text,
    as_uri,
    new_secret,
    recovery_codes_left,
    remove_second_factor,
    second_factor_of,
)
from gatekeeper.directory.users import change_password
from gatekeeper.errors import DomainError, SealBroken, SecondFactorExists, WrongCode
from gatekeeper.sealing import seal, unseal

_OFFERED = "offered_second_factor"  # session key: the sealed secret that the page shows until a code confirms it


def misses_second_factor(user: User) -> bool:
    """Whether the pages should urge this person to set one up."""
    return user.is_local and second_factor_of(user) is None


@sensitive_post_parameters("current", "new", "again")
@require_http_methods(["GET", "POST"])
@only(is_signed_in, fresh=Fresh.NEVER)
@pausing
def password(request: HttpRequest) -> HttpResponseBase:
    """A local administrator's own password. Other sessions end; this one goes on."""
    user = _local_person_of(request)
    form = PasswordForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and _change(request, user, form):
        messages.success(request, "Your password is changed. Every other session of yours has ended.")
        return redirect("configuration:profile")
    return render(request, "configuration/password.html", {"form": form}, status=422 if form.is_bound else 200)


def _change(request: HttpRequest, user: User, form: PasswordForm) -> bool:
    if prove_password(request, user.user_name, form.cleaned_data["current"]) is None:
        form.add_error("current", "That is not your current password.")
        return False
    this = current_sign_in(request)
    try:
        change_password(user.id, form.cleaned_data["new"], actor=actor_of(request), keep=this.id if this else None)
    except DomainError as refusal:
        form.add_error("new", str(refusal))
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
    user = _local_person_of(request)
    factor = second_factor_of(user)
    return _enrol(request, user) if factor is None else _remove(request, user, factor)


def _enrol(request: HttpRequest, user: User) -> HttpResponseBase:
    """Show the secret, confirm it by a code, then show the recovery codes: in the answer to this one request only."""
    secret = _offered_secret(request)
    form = FirstCodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        this = current_sign_in(request)
        try:
            codes = add_second_factor(
                user.id,
                secret,
                form.cleaned_data["code"],
                actor=actor_of(request),
                keep=this.id if this else None,
            )
        except (WrongCode, SecondFactorExists) as refusal:
            form.add_error("code", str(refusal))
        else:
            del request.session[_OFFERED]
            return render(request, "configuration/recovery_codes.html", {"codes": codes})
    page: dict[str, Any] = {"form": form, "secret": as_text(secret), "qr": _qr(as_uri(secret, user.user_name))}
    return render(request, "configuration/second_factor.html", page, status=422 if form.is_bound else 200)


def _remove(request: HttpRequest, user: User, factor: SecondFactor) -> HttpResponseBase:
    form = ProofForm(request.POST if request.method == "POST" else None, with_code=True)
    if request.method == "POST" and form.is_valid() and prove_again(request, user, form):
        remove_second_factor(user.id, actor=actor_of(request))
        messages.success(request, "The second factor is removed. The password alone lets you in from now on.")
        return redirect("configuration:profile")
    page = {"form": form, "factor": factor, "codes_left": recovery_codes_left(factor)}
    return render(request, "configuration/second_factor_kept.html", page, status=422 if form.is_bound else 200)


def _offered_secret(request: HttpRequest) -> bytes:
    """The secret that this session was offered, so that a wrong code does not ask for the QR code to be read again."""
    sealed = request.session.get(_OFFERED)
    if sealed:
        try:
            return unseal(base64.b64decode(sealed), purpose=PURPOSE)
        except SealBroken:
            pass
    secret = new_secret()
    request.session[_OFFERED] = base64.b64encode(seal(secret, purpose=PURPOSE)).decode()
    return secret


def _qr(address: str) -> SafeString:
    """Dark on light whatever the page's colours: apps do not read the other way round."""
    return mark_safe(  # noqa: S308 - drawn by segno from squares; nothing of the address stands in it
        segno.make(address, error="m", micro=False).svg_inline(
            scale=1, border=4, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None
        )
    )


def _local_person_of(request: HttpRequest) -> User:
    user = person_of(request)
    if not user.is_local:
        raise Http404
    return user
