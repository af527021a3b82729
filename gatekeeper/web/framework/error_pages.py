"""The error pages (400, 403, 404, 429, 500, 503): what happened, whether something was changed, and who can help."""

import logging
import sys
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from gatekeeper.middleware import is_for_programs
from gatekeeper.runtime.database_limits import RETRY_AFTER, count, reason_of
from gatekeeper.web.framework.permissions import AccessRefused

logger = logging.getLogger(__name__)


def _page(request: HttpRequest, status: HTTPStatus, title: str, text: str, hint: str = "") -> HttpResponse:
    page = {"title": title, "text": text, "hint": hint, "status_code": int(status)}
    return render(request, "web/framework/error_page.html", page, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django passes it
    """400: the request cannot be understood."""
    return _page(
        request,
        HTTPStatus.BAD_REQUEST,
        _("That request can't be understood"),
        _("The address or the form that was sent is not one this site knows. Nothing was changed."),
        _("Go back and try again from the page itself."),
    )


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: says what the page needs, and who can give it."""
    reason = str(exception) if isinstance(exception, AccessRefused) else _("You may not open this page.")
    return _page(
        request,
        HTTPStatus.FORBIDDEN,
        _("You don't have access to this page"),
        reason,
        _(
            "Your profile shows the access you have and where it comes from. "
            "A Global Administrator with the Configuration permission can change what your groups grant."
        ),
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django passes it
    """404."""
    return _page(
        request,
        HTTPStatus.NOT_FOUND,
        _("There is nothing here"),
        _("No page has this address, or what it showed was deleted."),
        _("Check the address, or start again from the navigation."),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 when it was the database that could not serve the request just now.

    Drawn without the database and without a context processor: either may be what failed.
    """
    error = sys.exception()  # Django calls this while it handles the error, wherever in the stack that was raised
    reason = reason_of(error) if error is not None else None
    if reason is not None:
        return _unavailable(request, reason)
    request_id = getattr(request, "request_id", "")
    page = {
        "title": _("Something went wrong on our side"),
        "text": _("The site could not finish that request. Nothing that was half done is kept."),
        "hint": _("Try again; if it stays, give your operator this request id: %(request_id)s")
        % {"request_id": request_id}
        if request_id
        else "",
        "status_code": int(HTTPStatus.INTERNAL_SERVER_ERROR),
    }
    return render(None, "web/framework/error_page.html", page, status=HTTPStatus.INTERNAL_SERVER_ERROR)


def _unavailable(request: HttpRequest, reason: str) -> HttpResponse:
    """503 in the form that the caller reads: problem details (RFC 9457) for programs, a page for people."""
    logger.warning("The database could not serve a request", extra={"reason": reason})
    count(reason)
    title, text = _words_for(reason)
    response = busy_page(request, HTTPStatus.SERVICE_UNAVAILABLE, title=title, text=text)
    response.headers["Retry-After"] = RETRY_AFTER
    return response


def _words_for(reason: str) -> tuple[str, str]:
    """A database that is away, or takes no writes, is not busy: who reads it would wait for the wrong thing."""
    if reason == "unavailable":
        return _("The site can't work just now"), _("Its database does not answer. What you did may not be saved.")
    if reason == "read_only":
        return _("Nothing can be changed just now"), _(
            "The database takes no changes at the moment. Nothing was changed."
        )
    return (
        _("The site is too busy just now"),
        _("The database is too busy for this request. Nothing was changed."),
    )


def busy_page(request: HttpRequest, status: HTTPStatus, *, title: str, text: str) -> HttpResponse:
    """That the same request may be sent again, without asking the database: a page, or problem details for programs."""
    if is_for_programs(request):
        problem = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": text}
        return JsonResponse(problem, status=status, content_type="application/problem+json")
    page = {"title": title, "text": text, "hint": _("Wait a moment and do it again."), "status_code": int(status)}
    return render(None, "web/framework/error_page.html", page, status=status)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django passes it
    """403 for a form whose token is missing or old."""
    return _page(
        request,
        HTTPStatus.FORBIDDEN,
        _("This form has expired"),
        _("The page that it was on is too old, or cookies are switched off. Nothing was changed."),
        _("Open the page again and repeat what you did."),
    )


def too_many_attempts(request: HttpRequest) -> HttpResponse:
    """429: too many wrong passwords or codes for a local account."""
    return _page(
        request,
        HTTPStatus.TOO_MANY_REQUESTS,
        _("Too many attempts"),
        _("A password or a code was wrong too often, so signing in with this local account is paused for a while."),
        _(
            "Try again later, use a browser in which you have signed in with this account before, or sign in through "
            "your organisation's identity provider."
        ),
    )
