"""Settings > Configuration > System for Cross-domain Identity Management (SCIM)."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.models import Outcome, ProvisioningEntry
from gatekeeper.configuration.charts import provisioning_by_hour
from gatekeeper.configuration.guards import actor_of, may_configure, only
from gatekeeper.configuration.mapping_rows import default_row, group_page
from gatekeeper.directory.mappings import choose_fallback_team, set_last_group_policy
from gatekeeper.directory.models import LastGroupPolicy
from gatekeeper.directory.queries import site_facts
from gatekeeper.directory.sign_in import next_sync
from gatekeeper.errors import DomainError, TeamNotFound
from saml.models import SyncRun
from scim.addresses import scim_url
from scim.models import ApiKey


@require_safe
@only(may_configure)
def scim(request: HttpRequest) -> HttpResponse:
    """The page that the help page sends everybody to."""
    return scim_page(request)


def scim_page(request: HttpRequest, status: HTTPStatus = HTTPStatus.OK, **dialog: Any) -> HttpResponse:
    """The page, with a dialog open when ``dialog`` says so: ``new_key``, ``revoking`` and ``phrase_error``."""
    site = site_facts()
    search = request.GET.get("q", "").strip()
    page, rows = group_page(site, search, request.GET.get("page"))
    keys = list(ApiKey.objects.active().order_by("-created_at"))
    used = [key.last_used_at for key in keys if key.last_used_at]
    now = timezone.now()
    context: dict[str, Any] = {
        "site": site,
        "team_choices": sorted(site.teams.items(), key=lambda team: team[1].casefold()),
        "policies": LastGroupPolicy.choices,
        "base_url": scim_url(),
        "keys": [{"key": key, "days_left": days_left(key)} for key in keys],
        "last_request": max(used, default=None),
        "default_row": default_row(site),
        "rows": rows,
        "page": page,
        "search": search,
        "chart": provisioning_by_hour(now),
        "last_failure": _last_failure(),
        "last_run": SyncRun.objects.first(),
        "next_sync": next_sync(now),
        **dialog,
    }
    return render(request, "configuration/scim.html", context, status=status)


def _last_failure() -> ProvisioningEntry | None:
    troubles = ProvisioningEntry.objects.filter(outcome__in=(Outcome.REFUSED, Outcome.FAILED))
    return troubles.only("at", "detail").first()


def days_left(key: ApiKey) -> int | None:
    """Whole days until a key expires; None when it does not."""
    return None if key.expires_at is None else (key.expires_at - timezone.now()).days


@require_POST
@only(may_configure)
def fallback_team(request: HttpRequest) -> HttpResponse:
    """Save the choice of the combobox: for the script as JSON, for a plain form by a redirect."""
    chosen = request.POST.get("team", "")
    try:
        _choose(chosen, actor_of(request))
    except DomainError as refusal:
        return _saved(request, str(refusal), ok=False)
    site = site_facts()
    name = site.teams.get(site.fallback_team_id) if site.fallback_team_id else None
    return _saved(request, f"Saved: {name} is the fallback team." if name else "Saved: there is no fallback team.")


def _choose(chosen: str, actor: Actor) -> None:
    try:
        team_id = UUID(chosen) if chosen else None
    except ValueError:
        raise TeamNotFound(chosen) from None
    choose_fallback_team(team_id, actor=actor)


@require_POST
@only(may_configure)
def last_group_policy(request: HttpRequest) -> HttpResponse:
    """Save what is left to whoever was removed from their last group."""
    policy = request.POST.get("policy", "")
    try:
        set_last_group_policy(policy, actor=actor_of(request))
    except DomainError as refusal:
        return _saved(request, str(refusal), ok=False)
    return _saved(request, f"Saved: {LastGroupPolicy(policy).label.lower()}.")


def _saved(request: HttpRequest, words: str, *, ok: bool = True) -> HttpResponse:
    if "application/json" in request.headers.get("Accept", ""):
        status = HTTPStatus.OK if ok else HTTPStatus.UNPROCESSABLE_ENTITY
        return JsonResponse({"message": words}, status=status)
    (messages.success if ok else messages.error)(request, words)
    return redirect("configuration:scim")
