"""The list of everybody: found by name, narrowed by state, and how many are in which state."""

from typing import Any
from uuid import UUID

from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from gatekeeper.directory.access.loaders import access_of_many
from gatekeeper.directory.access.states import State
from gatekeeper.directory.explanation.readiness import readiness_of_many
from gatekeeper.directory.explanation.readiness_lists import count_states, in_state
from gatekeeper.directory.keyset_pagination import KeysetOrder
from gatekeeper.directory.models import Membership, Origin, User
from gatekeeper.web.framework.change_lists import ChoiceFilter, CodeFilter, ReadOnlyList
from gatekeeper.web.framework.charts import state_bars
from gatekeeper.web.framework.keyset_lists import AFTER, BEFORE, LAST, KeysetChangeList
from gatekeeper.web.framework.permissions import may_read_people, may_read_reports, viewer_may
from saml.sync.name_mismatches import differs_from_name_id, refused_name_ids


class ReadinessFilter(ChoiceFilter):
    title = "state"
    parameter_name = "readiness"
    any_label = _("Any but deleted")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(state.value, state.label) for state in State]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        """Only who is in that state; a state that does not exist has nobody in it."""
        wanted = self.value()
        if not wanted:
            return queryset.filter(deleted_at=None)
        if wanted not in list(State):
            return queryset.none()
        return in_state(queryset, State(wanted), differs_from_name_id())


class OriginFilter(CodeFilter):
    title = "origin"
    parameter_name = "origin"
    any_label = _("Any origin")
    codes = Origin


class PeopleChangeList(KeysetChangeList):
    """The page of people with what is derived about each: access, groups, readiness. Read for the page at once."""

    def get_results(self, request: HttpRequest) -> None:
        """Adds ``access``, ``readiness`` and ``group_names`` to each person on the page."""
        super().get_results(request)
        people = list(self.result_list)
        access = access_of_many(people)
        readiness = readiness_of_many(people, access, received=refused_name_ids(people))
        groups: dict[UUID, list[str]] = {}
        memberships = Membership.objects.live().filter(user__in=[person.id for person in people])
        for user_id, name in memberships.order_by("group__display_name").values_list("user_id", "group__display_name"):
            groups.setdefault(user_id, []).append(name)
        for person in people:
            person.access = access[person.id]
            person.readiness = readiness[person.id]
            person.group_names = groups.get(person.id, [])
        self.result_list = people


class People(ReadOnlyList):
    address = "users"
    rule = may_read_people
    heading = _("Users")
    lead = _("Everybody whom the identity provider has provisioned, and the local administrators.")
    empty_text = _("Nobody yet. Users appear here as soon as the identity provider provisions them.")
    search_fields = ("user_name_folded", "work_email_folded", "display_name")
    search_help_text = _("Name, userName or work e-mail")
    list_filter = (ReadinessFilter, OriginFilter)
    order = KeysetOrder(key="user_name_folded")
    change_list_template = "web/people/people_list.html"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return PeopleChangeList

    def context_for(self, request: HttpRequest) -> dict[str, Any]:
        """The counts stand above the whole list and above one state, not above every search and page."""
        narrowed = any(request.GET.get(name) for name in ("q", AFTER, BEFORE, LAST, OriginFilter.parameter_name))
        chosen = request.GET.get(ReadinessFilter.parameter_name, "")
        return {
            "bars": [] if narrowed else state_bars(count_states(differs_from_name_id()), chosen),
            "may_read_reports": viewer_may(request, may_read_reports),
        }

    def detail(self, request: HttpRequest, entry: User) -> HttpResponse:
        return redirect("web:person", user_id=entry.pk)
