"""Settings > Configuration > Set-up links: links for those who set up the other side and have no account."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from gatekeeper.errors import DomainError, InvalidValue
from gatekeeper.setup_links.lifecycle import LONGEST_DAYS, create_link, revoke_link
from gatekeeper.setup_links.models import Scope, SetupLink
from gatekeeper.setup_links.progress import ticks_of_many
from gatekeeper.setup_links.state import LABELS, LinkState, states_of
from gatekeeper.web.framework.carried_form import carried_fields
from gatekeeper.web.framework.permissions import actor_of, may_configure, only, person_of
from gatekeeper.web.setup_wizard.forms import LinkForm

SHOWN = 20  # links; older ones are in the audit trail
FIELDS = tuple(LinkForm.base_fields)
_BADGES = {LinkState.WAITING: "badge-info", LinkState.OPEN: "badge-ok", LinkState.FINISHED: ""}
_FIELD_OF = {"connection": "connection", "recipient": "recipient", "days": "days", "product": "product"}


@require_http_methods(["GET", "POST"])
@only(may_configure, keep=FIELDS)
def links(request: HttpRequest) -> HttpResponseBase:
    """The links with their live state, and a form for one more, which is shown in the answer to this one request."""
    initial = {"scope": Scope.BOTH.value, "days": LONGEST_DAYS, **_asked_again(request), **_carried(request)}
    form = LinkForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            person = person_of(request)
            link, token = create_link(actor=actor_of(request), made_by=person, **form.values())
        except InvalidValue as refusal:
            form.add_error(_FIELD_OF.get(refusal.attribute), refusal.on_page)
        except DomainError as refusal:
            form.add_error(None, refusal.on_page)
        else:
            address = settings.PUBLIC_URL + reverse("web:setup_open", args=(token,))
            return _page(request, LinkForm(initial=initial), new_link=link, new_address=address)
    return _page(request, form, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK)


def _carried(request: HttpRequest) -> dict[str, str]:
    return {name: value for name, value in carried_fields(request, FIELDS).items() if value}


def _asked_again(request: HttpRequest) -> dict[str, Any]:
    """The form filled in as an earlier link was made, for whoever asks for a new one."""
    try:
        wanted = UUID(request.GET.get("again", ""))
    except ValueError:
        return {}
    link = SetupLink.objects.filter(pk=wanted).first()
    if link is None:
        return {}
    connection = link.connection_id if link.scope == Scope.CERTIFICATE else ""
    return {"recipient": link.recipient, "scope": link.scope, "product": link.product, "connection": connection}


def _page(request: HttpRequest, form: LinkForm, status: HTTPStatus = HTTPStatus.OK, **more: Any) -> HttpResponse:
    """The page; ``more``: a new link with its address."""
    shown = list(SetupLink.objects.with_parts()[: SHOWN + 1])
    ticks, states = ticks_of_many(shown[:SHOWN]), states_of(shown[:SHOWN])
    rows = []
    for link in shown[:SHOWN]:
        state = states[link.id]
        rows.append(
            {
                "link": link,
                "state": LABELS[state],
                "badge": _BADGES.get(state, "badge-warn"),
                "works": state.works,
                "may_be_revoked": link.ended_at is None,
                "ticks": ticks[link.id],
                "done": sum(tick.done for tick in ticks[link.id]),
            }
        )
    page = {"form": form, "rows": rows, "has_older": len(shown) > SHOWN, **more}
    return render(request, "web/setup_wizard/links.html", page, status=status)


@require_POST
@only(may_configure, back="web:setup_links")
def revoke(request: HttpRequest, link_id: UUID) -> HttpResponse:
    """End a link at once."""
    try:
        link = revoke_link(link_id, actor=actor_of(request))
    except DomainError as refusal:
        messages.error(request, refusal.on_page)
    else:
        done = _("The link for %(recipient)s is revoked. What was made with it stays.")
        messages.success(request, done % {"recipient": link.recipient})
    return redirect("web:setup_links")
