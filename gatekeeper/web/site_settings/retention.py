"""How long personal data of deleted people, and the entries of logs, are kept."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from gatekeeper.audit.segments.files import folder
from gatekeeper.audit.segments.sealing import failure_of
from gatekeeper.audit.segments.state import LABELS, last_run, listed, state_of, summary, waits_for_erasure
from gatekeeper.directory.models import User
from gatekeeper.directory.people.retention import due_for_erasure, retention_days, set_retention
from gatekeeper.maintenance.kept_logs import LOGS
from gatekeeper.maintenance.log_retention import keep_logs_for, kept_days, oldest_entries
from gatekeeper.web.framework.carried_form import take_carried_form
from gatekeeper.web.framework.permissions import actor_of, may_configure, only
from gatekeeper.web.site_settings.forms import FOR_EVER, LogRetentionForm, RetentionForm

SHOWN = 12  # segments; all of them lists `manage.py audit segments`
RUN_TAKES = timedelta(hours=1)  # at most: the task's limit
OF_LOGS = "logs"  # the name of the second form's button


@require_http_methods(["GET", "POST"])
@only(may_configure, keep=("days", *LogRetentionForm.names()))
def retention(request: HttpRequest) -> HttpResponseBase:
    """Both settings, and how many records are kept, due and erased."""
    if request.method != "POST":
        return _page(request, take_carried_form(request) or QueryDict())
    return _of_logs(request) if OF_LOGS in request.POST else _of_people(request)


def _of_people(request: HttpRequest) -> HttpResponseBase:
    form = RetentionForm(request.POST)
    if not form.is_valid():
        return _page(request, QueryDict(), people=form)
    set_retention(form.cleaned_data["days"], actor=actor_of(request))
    messages.success(request, _("Saved. The next daily run goes by it."))
    return redirect("web:retention")


def _of_logs(request: HttpRequest) -> HttpResponseBase:
    form = LogRetentionForm(request.POST)
    if not form.is_valid():
        return _page(request, QueryDict(), logs=form)
    changed = keep_logs_for(form.chosen(), actor=actor_of(request))
    messages.success(request, _("Saved. The next hourly run goes by it.") if changed else _("Nothing was changed."))
    return redirect("web:retention")


def _page(
    request: HttpRequest,
    carried: QueryDict,
    *,
    people: RetentionForm | None = None,
    logs: LogRetentionForm | None = None,
) -> HttpResponseBase:
    refused = people or logs
    logs = logs or LogRetentionForm(initial=_initial(carried))
    page = {
        "form": people or RetentionForm(initial={"days": carried.get("days", retention_days())}),
        "logs": logs,
        "rows": _rows(logs),
        "of_logs": OF_LOGS,
        "due": due_for_erasure(timezone.now()).count(),
        "kept": User.objects.exclude(deleted_at=None).filter(erased_at=None).count(),
        "erased": User.objects.exclude(erased_at=None).count(),
        "sealing": _sealing(),
    }
    return render(request, "web/site_settings/retention.html", page, status=422 if refused else 200)


def _sealing() -> dict[str, Any] | None:
    """What of the audit trail is in files, and what the last run did; None where it never was switched on."""
    run, found = last_run(), summary()
    if run is None and not found.segments:
        return None
    newest = list(listed())[: -SHOWN - 1 : -1]
    return {
        "summary": found,
        "folder": folder(),
        "run": run,
        "failure": failure_of(run),
        "stopped": run is not None and run.finished_at is None and timezone.now() - run.started_at > RUN_TAKES,
        "rows": [{"segment": each, "state": state_of(each), "text": LABELS[state_of(each)]} for each in newest],
        "more": max(0, found.segments - SHOWN),
        "waiting": waits_for_erasure()[0],
    }


def _initial(carried: QueryDict) -> dict[str, Any]:
    """What is chosen now; instead of it what was in the form before a step-up sign-in."""
    if any(each.code in carried for each in LOGS):
        return carried.dict()
    initial: dict[str, Any] = {}
    for code, days in kept_days().items():
        initial[code] = days
        initial[code + FOR_EVER] = days is None
    return initial


def _rows(form: LogRetentionForm) -> list[dict[str, Any]]:
    """Of each log its fields, and since when there are entries."""
    oldest = oldest_entries()
    return [
        {"log": each, "days": form[each.code], "for_ever": form[each.code + FOR_EVER], "oldest": oldest[each.code]}
        for each in LOGS
    ]
