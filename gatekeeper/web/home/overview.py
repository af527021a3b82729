"""Settings > Configuration: the steps of setting up, and what an administrator should look at."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from gatekeeper.directory.identity_linking.sync_schedule import next_sync
from gatekeeper.directory.local_accounts.second_factor_rule import misses_second_factor
from gatekeeper.directory.sessions.open_sessions import break_glass_uses
from gatekeeper.sessions.facts_of_request import site_facts_of
from gatekeeper.setup_steps import setup_steps
from gatekeeper.web.framework.permissions import may_configure, only, person_of
from saml.models import SyncRun

BREAK_GLASS_SHOWN_FOR = timedelta(days=7)  # to the other administrators
MOST_BREAK_GLASS_SHOWN = 5  # the audit trail has them all


@require_safe
@only(may_configure)
def overview(request: HttpRequest) -> HttpResponse:
    """Links to the SCIM and the Authentication page, and the checklist."""
    steps = setup_steps(site_facts_of(request))
    done = sum(step.done for step in steps)
    page = {
        "steps": steps,
        "done": done,
        "all_done": done == len(steps),
        "next_step": next((step for step in steps if not step.done), None),
        "last_run": SyncRun.objects.first(),
        "next_sync": next_sync(timezone.now()),
        "misses_second_factor": misses_second_factor(person_of(request)),
        "break_glass": break_glass_uses(timezone.now() - BREAK_GLASS_SHOWN_FOR).exclude(user=person_of(request))[
            :MOST_BREAK_GLASS_SHOWN
        ],
    }
    return render(request, "web/home/overview.html", page)
