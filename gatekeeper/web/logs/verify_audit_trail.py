"""Verify now: a worker verifies the audit trail, and its page shows how far it is and what was found."""

from dataclasses import asdict
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from kombu.exceptions import OperationalError

from gatekeeper.audit.chain.verification_runs import current_run, goes_on, is_given_up, last_finished, run_asked_for
from gatekeeper.audit.models import VerificationRun
from gatekeeper.audit.tasks import verify_trail
from gatekeeper.sessions.browser_session import in_background
from gatekeeper.web.framework.permissions import Fresh, actor_of, may_read_logs, only
from gatekeeper.web.logs.run_sync import WORKER_MAY_TAKE
from gatekeeper.web.templatetags.gatekeeper import thousands


@require_POST
@only(may_read_logs, fresh=Fresh.NEVER)
def verify_now(request: HttpRequest) -> HttpResponse:
    """Give a worker the verification, and lead to the page that shows its progress; one that goes on is joined."""
    run, is_new = run_asked_for()
    if is_new:
        try:
            verify_trail.delay(run.pk, asdict(actor_of(request)))
        except OperationalError:
            run.delete()
            messages.error(request, _("The verification could not be started: the message broker does not answer."))
    return redirect("admin:audit_auditentry_changelist")


@in_background
@require_safe
@only(may_read_logs)
def progress(_request: HttpRequest) -> JsonResponse:
    """How far the verification is: a text for the page, ``share`` from 0 to 100, and whether it is over."""
    run = current_run()
    if run is None:
        return JsonResponse({"message": _("The verification is over."), "share": 100, "done": True})
    return JsonResponse({"message": progress_text(run), "share": share_of(run), "done": False})


def share_of(run: VerificationRun) -> int:
    """How much of the trail was looked at, in percent; entries that came meanwhile make it no more than all."""
    return min(100, run.checked * 100 // run.total) if run.total else 0


def progress_text(run: VerificationRun) -> str:
    """One sentence about a verification that is not over."""
    if run.started_at is None:
        if timezone.now() - run.asked_at > WORKER_MAY_TAKE:
            return _("Still waiting for a worker. Is the Celery worker running?")
        return _("Waiting for a worker…")
    numbers = {"checked": thousands(run.checked), "total": thousands(run.total)}
    return _("%(checked)s of %(total)s entries verified…") % numbers


def verification_facts() -> dict[str, Any]:
    """The verification that goes on and how far it is, or that was given up; and the last that came to its end.

    Two statements at most.
    """
    newest, now = VerificationRun.objects.first(), timezone.now()
    going_on = newest if newest and goes_on(newest, now) else None
    return {
        "verifying": going_on,
        "verifying_text": progress_text(going_on) if going_on else "",
        "verifying_share": share_of(going_on) if going_on else 0,
        "verifying_given_up": newest is not None and is_given_up(newest, now),
        "verified": newest if newest and newest.finished_at else last_finished(),
    }
