"""Authenticating a local administrator by password, code or passkey, with a limit on failed attempts."""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from gatekeeper.audit.actor import Actor
from gatekeeper.directory.local_accounts.failed_attempts import (
    account_key,
    begin_attempt,
    forget_attempts,
    was_right,
    was_wrong,
)
from gatekeeper.directory.local_accounts.passkeys import passkeys_of, take_passkey
from gatekeeper.directory.local_accounts.second_factors import second_factor_of, take_code
from gatekeeper.directory.models import User
from gatekeeper.directory.sessions.open_sessions import open_local_sign_in
from gatekeeper.errors import PasskeyRefused, SealBroken, TooManyAttempts, WrongCode
from gatekeeper.sessions.browser_session import local_administrator, open_browser_session
from gatekeeper.sessions.request_details import address_of, request_id_of, user_agent_of
from gatekeeper.web.framework.error_pages import too_many_attempts
from gatekeeper.web.framework.permissions import access_of_request, actor_of
from gatekeeper.web.login.forms import ProofForm
from gatekeeper.web.login.passkey_ceremony import take_challenge

BROWSER_IS_KNOWN_FOR = timedelta(days=400)  # the longest that browsers keep a cookie
_SALT = "gatekeeper.known_browser"

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def pausing(view: View[P]) -> View[P]:
    """Decorator: 429 when too many passwords or codes were wrong."""

    @wraps(view)
    def paused(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except TooManyAttempts:
            return too_many_attempts(request)

    return cast(View[P], paused)


def prove_password(request: HttpRequest, email: str, password: str) -> User | None:
    """The local administrator whose e-mail and password these are; None when they are wrong. Raises TooManyAttempts."""
    address = address_of(request)
    attempt = begin_attempt(email, address=address, browser=known_browser(request, email))
    user = local_administrator(request, email, password)
    if user is None:
        was_wrong(attempt, email=email, what="password", address=address, actor=_actor(request))
    else:
        was_right(attempt)
    return user


def prove_code(request: HttpRequest, user: User, code: str) -> int | None:
    """Take a code of this administrator; of a recovery code, returns how many are left.

    Raises: WrongCode, SealBroken, TooManyAttempts.
    """
    email, address = user.user_name, address_of(request)
    attempt = begin_attempt(email, address=address, browser=known_browser(request, email))
    try:
        left = take_code(user, code, actor=Actor.person(user, request_id=request_id_of(request)))
    except WrongCode:
        was_wrong(attempt, email=email, what="code", address=address, actor=_actor(request))
        raise
    except SealBroken:
        was_right(attempt)
        raise
    was_right(attempt)
    return left


def prove_passkey(request: HttpRequest, user: User, answer: str) -> None:
    """Take what a passkey of this administrator has signed. Raises: PasskeyRefused, TooManyAttempts."""
    email, address = user.user_name, address_of(request)
    attempt = begin_attempt(email, address=address, browser=known_browser(request, email))
    try:
        site, challenge = take_challenge(request)
        take_passkey(user, answer, site=site, challenge=challenge)
    except PasskeyRefused:
        was_wrong(attempt, email=email, what="passkey", address=address, actor=_actor(request))
        raise
    was_right(attempt)


def prove_again(request: HttpRequest, user: User, form: ProofForm) -> bool:
    """Whether a valid form holds this administrator's password, and their code where they have a second factor.

    What is wrong is said beside its field. Raises TooManyAttempts.
    """
    if prove_password(request, user.user_name, form.cleaned_data["password"]) is None:
        form.add_error("password", _("That is not your password."))
        return False
    try:
        if form.cleaned_data.get("passkey"):
            prove_passkey(request, user, form.cleaned_data["passkey"])
        elif "code" in form.fields:
            prove_code(request, user, form.cleaned_data["code"])
    except (WrongCode, SealBroken, PasskeyRefused) as refusal:
        form.add_error("code" if "code" in form.fields else "password", refusal.on_page)
        return False
    return True


def proof_form(user: User, data: Mapping[str, Any] | None) -> ProofForm:
    """The form that asks this administrator for what they sign in with."""
    return ProofForm(data, with_code=second_factor_of(user) is not None, with_passkey=passkeys_of(user).exists())


def let_in(request: HttpRequest, user: User, *, proof: str, response: HttpResponse) -> HttpResponse:
    """Open the session of a local administrator who has proven everything, and know this browser from now on.

    ``response``: where they land; it carries the cookie away.
    """
    email, address = user.user_name, address_of(request)
    browser = known_browser(request, email)
    opened = open_local_sign_in(
        user,
        actor=Actor.person(user, request_id=request_id_of(request)),
        proof=proof,
        address=address,
        user_agent=user_agent_of(request),
    )
    open_browser_session(request, user, opened)
    forget_attempts(email, address=address, browser=browser)
    _remember_browser(response, email)
    return response


def known_browser(request: HttpRequest, email: str) -> str:
    """A digest of the cookie that says that this account has signed in here before; "" without one."""
    try:
        known = signing.loads(request.COOKIES.get(_cookie_name(), ""), salt=_SALT, max_age=BROWSER_IS_KNOWN_FOR)
    except signing.BadSignature:
        return ""
    if known.get("account") != account_key(email):
        return ""
    return hashlib.sha256(known["browser"].encode()).hexdigest()


def _remember_browser(response: HttpResponse, email: str) -> None:
    """Each sign-in makes another value, so that a copied cookie shares no limit with the browser it was taken from."""
    known = {"account": account_key(email), "browser": secrets.token_urlsafe(16)}
    response.set_cookie(
        _cookie_name(),
        signing.dumps(known, salt=_SALT),
        max_age=BROWSER_IS_KNOWN_FOR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _cookie_name() -> str:
    return "__Host-gatekeeper_known" if settings.SESSION_COOKIE_SECURE else "gatekeeper_known"


def _actor(request: HttpRequest) -> Actor:
    if access_of_request(request) is not None:
        return actor_of(request)
    return Actor.unauthenticated(request_id=request_id_of(request))
