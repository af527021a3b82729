"""The SAML user sync from the page: start it now, and watch it finish."""

from dataclasses import asdict
from datetime import timedelta
from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe
from kombu.exceptions import OperationalError

from gatekeeper.sessions.browser_session import in_background
from gatekeeper.web.framework.permissions import Fresh, actor_of, may_configure, may_read_logs, only
from saml.models import SyncRun, SyncState
from saml.sync.errors import sync_error_text
from saml.tasks import sync_users

WORKER_MAY_TAKE = timedelta(seconds=20)  # to pick up the task, before the page says that no worker seems to run


@require_POST
@only(may_configure, fresh=Fresh.NEVER)
def run_now(request: HttpRequest) -> HttpResponse:
    """Ask the worker for a run, and lead to the page on which its progress is shown."""
    asked_at = timezone.now()
    try:
        sync_users.delay(asked_by=asdict(actor_of(request)))
    except OperationalError:
        messages.error(request, _("The sync could not be started: the message broker does not answer."))
        return redirect("admin:saml_syncrun_changelist")
    return redirect(f"{reverse('admin:saml_syncrun_changelist')}?{urlencode({'since': asked_at.isoformat()})}")


@in_background
@require_safe
@only(may_read_logs)
def progress(request: HttpRequest) -> JsonResponse:
    """What became of the run that was asked for at ``since``: a text for the page, and whether it is over."""
    since = parse_datetime(request.GET.get("since", ""))
    if since is None or timezone.is_naive(since):
        return JsonResponse({"message": _("No run was asked for."), "done": True}, status=HTTPStatus.BAD_REQUEST)
    run = SyncRun.objects.filter(started_at__gte=since).order_by("started_at").first()
    if run is None:
        running = SyncRun.objects.filter(state=SyncState.RUNNING).exists()
        return JsonResponse({"message": _waiting(timezone.now() - since, running=running), "done": False})
    return JsonResponse({"message": text_of_run(run), "done": run.state != SyncState.RUNNING, "run": str(run.id)})


def _waiting(waited: timedelta, *, running: bool) -> str:
    if running:
        return _("Another run is going on; this one follows if it is still needed.")
    if waited > WORKER_MAY_TAKE:
        return _("Still waiting for a worker. Is the Celery worker running?")
    return _("Waiting for a worker…")


def text_of_run(run: SyncRun) -> str:
    """One sentence about a run."""
    if run.state == SyncState.RUNNING and run.linked:
        return _("The sync is running: %(linked)s linked so far…") % {"linked": f"{run.linked:,}"}
    if run.state == SyncState.RUNNING:
        return _("The sync is running…")
    if run.state != SyncState.FINISHED:
        return _("The sync did not finish: %(reason)s") % {"reason": sync_error_text(run) or run.get_state_display()}
    counts = {"linked": f"{run.linked:,}", "unlinked": f"{run.unlinked:,}", "conflicts": len(run.conflicts)}
    if not run.conflicts:
        return _("The sync has finished: %(linked)s linked, %(unlinked)s unlinked.") % counts
    text = ngettext(
        "The sync has finished: %(linked)s linked, %(unlinked)s unlinked, %(conflicts)s conflict.",
        "The sync has finished: %(linked)s linked, %(unlinked)s unlinked, %(conflicts)s conflicts.",
        len(run.conflicts),
    )
    return text % counts


def since_of(request: HttpRequest) -> str:
    """The moment of a run that was just asked for, when the page is to show its progress."""
    since = parse_datetime(request.GET.get("since", ""))
    return since.isoformat() if since is not None and not timezone.is_naive(since) else ""
