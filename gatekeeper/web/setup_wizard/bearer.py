"""Whose link is it? The guard of every page of the wizard, and what it answers to others.

The bearer is known by a cookie of the link's own, which the browser got that opened it. Being signed in plays no part.
"""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gatekeeper.sessions.request_details import request_id_of
from gatekeeper.setup_links.errors import LinkOver, OutOfScope
from gatekeeper.setup_links.lifecycle import link_of_browser
from gatekeeper.setup_links.models import Part, SetupLink
from gatekeeper.setup_links.state import LinkState, state_of

View = Callable[..., HttpResponse]

_OVER: dict[LinkState, Promise] = {
    LinkState.FINISHED: _("Somebody pressed “I am done” with it. What was set up stays."),
    LinkState.REVOKED: _("An administrator has revoked it. What was set up before stays."),
    LinkState.EXPIRED: _("Set-up links work for a few days only. What was set up before stays."),
    LinkState.MAKER_LOST_RIGHTS: _("Whoever made it may not configure this site any more, so it ended with that."),
    LinkState.CONNECTION_DELETED: _("The connection that it was made for was deleted."),
}


def cookie_name(link_id: UUID) -> str:
    """A name for each link, so that two of them can be open in one browser."""
    return f"{settings.COOKIE_PREFIX}gatekeeper_setup_{link_id.hex}"


def cookie_of(request: HttpRequest, link_id: UUID) -> str:
    """What this browser has for the link; "" for nothing."""
    return request.COOKIES.get(cookie_name(link_id), "")[:100]


def give_cookie(response: HttpResponse, link: SetupLink, value: str) -> None:
    """Let this browser, and no script in it, show later that it opened the link."""
    response.set_cookie(
        cookie_name(link.id),
        value,
        expires=link.expires_at,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def for_bearer(*parts: Part) -> Callable[[View], View]:
    """Decorator: give the view the link in place of its id, if this browser opened it and it works.

    ``parts``: the scope has to have one of them; none: every link will do.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, link_id: UUID, **more: Any) -> HttpResponse:
            answer = _answer(view, parts, request, link_id, more)
            answer.headers.setdefault("Cache-Control", "no-store")
            return answer

        return guarded

    return guard


def _answer(
    view: View, parts: tuple[Part, ...], request: HttpRequest, link_id: UUID, more: dict[str, Any]
) -> HttpResponse:
    link = link_of_browser(link_id, cookie_of(request, link_id))
    if link is None:
        return not_yours(request)
    state = state_of(link)
    if not state.works:
        return over(request, state)
    if parts and not set(parts) & set(link.parts):
        return out_of_scope(request, link)
    try:
        return view(request, link, **more)
    except LinkOver as ended:  # meanwhile
        return over(request, ended.state)
    except OutOfScope:
        return out_of_scope(request, link)


def not_yours(request: HttpRequest) -> HttpResponse:
    """403, the same for a link that does not exist."""
    return refused(
        request,
        HTTPStatus.FORBIDDEN,
        _("This page belongs to a set-up link"),
        _(
            "Only the browser in which the link was opened may see it. Open your link in this browser, or go on in the "
            "other one."
        ),
    )


def over(request: HttpRequest, state: LinkState, *, token: str = "") -> HttpResponse:
    """410: the link is over for good. ``token``: with it one can ask for a new one."""
    heading = _("This set-up link does not work any more")
    return refused(request, HTTPStatus.GONE, heading, _OVER[state], token=token)


def out_of_scope(request: HttpRequest, link: SetupLink) -> HttpResponse:
    """403: the link is good, and for something else."""
    return refused(
        request,
        HTTPStatus.FORBIDDEN,
        _("This set-up link was not made for that"),
        _("Ask whoever gave it to you for one that covers it too."),
        link=link,
    )


def refused(
    request: HttpRequest,
    status: HTTPStatus,
    heading: str | Promise,
    text: str | Promise,
    *,
    link: SetupLink | None = None,
    token: str = "",
) -> HttpResponse:
    """A page in words. ``link``: whose pages this browser may go on with; ``token``: to ask for a new link with."""
    page = {"heading": heading, "text": text, "link": link, "token": token, "reference": request_id_of(request)}
    return render(request, "web/setup_wizard/refused.html", page, status=status)
