"""The public page of SCIM's limits: where ServiceProviderConfig's ``documentationUri`` leads."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from scim.http.documented_limits import documented_limits


@require_safe
def scim_limits(request: HttpRequest) -> HttpResponse:
    """For whoever writes or configures a SCIM client; it needs no sign-in and says nothing about this company."""
    page = {"sections": documented_limits(), "title": _("Limits of SCIM")}
    return render(request, "web/scim_settings/scim_limits.html", page)
