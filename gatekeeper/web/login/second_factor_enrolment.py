"""Setting up an authenticator app: from the profile page, or during sign-in where the site demands a second factor."""

import base64
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from uuid import UUID

import segno
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe

from gatekeeper.audit.actor import Actor
from gatekeeper.directory.local_accounts.second_factors import add_second_factor, as_text, as_uri, new_secret
from gatekeeper.directory.models import User
from gatekeeper.directory.models.local_credentials import SECOND_FACTOR_PURPOSE
from gatekeeper.errors import SealBroken, SecondFactorExists, WrongCode
from gatekeeper.secrets.sealing import seal, unseal
from gatekeeper.web.login.forms import FirstCodeForm

_OFFERED = "offered_second_factor"  # session key: the sealed secret that the page shows until a code confirms it


def enrol(
    request: HttpRequest,
    user: User,
    *,
    actor: Actor,
    finished: Callable[[tuple[str, ...]], HttpResponseBase],
    page: dict[str, Any],
    keep: UUID | None = None,
) -> HttpResponseBase:
    """Show the secret and confirm it by a code; ``finished`` answers then, with the recovery codes, this once.

    ``keep``: the session that goes on. ``page``: what the template needs besides.
    """
    secret = _offered_secret(request)
    form = FirstCodeForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            codes = add_second_factor(user.id, secret, form.cleaned_data["code"], actor=actor, keep=keep)
        except (WrongCode, SecondFactorExists) as refusal:
            form.add_error("code", refusal.on_page)
        else:
            del request.session[_OFFERED]
            return finished(codes)
    shown = {"form": form, "secret": as_text(secret), "qr": _qr(as_uri(secret, user.user_name)), **page}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "web/login/second_factor_enrolment.html", shown, status=status)


def _offered_secret(request: HttpRequest) -> bytes:
    """The secret that this session was offered, so that a wrong code does not ask for the QR code to be read again."""
    sealed = request.session.get(_OFFERED)
    if sealed:
        try:
            return unseal(base64.b64decode(sealed), purpose=SECOND_FACTOR_PURPOSE)
        except SealBroken:
            pass
    secret = new_secret()
    request.session[_OFFERED] = base64.b64encode(seal(secret, purpose=SECOND_FACTOR_PURPOSE)).decode()
    return secret


def _qr(address: str) -> SafeString:
    """Dark on light whatever the page's colours: apps do not read the other way round."""
    return mark_safe(  # noqa: S308 - drawn by segno from squares; nothing of the address stands in it
        segno.make(address, error="m", micro=False).svg_inline(
            scale=1, border=4, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None
        )
    )
