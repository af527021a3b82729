"""Gatekeeper's own teams: create, rename, delete."""

from collections import Counter
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from gatekeeper.configuration.forms import TeamForm
from gatekeeper.configuration.guards import actor_of, may_configure, only
from gatekeeper.directory.models import Team
from gatekeeper.directory.queries import site_facts
from gatekeeper.directory.teams import create_team, delete_team, rename_team
from gatekeeper.errors import DomainError


@require_http_methods(["GET", "POST"])
@only(may_configure)
def teams(request: HttpRequest) -> HttpResponseBase:
    """The list, and a form for one more."""
    form = TeamForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            team = create_team(form.cleaned_data["name"], actor=actor_of(request))
        except DomainError as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(request, f"The team {team.name} exists now. Mappings can name it.")
            return redirect("configuration:teams")
    page = {"form": form, "rows": _rows()}
    return render(request, "configuration/teams.html", page, status=422 if form.is_bound else 200)


def _rows() -> list[dict[str, Any]]:
    """Each team with how many mappings name it, and whether it is the fallback team. Five queries."""
    site = site_facts()
    named = Counter(team for mapping in site.mappings.values() for team in mapping.team_ids)
    return [
        {
            "team": team,
            "mappings": named[team.id],
            "in_default": team.id in site.default_mapping.team_ids,
            "is_fallback": team.id == site.fallback_team_id,
        }
        for team in Team.objects.live()
    ]


@require_http_methods(["GET", "POST"])
@only(may_configure)
def edit_team(request: HttpRequest, team_id: UUID) -> HttpResponseBase:
    """Rename a team; below that, delete it."""
    team = Team.objects.live().filter(pk=team_id).first()
    if team is None:
        raise Http404
    form = TeamForm(request.POST if request.method == "POST" else None, initial={"name": team.name})
    if request.method == "POST" and form.is_valid():
        try:
            renamed = rename_team(team_id, form.cleaned_data["name"], actor=actor_of(request))
        except DomainError as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(request, f"{team.name} is called {renamed.name} now, everywhere.")
            return redirect("configuration:teams")
    row = next(row for row in _rows() if row["team"] == team)
    return render(request, "configuration/team.html", {"form": form, **row}, status=422 if form.is_bound else 200)


@require_POST
@only(may_configure)
def remove_team(request: HttpRequest, team_id: UUID) -> HttpResponse:
    """Delete a team. Whoever has no other one is in the fallback team then."""
    try:
        team = delete_team(team_id, actor=actor_of(request))
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request, f"The team {team.name} is deleted. Whoever was only in that one is in the fallback team now."
        )
    return redirect("configuration:teams")
