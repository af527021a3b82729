"""Requests that the web server could not hand on are refused here, in the form that the caller reads.

No database is asked, nothing of the request is read, and the provisioning log does not have them: a site that has no
thread left must not spend one on each refusal. Their lines in the site's log have the status 503 or 408.
"""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gatekeeper.middleware import SCIM_PATH
from gatekeeper.runtime.web_server.application import REFUSAL
from gatekeeper.runtime.web_server.bodies import TOO_SLOW
from gatekeeper.runtime.web_server.budgets import RETRY_AFTER
from gatekeeper.web.framework.error_pages import busy_page
from scim.http.dispatch import answer_to
from scim.http.errors import ArrivedTooSlowly, Overloaded
from scim.oauth.views import busy
from scim.protocol.addresses import TOKEN_PATH
from scim.protocol.errors import ScimError


@dataclass(frozen=True, slots=True)
class Why:
    """One reason: in the words of a page, and as the error that SCIM has for it."""

    status: HTTPStatus
    title: Promise
    text: Promise
    scim_error: Callable[[], ScimError]


SLOW = Why(
    HTTPStatus.REQUEST_TIMEOUT,
    _("The request arrived too slowly"),
    _("What was sent did not arrive in time. Nothing was changed."),
    ArrivedTooSlowly,
)
OVERLOAD = Why(
    HTTPStatus.SERVICE_UNAVAILABLE,
    _("The site is too busy just now"),
    _("More is asked of the site than it can answer. Nothing was changed."),
    Overloaded,
)


class ServerRefusals:
    """Middleware: answers what the web server has marked, and hands on everything else."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        refusal = request.META.get(REFUSAL)
        if refusal is None:
            return self.get_response(request)
        response = _refused(request, SLOW if refusal == TOO_SLOW else OVERLOAD)
        response.headers["Retry-After"] = RETRY_AFTER
        response.headers["Connection"] = "close"
        return response


def _refused(request: HttpRequest, why: Why) -> HttpResponse:
    if request.path_info.startswith(SCIM_PATH):
        return answer_to(request, why.scim_error())
    if request.path_info == TOKEN_PATH:
        return busy(why.status, str(why.text), RETRY_AFTER)
    return busy_page(request, why.status, title=str(why.title), text=str(why.text))
