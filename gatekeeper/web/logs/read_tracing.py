"""Listing reads for an hour, for an administrator who wants to see everything that the identity provider asks."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from gatekeeper.audit.request_counts import start_tracing, stop_tracing
from gatekeeper.web.framework.permissions import Fresh, actor_of, may_configure, only


@require_POST
@only(may_configure, back="admin:audit_provisioningentry_changelist")
def start(request: HttpRequest) -> HttpResponse:
    """List every read for an hour."""
    start_tracing(actor=actor_of(request))
    messages.success(request, _("Every request is listed from now on, reads too, for an hour."))
    return redirect("admin:audit_provisioningentry_changelist")


@require_POST
@only(may_configure, fresh=Fresh.NEVER)
def stop(request: HttpRequest) -> HttpResponse:
    """Count reads only again."""
    stop_tracing(actor=actor_of(request))
    messages.success(request, _("Reads are only counted again."))
    return redirect("admin:audit_provisioningentry_changelist")
