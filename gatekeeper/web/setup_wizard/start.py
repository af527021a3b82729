"""The first page of the wizard: which product, what there is to do, and how far it has come."""

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from gatekeeper.errors import InvalidValue
from gatekeeper.sessions.browser_session import in_background
from gatekeeper.sessions.request_details import request_id_of
from gatekeeper.setup_links.bearer_actions import choose_product
from gatekeeper.setup_links.lifecycle import finish_link
from gatekeeper.setup_links.models import Part, ProductName, SetupLink
from gatekeeper.setup_links.progress import TICKS_OF, ticks_of
from gatekeeper.web.setup_wizard.bearer import for_bearer, refused

PAGES = {
    Part.SIGN_ON: "web:setup_sign_on",
    Part.PROVISIONING: "web:setup_provisioning",
    Part.CERTIFICATE: "web:setup_certificate",
}


@require_safe
@for_bearer()
def start(request: HttpRequest, link: SetupLink) -> HttpResponse:
    """What there is to do."""
    ticks = ticks_of(link)
    parts = [
        {"name": part.value, "page": PAGES[part], "ticks": [tick for tick in ticks if tick.name in TICKS_OF[part]]}
        for part in link.parts
    ]
    page = {"link": link, "parts": parts, "products": ProductName.choices, "here": "start"}
    return render(request, "web/setup_wizard/start.html", page)


@require_POST
@for_bearer()
def product(request: HttpRequest, link: SetupLink) -> HttpResponse:
    """Which product's words the steps are in."""
    try:
        chosen = choose_product(link.id, request.POST.get("product", ""), request_id=request_id_of(request))
    except InvalidValue:
        messages.error(request, _("Choose one of the products."))
        return redirect("web:setup_start", link_id=link.id)
    return redirect(PAGES[chosen.parts[0]], link_id=link.id)


@in_background
@require_safe
@for_bearer()
def ticks(request: HttpRequest, link: SetupLink, part: str) -> HttpResponse:
    """The ticks of one part, which its page asks for by itself."""
    if part not in link.parts:
        return HttpResponse(status=HTTPStatus.NOT_FOUND)
    return render(request, "web/setup_wizard/_ticks.html", ticks_page(link, Part(part)))


def ticks_page(link: SetupLink, part: Part) -> dict[str, Any]:
    """What ``_ticks.html`` needs."""
    return {"link": link, "part": part.value, "ticks": ticks_of(link, part), "page": PAGES[part]}


@require_POST
@for_bearer()
def finish(request: HttpRequest, link: SetupLink) -> HttpResponse:
    """The bearer is done: the link opens nothing any more."""
    finish_link(link.id, request_id=request_id_of(request))
    said = _("The link is over now. %(maker)s sees what was set up.") % {"maker": link.maker}
    return refused(request, HTTPStatus.OK, _("Thank you, you are done"), said)
