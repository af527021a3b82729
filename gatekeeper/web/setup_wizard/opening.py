"""The address of the link itself: a page with a button, since looking at it must not use it up.

Programs that scan mail open links with GET and HEAD. The answers name no address to which a browser would send this one
(``Referrer-Policy: no-referrer``); browsers then name no origin with the form either, so it is the token that shows
where the form came from, and not Django's check of the origin.
"""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from gatekeeper.sessions.request_details import address_of, request_id_of
from gatekeeper.setup_links.errors import LinkOver, OpenedElsewhere
from gatekeeper.setup_links.lifecycle import ask_for_new_link, find_link, link_of_browser, open_link
from gatekeeper.setup_links.models import SetupLink
from gatekeeper.setup_links.state import state_of
from gatekeeper.setup_links.throttling import seconds_after_wrong_token
from gatekeeper.web.setup_wizard.bearer import cookie_of, give_cookie, over, refused

View = Callable[[HttpRequest, SetupLink, str], HttpResponse]


def _with_token(view: View) -> Callable[[HttpRequest, str], HttpResponse]:
    """Find the link; what is none of ours is 404, or 429 where there were too many of them."""

    @wraps(view)
    def found(request: HttpRequest, token: str) -> HttpResponse:
        link = find_link(token)
        answer = _unknown(request) if link is None else view(request, link, token)
        answer.headers["Referrer-Policy"] = "no-referrer"
        answer.headers["X-Robots-Tag"] = "noindex"
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return found


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@_with_token
def open_page(request: HttpRequest, link: SetupLink, token: str) -> HttpResponse:
    """What the link is for, with the button Start; POST binds it to this browser and leads to the wizard."""
    cookie = cookie_of(request, link.id)
    if request.method == "POST":
        return _start(request, link, token, cookie)
    state = state_of(link)
    if not state.works:
        return over(request, state, token=token)
    if link.browser:
        own = link_of_browser(link.id, cookie) is not None
        return redirect("web:setup_start", link_id=link.id) if own else _elsewhere(request, token)
    return render(request, "web/setup_wizard/open.html", {"link": link, "token": token})


def _start(request: HttpRequest, link: SetupLink, token: str, cookie: str) -> HttpResponse:
    try:
        value = open_link(link.id, cookie=cookie, request_id=request_id_of(request))
    except LinkOver as ended:
        return over(request, ended.state, token=token)
    except OpenedElsewhere:
        return _elsewhere(request, token)
    answer = redirect("web:setup_start", link_id=link.id)
    give_cookie(answer, link, value)
    return answer


@csrf_exempt
@require_POST
@_with_token
def ask(request: HttpRequest, link: SetupLink, token: str) -> HttpResponse:
    """Ask for a new link: whoever made it finds that on their page."""
    del token
    ask_for_new_link(link.id, request_id=request_id_of(request))
    said = _("%(maker)s sees it on the page of set-up links and has to send you the new link.") % {"maker": link.maker}
    return refused(request, HTTPStatus.OK, _("You have asked for a new link"), said)


def _elsewhere(request: HttpRequest, token: str) -> HttpResponse:
    return refused(
        request,
        HTTPStatus.GONE,
        _("This set-up link was opened in another browser"),
        _("It works in the one browser that opened it first. Go on there; if that was not you, say so at once."),
        token=token,
    )


def _unknown(request: HttpRequest) -> HttpResponse:
    seconds = seconds_after_wrong_token(address_of(request))
    if seconds:
        heading = _("Too many wrong links")
        answer = refused(request, HTTPStatus.TOO_MANY_REQUESTS, heading, _("Wait a moment, then open your link again."))
        answer.headers["Retry-After"] = str(seconds)
        return answer
    return refused(
        request,
        HTTPStatus.NOT_FOUND,
        _("There is no such set-up link"),
        _("Perhaps a part of it is missing: copy the whole of it. Links that ended long ago are forgotten."),
    )
