"""Settings > Configuration > System for Cross-domain Identity Management (SCIM)."""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from gatekeeper.audit.models import Outcome, ProvisioningEntry
from gatekeeper.directory.access.resolver import SiteFacts
from gatekeeper.directory.identity_linking.sync_schedule import next_sync
from gatekeeper.directory.impact.proposals import ProposedChange
from gatekeeper.directory.models import LastGroupPolicy
from gatekeeper.sessions.facts_of_request import site_facts_of
from gatekeeper.web.framework.change_confirmation import Shown
from gatekeeper.web.framework.permissions import may_configure, only
from gatekeeper.web.framework.requests_by_hour import requests_by_hour
from gatekeeper.web.scim_settings.credential_rows import active_rows
from gatekeeper.web.scim_settings.mapping_rows import default_row, group_page
from saml.models import SyncRun
from scim.models import ApiKey
from scim.protocol.addresses import scim_url

FALLBACK, POLICY = "fallback-form", "policy-form"


@require_safe
@only(may_configure)
def scim(request: HttpRequest) -> HttpResponse:
    """The page that the help page sends everybody to."""
    return scim_page(request)


def scim_page(request: HttpRequest, status: HTTPStatus = HTTPStatus.OK, **dialog: Any) -> HttpResponse:
    """The page, with a dialog open when ``dialog`` says so (``new_key``, ``revoking``, ``phrase_error``), or a question
    about one of the two choices (what ``defaults.py`` gives with it).
    """
    site = site_facts_of(request)
    search = request.GET.get("q", "").strip()
    page, rows = group_page(site, search, request.GET.get("page"))
    credentials = active_rows()
    keys = [row.credential for row in credentials if isinstance(row.credential, ApiKey)]
    used = [row.credential.last_used_at for row in credentials if row.credential.last_used_at]
    now = timezone.now()
    context: dict[str, Any] = {
        "site": site,
        "team_choices": sorted(site.teams.items(), key=lambda team: team[1].casefold()),
        "policies": LastGroupPolicy.choices,
        "chosen_team": site.fallback_team_id,
        "chosen_policy": str(site.last_group_policy),
        "fallback_shown": _carried(FALLBACK, ProposedChange(fallback_team=(site.fallback_team_id,)), site),
        "policy_shown": _carried(POLICY, ProposedChange(last_group_policy=str(site.last_group_policy)), site),
        "base_url": scim_url(),
        "keys": [{"key": key, "days_left": days_left(key)} for key in keys],
        "credentials": credentials,
        "last_request": max(used, default=None),
        "default_row": default_row(site),
        "rows": rows,
        "page": page,
        "search": search,
        "requests": requests_by_hour(now),
        "last_failure": _last_failure(),
        "last_run": SyncRun.objects.first(),
        "next_sync": next_sync(now),
        **dialog,
    }
    return render(request, "web/scim_settings/scim_page.html", context, status=status)


def _carried(form: str, change: ProposedChange, site: SiteFacts) -> dict[str, str]:
    """What a form that saves itself carries until something else is chosen."""
    return {"form_id": form, "previewed": str(Shown.before(change, site))}


def _last_failure() -> ProvisioningEntry | None:
    troubles = ProvisioningEntry.objects.filter(outcome__in=(Outcome.REFUSED, Outcome.FAILED))
    return troubles.only("at", "detail", "reason", "parameters").first()


def days_left(key: ApiKey) -> int | None:
    """Whole days until a key expires; None when it does not."""
    return None if key.expires_at is None else (key.expires_at - timezone.now()).days
