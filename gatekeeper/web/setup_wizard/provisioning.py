"""Provisioning: the Base URL, and the one API key of the link, which is shown once."""

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from gatekeeper.sessions.request_details import request_id_of
from gatekeeper.setup_links.bearer_actions import make_key
from gatekeeper.setup_links.errors import KeyMadeAlready
from gatekeeper.setup_links.models import Part, SetupLink
from gatekeeper.web.setup_wizard.bearer import for_bearer
from gatekeeper.web.setup_wizard.guides import guide_of
from gatekeeper.web.setup_wizard.start import ticks_page
from scim.protocol.addresses import scim_url


@require_safe
@for_bearer(Part.PROVISIONING)
def provisioning(request: HttpRequest, link: SetupLink) -> HttpResponse:
    """The steps."""
    return _page(request, link)


@require_POST
@for_bearer(Part.PROVISIONING)
def key(request: HttpRequest, link: SetupLink) -> HttpResponse:
    """Make the key and show it, in the answer to this one request and never again."""
    try:
        made, text = make_key(link, request_id=request_id_of(request))
    except KeyMadeAlready as refusal:
        messages.error(request, refusal.on_page)
        return redirect("web:setup_provisioning", link_id=link.id)
    link.api_key = made
    return _page(request, link, new_key=text)


def _page(request: HttpRequest, link: SetupLink, *, new_key: str = "") -> HttpResponse:
    page = {"guide": guide_of(link), "base_url": scim_url(), "here": Part.PROVISIONING.value, "new_key": new_key}
    page |= ticks_page(link, Part.PROVISIONING)
    return render(request, "web/setup_wizard/provisioning.html", page, status=HTTPStatus.OK)
