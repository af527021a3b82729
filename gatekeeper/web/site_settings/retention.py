"""How long personal data of deleted people is kept."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from gatekeeper.directory.models import User
from gatekeeper.directory.people.retention import due_for_erasure, retention_days, set_retention
from gatekeeper.web.framework.carried_form import carried_fields
from gatekeeper.web.framework.permissions import actor_of, may_configure, only
from gatekeeper.web.site_settings.forms import RetentionForm


@require_http_methods(["GET", "POST"])
@only(may_configure, keep=("days",))
def retention(request: HttpRequest) -> HttpResponseBase:
    """The setting, and how many records are kept, due and erased."""
    form = RetentionForm(
        request.POST if request.method == "POST" else None,
        initial={"days": retention_days(), **carried_fields(request, ("days",))},
    )
    if request.method == "POST" and form.is_valid():
        set_retention(form.cleaned_data["days"], actor=actor_of(request))
        messages.success(request, _("Saved. The next daily run goes by it."))
        return redirect("web:retention")
    page = {
        "form": form,
        "due": due_for_erasure(timezone.now()).count(),
        "kept": User.objects.exclude(deleted_at=None).filter(erased_at=None).count(),
        "erased": User.objects.exclude(erased_at=None).count(),
    }
    return render(request, "web/site_settings/retention.html", page, status=422 if form.is_bound else 200)
