"""The public page of SCIM's limits: where ServiceProviderConfig's ``documentationUri`` leads."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from scim.http.documented_limits import announced


@require_safe
def scim_limits(request: HttpRequest) -> HttpResponse:
    """For whoever writes or configures a SCIM client; it needs no sign-in and says nothing about this company."""
    return render(request, "web/scim_settings/scim_limits.html", {"sections": announced(), "title": "Limits of SCIM"})
