"""What happens when the identity provider takes access from unusually many people at once."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from gatekeeper.configuration.forms import BrakesForm
from gatekeeper.configuration.guards import actor_of, may_configure, only
from gatekeeper.directory.brakes import brake_state, release_brakes, set_brakes
from gatekeeper.directory.models import BrakeSetting
from gatekeeper.errors import DomainError


@require_http_methods(["GET", "POST"])
@only(may_configure)
def brakes(request: HttpRequest) -> HttpResponseBase:
    """The limits, and where things stand."""
    setting = BrakeSetting.objects.live().first() or BrakeSetting()
    form = BrakesForm(request.POST if request.method == "POST" else None, initial=setting.as_document())
    if request.method == "POST" and form.is_valid():
        try:
            set_brakes(**form.cleaned_data, actor=actor_of(request))
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Saved. The new limits hold from this moment.")
            return redirect("configuration:brakes")
    page = {"form": form, "state": brake_state()}
    return render(request, "configuration/brakes.html", page, status=422 if form.is_bound else 200)


@require_POST
@only(may_configure)
def release(request: HttpRequest) -> HttpResponse:
    """Let held changes through."""
    until = timezone.localtime(release_brakes(actor=actor_of(request)))
    messages.success(
        request,
        f"Held changes are let through until {until:%d %b, %H:%M} {until.tzname()}. "
        "The identity provider repeats them by itself.",
    )
    return redirect("configuration:brakes")
