"""Settings > Configuration: where everything is, and which steps of the help page are done."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from gatekeeper.directory.access.loaders import site_facts
from gatekeeper.directory.local_accounts.accounts import misses_second_factor
from gatekeeper.directory.sessions.sign_in import break_glass_uses, next_sync
from gatekeeper.setup_steps import setup_steps
from gatekeeper.web.framework.permissions import may_configure, only, person_of
from saml.models import SyncRun

TOLD_FOR = timedelta(days=7)  # how long the others are shown that a break-glass account was used
TOLD_AT_ONCE = 5  # the audit trail has them all


@require_safe
@only(may_configure)
def overview(request: HttpRequest) -> HttpResponse:
    """The two ways on, and the checklist."""
    steps = setup_steps(site_facts())
    done = sum(step.done for step in steps)
    page = {
        "steps": steps,
        "done": done,
        "all_done": done == len(steps),
        "next_step": next((step for step in steps if not step.done), None),
        "last_run": SyncRun.objects.first(),
        "next_sync": next_sync(timezone.now()),
        "misses_second_factor": misses_second_factor(person_of(request)),
        "break_glass": break_glass_uses(timezone.now() - TOLD_FOR).exclude(user=person_of(request))[:TOLD_AT_ONCE],
    }
    return render(request, "web/home/overview.html", page)
