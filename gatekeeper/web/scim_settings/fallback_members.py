"""Who is in the fallback team only because no mapping gives them another one, and why."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from gatekeeper.directory.access.affected_scope import outside_the_largest_group
from gatekeeper.directory.access.people_pages import count_up_to, page_by_name, searched
from gatekeeper.directory.teams.fallback_members import explain_fallback, people_without_own_team
from gatekeeper.sessions.facts_of_request import site_facts_of
from gatekeeper.web.framework.change_confirmation import place_of
from gatekeeper.web.framework.permissions import may_configure, only


@require_safe
@only(may_configure)
def people(request: HttpRequest) -> HttpResponse:
    """The list, searched and a page at a time; each with the reason and a link to their profile page."""
    site = site_facts_of(request)
    search = request.GET.get("q", "")
    everybody = people_without_own_team(site)
    page = page_by_name([searched(part, search) for part in everybody], place_of(request.GET))
    context = {
        "team": site.teams.get(site.fallback_team_id or UUID(int=0)),
        "total": count_up_to(people_without_own_team(site, outside_the_largest_group())),
        "search": search.strip(),
        "rows": explain_fallback(page.people, site),
        "page_of_people": page,
    }
    return render(request, "web/scim_settings/fallback_members.html", context)
