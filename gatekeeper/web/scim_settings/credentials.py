"""The page of one credential: what it did, how near its limit it is, and what is set for it."""

from http import HTTPStatus
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from gatekeeper.errors import DomainError, InvalidValue
from gatekeeper.web.framework.carried_form import carried_fields
from gatekeeper.web.framework.permissions import actor_of, may_configure, only
from gatekeeper.web.plots.limit_line import Against, Point, limit_line
from gatekeeper.web.plots.plot import Plot, Words
from gatekeeper.web.plots.scales import hour_label, thousands
from gatekeeper.web.scim_settings.credential_rows import find_credential, rows_of
from gatekeeper.web.scim_settings.forms import CredentialSettingsForm, SecretEndForm
from scim.credentials.settings import Changes, change_settings, settings_of
from scim.models import Credential
from scim.protocol.addresses import scim_url, token_url
from scim.rate_limits.bucket import DEFAULT_RATE
from scim.rate_limits.usage import Usage, usage_of

FIELDS = tuple(CredentialSettingsForm.base_fields)


@require_http_methods(["GET", "POST"])
@only(may_configure, keep=FIELDS)
def credential(request: HttpRequest, credential_id: UUID) -> HttpResponseBase:
    """The page; a POST changes limit, networks, and strict or tolerant."""
    found = credential_or_404(credential_id)
    if request.method != "POST":
        return credential_page(request, found)
    form = CredentialSettingsForm(request.POST)
    if form.is_valid():
        try:
            changes = cast(Changes, form.cleaned_data)
            change_settings(found, actor=actor_of(request), changes=changes)
        except InvalidValue as refusal:
            form.add_error(refusal.attribute, refusal.on_page)
        except DomainError as refusal:
            form.add_error(None, refusal.on_page)
        else:
            messages.success(request, _("Saved. It holds from the next request on."))
            return redirect("web:credential", credential_id=credential_id)
    return credential_page(request, found, HTTPStatus.UNPROCESSABLE_ENTITY, form=form)


def credential_page(
    request: HttpRequest, found: Credential, status: HTTPStatus = HTTPStatus.OK, **more: Any
) -> HttpResponse:
    """The page, with what ``more`` says: ``new_secret``, ``revoking`` with ``phrase_error``, a refused form."""
    [row] = rows_of([found])
    carried = carried_fields(request, FIELDS)
    usage = usage_of(found.pk, row.rate, timezone.now())
    context: dict[str, Any] = {
        "row": row,
        "credential": found,
        "form": CredentialSettingsForm(initial={**settings_of(found), **carried}),
        "secret_form": SecretEndForm(),
        "usage": usage,
        "plot": _plot(usage),
        "default_rate": DEFAULT_RATE,
        "scim_url": scim_url(),
        "token_url": token_url(),
        **more,
    }
    return render(request, "web/scim_settings/credential.html", context, status=status)


def _plot(usage: Usage) -> Plot:
    """The requests a second against the limit."""
    points = [Point(hour_label(each.start), each.rate, each.throttled) for each in usage.quarters]
    limit = _("the limit: %(limit)s requests a second") % {"limit": thousands(usage.limit)}
    return limit_line(
        Words("requests-a-second", _("Requests a second in the last 24 hours"), _("Quarter of an hour")),
        points,
        Against(usage.limit, _("Requests a second"), limit, _("Beyond the limit")),
    )


def credential_or_404(credential_id: UUID) -> Credential:
    """The key or client. Raises: Http404."""
    found = find_credential(credential_id)
    if found is None:
        raise Http404
    return found
