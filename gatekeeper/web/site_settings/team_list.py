"""The list of the teams: how many people are in each, who gives it, and when it changed last."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from gatekeeper.directory.access.resolver import SiteFacts
from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.keyset_pagination import KeysetOrder
from gatekeeper.directory.models import IdpGroup, Team
from gatekeeper.directory.teams.last_changes import last_changes
from gatekeeper.directory.teams.people_counts import people_of_teams
from gatekeeper.sessions.facts_of_request import site_facts_of
from gatekeeper.web.framework.admin_site import site as lists
from gatekeeper.web.framework.change_lists import ReadOnlyList, search_words
from gatekeeper.web.framework.keyset_lists import KeysetChangeList
from gatekeeper.web.framework.lists.sorting import SortedBy
from gatekeeper.web.framework.permissions import may_configure
from gatekeeper.web.framework.places import TEAMS
from gatekeeper.web.site_settings.forms import TeamForm

NAMED = 3  # groups that a row names; the list of groups has them all


class TeamChangeList(KeysetChangeList):
    """The page of teams with what ``complete`` adds."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        complete(self.result_list, site_facts_of(request))


def complete(teams: Sequence[Any], site: SiteFacts) -> None:
    """Add to each team its ``people``, up to ``NAMED`` of the ``groups`` that give it and how many ``more_groups``,
    ``in_default``, ``is_fallback`` and ``changed_at``. Six statements at most, however many teams there are.
    """
    people = people_of_teams([team.pk for team in teams], site)
    giving = {team.pk: sorted(pk for pk, given in site.mappings.items() if team.pk in given.team_ids) for team in teams}
    shown = {pk for groups in giving.values() for pk in groups[:NAMED]}
    named = IdpGroup.objects.filter(pk__in=shown).only("pk", "display_name").order_by("display_name_folded")
    groups, changed = list(named), last_changes([team.pk for team in teams])
    for team in teams:
        team.people = people[team.pk]
        first = set(giving[team.pk][:NAMED])
        team.groups = [group for group in groups if group.pk in first]
        team.more_groups = len(giving[team.pk]) - len(first)
        team.in_default = team.pk in site.default_mapping.team_ids
        team.is_fallback = team.pk == site.fallback_team_id
        team.changed_at = changed.get(team.pk, team.created_at)


class TeamList(ReadOnlyList):
    """``new_team`` is the form for one more, below the list."""

    rule = may_configure
    heading = TEAMS.name
    lead = _(
        "Where people work once they are inside. Mappings put people into teams; the fallback team takes whoever is "
        "left."
    )
    empty_text = _("No teams yet. Create the first one, for example General, and make it the fallback team.")
    search_fields = ("name_folded",)
    search_help_text = _("Name of the team")
    order = KeysetOrder(key="name_folded")
    orders: ClassVar = {"name": SortedBy(_("Team"), order)}
    keeps_views = False
    change_list_template = "web/site_settings/teams.html"

    def __init__(self, form: TeamForm) -> None:
        super().__init__(Team, lists)
        self.new_team = form

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return TeamChangeList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        """The teams that there are."""
        return Team.objects.live()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Those with each word of the search in their name, in any case."""
        return queryset.filter(*(Q(name_folded__contains=fold(word)) for word in search_words(search_term))), False

    def context_for(self, request: HttpRequest) -> dict[str, Any]:
        return {"form": self.new_team}
