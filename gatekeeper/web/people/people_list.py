"""The list of everybody: found by name, narrowed by state, and how many are in which state."""

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from typing import Any
from uuid import UUID

from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from gatekeeper.directory.access.loaders import access_of_many, site_facts
from gatekeeper.directory.access.people_pages import SEARCHED, are_few, page_by_name, searched
from gatekeeper.directory.access.people_parts import Parts
from gatekeeper.directory.access.states import State
from gatekeeper.directory.explanation.readiness import readiness_of_many
from gatekeeper.directory.explanation.readiness_lists import count_states, state_parts
from gatekeeper.directory.keyset_pagination import KeysetOrder
from gatekeeper.directory.models import Membership, Origin, User
from gatekeeper.runtime.row_counts import RowCount
from gatekeeper.web.framework.change_confirmation import place_of
from gatekeeper.web.framework.change_lists import ChoiceFilter, CodeFilter, ReadOnlyList, search_words
from gatekeeper.web.framework.charts import state_bars
from gatekeeper.web.framework.keyset_lists import AFTER, BEFORE, COUNTED, LAST, KeysetChangeList
from gatekeeper.web.framework.permissions import may_read_people, may_read_reports, viewer_may
from saml.sync.name_mismatches import differs_from_name_id, refused_name_ids


class ReadinessFilter(ChoiceFilter):
    title = "state"
    parameter_name = "readiness"
    any_label = _("Any but deleted")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(state.value, state.label) for state in State]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        """Everybody but the deleted; who of them is in one state is asked by the page (``PeopleChangeList``)."""
        return queryset if self.value() else queryset.filter(deleted_at=None)


class OriginFilter(CodeFilter):
    title = "origin"
    parameter_name = "origin"
    any_label = _("Any origin")
    codes = Origin


class PeopleChangeList(KeysetChangeList):
    """The page of people with what is derived about each: access, groups, readiness. Read for the page at once."""

    def get_results(self, request: HttpRequest) -> None:
        """Adds ``access``, ``readiness`` and ``group_names`` to each person on the page."""
        self.site, self.state = site_facts(), request.GET.get(ReadinessFilter.parameter_name, "")
        super().get_results(request)
        people = list(self.result_list)
        access = access_of_many(people, site=self.site)
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

    def counted(self) -> RowCount | None:
        """Of a state the bar above the list says how many are in it."""
        return None if self.state else super().counted()

    def page_of(self, asked: QueryDict) -> tuple[Sequence[User], UUID | None, UUID | None]:
        """The people of the state that was chosen; of one that does not exist, nobody."""
        if not self.state:
            return super().page_of(asked)
        page = page_by_name(self._parts(), replace(place_of(asked), last=LAST in asked), limit=self.list_per_page)
        return page.people, page.first, page.last

    def _parts(self) -> Parts:
        if self.state not in list(State):
            return []
        return state_parts(self.queryset, State(self.state), differs_from_name_id(), self.site)


class People(ReadOnlyList):
    address = "users"
    rule = may_read_people
    heading = _("Users")
    lead = _("Everybody whom the identity provider has provisioned, and the local administrators.")
    empty_text = _("Nobody yet. Users appear here as soon as the identity provider provisions them.")
    search_fields = SEARCHED
    search_help_text = _("Name, userName or work e-mail")
    list_filter = (ReadinessFilter, OriginFilter)
    order = KeysetOrder(key="user_name_folded")
    change_list_template = "web/people/people_list.html"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return PeopleChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[User], search_term: str
    ) -> tuple[QuerySet[User], bool]:
        """Who has every word of the search in a name or an address."""
        return reduce(searched, search_words(search_term), queryset), False

    def context_for(self, request: HttpRequest) -> dict[str, Any]:
        """The counts stand above the whole list and above one state, not above every search and page."""
        narrowed = any(request.GET.get(name) for name in ("q", AFTER, BEFORE, LAST, OriginFilter.parameter_name))
        counts = not narrowed and (COUNTED in request.GET or are_few())
        chosen = request.GET.get(ReadinessFilter.parameter_name, "")
        return {
            "counts_states": not narrowed,
            "bars": state_bars(count_states(differs_from_name_id()), chosen) if counts else [],
            "may_read_reports": viewer_may(request, may_read_reports),
        }

    def detail(self, request: HttpRequest, entry: User) -> HttpResponse:
        return redirect("web:person", user_id=entry.pk)
