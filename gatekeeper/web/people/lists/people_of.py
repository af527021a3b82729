"""The pages of an IdP group and of a team: what it grants or who gives it, and its people on the list of people."""

from typing import Any, ClassVar
from uuid import UUID

from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from gatekeeper.directory.access.affected_scope import members_where
from gatekeeper.directory.models import IdpGroup, Membership, Team, User
from gatekeeper.directory.teams.last_changes import last_changes
from gatekeeper.runtime.row_counts import RowCount
from gatekeeper.sessions.facts_of_request import site_facts_of
from gatekeeper.web.framework.admin_site import site as lists
from gatekeeper.web.framework.permissions import (
    may_configure,
    may_read_logs,
    may_read_people,
    may_read_reports,
    only,
    viewer_may,
)
from gatekeeper.web.people.lists.filters import GroupFilter, LevelFilter, PermissionFilter, ReadinessFilter
from gatekeeper.web.people.lists.groups import complete
from gatekeeper.web.people.people_list import People, PeopleChangeList

NAMED = 12  # groups that a team's page names; the list of groups has them all


@require_safe
@only(may_read_people)
def group_users(request: HttpRequest, group_id: UUID) -> HttpResponseBase:
    """A group's page. Its statements are as many for a large group as for a small one."""
    group = IdpGroup.objects.live().filter(pk=group_id).first()
    if group is None:
        raise Http404
    return GroupPeople(group).changelist_view(request)


@require_safe
@only(may_read_people)
def team_people(request: HttpRequest, team_id: UUID) -> HttpResponseBase:
    """A team's page."""
    team = Team.objects.live().filter(pk=team_id).first()
    if team is None:
        raise Http404
    return TeamPeople(team).changelist_view(request)


class PeopleOf(People):
    """A part of the people. Views are saved of the list of everybody, which has a filter for the part."""

    keeps_views = False
    begins_at = None
    is_part = True

    def context_for(self, request: HttpRequest) -> dict[str, Any]:
        return {
            "may_configure": viewer_may(request, may_configure),
            "may_read_logs": viewer_may(request, may_read_logs),
            "may_read_reports": viewer_may(request, may_read_reports),
        }


class GroupPeopleChangeList(PeopleChangeList):
    """The people of a group with ``since``, when each came into it."""

    def counted(self) -> RowCount | None:
        """Of the whole group as its page says above."""
        if self.query or self.has_active_filters:
            return super().counted()
        everybody: RowCount = self.model_admin.group.people.everybody  # type: ignore[attr-defined]
        return everybody

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        group = self.model_admin.group  # type: ignore[attr-defined]
        memberships = Membership.objects.live().filter(group=group, user__in=[each.pk for each in self.result_list])
        since = dict(memberships.values_list("user_id", "since"))
        for person in self.result_list:
            person.since = since.get(person.pk)


class GroupPeople(PeopleOf):
    list_filter: ClassVar[Any] = (ReadinessFilter, LevelFilter, PermissionFilter)
    empty_text = _(
        "Nobody is in this group now. It keeps its mapping, and people come back when the identity provider adds some."
    )
    change_list_template = "web/people/group.html"

    def __init__(self, group: IdpGroup) -> None:
        super().__init__(User, lists)
        self.group, self.heading = group, group.display_name

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return GroupPeopleChangeList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Who is in the group now, active or not."""
        return super().get_queryset(request).filter(members_where(Q(group=self.group)))

    def context_for(self, request: HttpRequest) -> dict[str, Any]:
        """The group with what it grants, and the teams by id, for links to them."""
        facts = site_facts_of(request)
        complete([self.group], facts)
        granted = facts.mappings.get(self.group.pk, facts.default_mapping)
        teams = sorted((facts.teams[team], team) for team in granted.team_ids if team in facts.teams)
        return {**super().context_for(request), "group": self.group, "teams": teams}


class TeamPeople(PeopleOf):
    list_filter: ClassVar[Any] = (ReadinessFilter, LevelFilter, PermissionFilter, GroupFilter)
    empty_text = _("Nobody is in this team. Name it in the mapping of a group, and the people of the group are in it.")
    change_list_template = "web/people/team.html"

    def __init__(self, team: Team) -> None:
        super().__init__(User, lists)
        self.team, self.team_id, self.heading = team, team.pk, team.name

    def context_for(self, request: HttpRequest) -> dict[str, Any]:
        """The team with the groups that give it, and whether the Default Mapping does and it is the fallback team."""
        facts = site_facts_of(request)
        giving = sorted(group for group, mapping in facts.mappings.items() if self.team_id in mapping.team_ids)
        named = IdpGroup.objects.live().filter(pk__in=giving).order_by("display_name_folded")
        return {
            **super().context_for(request),
            "team": self.team,
            "changed_at": last_changes([self.team.pk]).get(self.team.pk, self.team.created_at),
            "groups": list(named.only("pk", "display_name")[: NAMED + 1]),
            "most_named": NAMED,
            "in_default": self.team_id in facts.default_mapping.team_ids,
            "is_fallback": self.team_id == facts.fallback_team_id,
        }
