"""The cookie that binds a request to the browser that began it: only that browser can hand in the answer.

The answer is posted by the identity provider's page, most often on another site, and browsers send a cookie with that
only when it is ``Secure; SameSite=None``. Over https that is the one cookie there is. Over http two are set with the
same value: a plain one, which stays behind at a post from another site, and on this machine's own names, which
browsers trust like https, the other one too. Where neither arrives, the browser is asked one time to post the message
again from a page of our own, where the plain one does. The binding is judged alike in every case.
"""

import secrets
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from saml.messages import replay_protection

POSTED_AGAIN = "posted_again"  # the field that our own page adds, so that it is shown one time only
_SECURE = "__Host-gatekeeper_saml"  # browsers refuse this name from anywhere but this very host over https
_PLAIN = "gatekeeper_saml"
_CROSS_SITE = "gatekeeper_saml_cross_site"


def browser_token(request: HttpRequest) -> str:
    """The random value that identifies this browser; "" when it has none."""
    names = (_SECURE,) if _over_https() else (_PLAIN, _CROSS_SITE)
    return next((request.COOKIES[name][:100] for name in names if request.COOKIES.get(name)), "")


def browser_token_or_new(request: HttpRequest) -> str:
    """The value that this browser has, or a new one for it."""
    return browser_token(request) or secrets.token_urlsafe(32)


def set_browser_cookie(response: HttpResponse, browser: str) -> HttpResponse:
    """Set the cookie, for as long as a request is pending."""
    if _over_https():
        _set(response, _SECURE, browser, secure=True, samesite="None")
        return response
    _set(response, _PLAIN, browser, secure=False, samesite="Lax")
    if _is_this_machine(urlsplit(settings.PUBLIC_URL).hostname or ""):
        _set(response, _CROSS_SITE, browser, secure=True, samesite="None")
    return response


def should_post_again(request: HttpRequest) -> bool:
    """Whether the cookie may have stayed behind only because another site's page posted the message.

    Browsers name the page's origin with every post. Our own page's is ours, so this cannot go round in circles.
    """
    if _over_https() or browser_token(request) or POSTED_AGAIN in request.POST:
        return False
    return request.headers.get("Origin", settings.PUBLIC_URL) != settings.PUBLIC_URL


def _set(response: HttpResponse, name: str, browser: str, *, secure: bool, samesite: str) -> None:
    lasts = int(replay_protection.PENDING_FOR.total_seconds())
    # The literal types of Django's stubs know the three values only.
    response.set_cookie(name, browser, max_age=lasts, secure=secure, httponly=True, samesite=samesite)  # type: ignore[arg-type]


def _over_https() -> bool:
    return urlsplit(settings.PUBLIC_URL).scheme == "https"


def _is_this_machine(host: str) -> bool:
    """W3C Secure Contexts 3.1: origins that are trustworthy over http."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
