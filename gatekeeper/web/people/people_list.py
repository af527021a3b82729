"""The list of everybody: found by name, narrowed by state, and how many are in which state."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property, reduce
from itertools import islice
from typing import Any, ClassVar, cast
from uuid import UUID

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseBase, QueryDict
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gatekeeper.directory.access.holders import Wanted, holders_among
from gatekeeper.directory.access.loaders import SLICE
from gatekeeper.directory.access.people_pages import (
    BY_CREATION,
    BY_EMAIL,
    BY_LABEL,
    SEARCHED,
    are_few,
    count_up_to,
    page_by_name,
    searched,
    with_key,
)
from gatekeeper.directory.access.people_parts import Parts, united
from gatekeeper.directory.access.states import State
from gatekeeper.directory.explanation.readiness_lists import count_states, state_parts
from gatekeeper.directory.levels import Level
from gatekeeper.directory.models import User
from gatekeeper.directory.permissions import Permission
from gatekeeper.errors import UnknownLevel
from gatekeeper.runtime.csv_export import csv_answer
from gatekeeper.runtime.row_counts import RowCount
from gatekeeper.sessions.facts_of_request import site_facts_of
from gatekeeper.web.framework.change_confirmation import place_of
from gatekeeper.web.framework.change_lists import ReadOnlyList, search_words
from gatekeeper.web.framework.keyset_lists import COUNTED, LAST, PAGE_PARAMETERS, KeysetChangeList
from gatekeeper.web.framework.lists.sorting import SortedBy
from gatekeeper.web.framework.permissions import may_read_people, may_read_reports, require, viewer_may
from gatekeeper.web.framework.places import SCIM, USERS, Place
from gatekeeper.web.people.lists.columns import COLUMNS, as_cells, complete, csv_header
from gatekeeper.web.people.lists.filters import (
    GroupFilter,
    LevelFilter,
    OriginFilter,
    PermissionFilter,
    ReadinessFilter,
    TeamFilter,
)
from gatekeeper.web.people.state_bars import state_bars
from saml.sync.name_mismatches import differs_from_name_id


class PeopleChangeList(KeysetChangeList):
    """The page of people with what is derived about each: access, state, and what the chosen columns show."""

    def get_results(self, request: HttpRequest) -> None:
        """Completes each person on the page (``lists/columns.py``)."""
        self.site = site_facts_of(request)
        self.root_queryset = with_key(self.root_queryset, self.order_in_force)
        self.queryset = with_key(self.queryset, self.order_in_force)
        super().get_results(request)
        self.result_list = list(self.result_list)
        complete(self.result_list, self.columns, self.site)

    def counted(self) -> RowCount | None:
        """Of a state the bar above the list says how many are in it; what people have is counted up to a bound."""
        if not self.is_derived:
            return super().counted()
        return None if self.state else count_up_to(self.parts)

    @cached_property
    def state(self) -> str:
        """The state that was asked for; "" for any."""
        return str(self.params.get(ReadinessFilter.parameter_name, ""))

    @cached_property
    def wanted(self) -> Wanted | None:
        """What people are looked for by; None where it does not exist, so that nobody has it."""
        stated = {
            each: self.params.get(each.parameter_name, "") for each in (LevelFilter, PermissionFilter, TeamFilter)
        }
        level, permission, team = stated.values()
        try:
            return Wanted(
                level=Level.from_slug(level) if level else None,
                permission=Permission(permission) if permission else None,
                team=UUID(team) if team else cast(People, self.model_admin).team_id,
            )
        except (ValueError, UnknownLevel):
            return None

    @property
    def is_derived(self) -> bool:
        """Whether the list is narrowed by what no column holds."""
        return bool(self.state or self.wanted is None or self.wanted)

    def page_of(self, asked: QueryDict) -> tuple[Sequence[User], UUID | None, UUID | None]:
        """The people of the state and with the access that were chosen; of one that does not exist, nobody."""
        if not self.is_derived:
            return super().page_of(asked)
        place = replace(place_of(asked), last=LAST in asked)
        page = page_by_name(self.parts, place, limit=self.list_per_page, order=self.order_in_force)
        return page.people, page.first, page.last

    @cached_property
    def parts(self) -> Parts:
        """Everybody whom search and filters leave."""
        parts: Parts = [self.queryset]
        if self.wanted is None:
            return []
        if self.wanted:
            active = self.queryset.filter(deleted_at=None, active=True)
            parts = holders_among(active, self.wanted, self.site)
        if not self.state:
            return parts
        if self.state not in list(State):
            return []
        state, differs = State(self.state), differs_from_name_id()
        return [part for people in parts for part in state_parts(people, state, differs, self.site)]


def csv_rows(people: PeopleChangeList) -> Iterator[dict[str, Any]]:
    """Everybody of the list, in its order, read in slices."""
    order = people.order_in_force
    ids = with_key(united(people.parts), order).order_by(*order.order_by).values_list("pk", flat=True)
    found = ids.iterator(chunk_size=5000)
    while some := list(islice(found, SLICE)):
        users = User.objects.in_bulk(some)
        slice_ = [users[pk] for pk in some if pk in users]
        complete(slice_, people.columns, people.site)
        yield from (as_cells(person, people.columns) for person in slice_)


class People(ReadOnlyList):
    address = "users"
    rule = may_read_people
    heading = USERS.name
    lead = _("Everybody whom the identity provider has provisioned, and the local administrators.")
    empty_text = _(
        "Nobody yet. Users appear here as soon as the identity provider provisions them: connect it on the SCIM page."
    )
    begins_at: Place | None = SCIM
    search_fields = SEARCHED
    search_help_text = _("Name, userName or work e-mail")
    list_filter: ClassVar[Any] = (ReadinessFilter, LevelFilter, PermissionFilter, GroupFilter, TeamFilter, OriginFilter)
    columns = COLUMNS
    team_id: UUID | None = None  # whose people alone are listed
    order = BY_LABEL
    orders: ClassVar = {
        "name": SortedBy(_("User"), BY_LABEL),
        "email": SortedBy(_("Work e-mail"), BY_EMAIL),
        "created": SortedBy(_("Created"), BY_CREATION),
    }
    change_list_template = "web/people/people_list.html"

    def get_urls(self) -> list[URLPattern]:
        """Beside list and people: those of the list as a file."""
        export = self.admin_site.admin_view(self.export_view)
        return [path("export/csv/", export, name="directory_user_export"), *super().get_urls()]

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """Whom search and filters leave, with the list's columns and in its order, as CSV; sent while it is read."""
        require(request, self.rule)
        require(request, may_read_reports)
        try:
            people = cast(PeopleChangeList, self.get_changelist_instance(request))
        except IncorrectLookupParameters:
            return HttpResponseBadRequest(_("The filters could not be read."), content_type="text/plain; charset=utf-8")
        return csv_answer(self.address, timezone.now(), csv_header(people.columns), csv_rows(people))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return PeopleChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[User], search_term: str
    ) -> tuple[QuerySet[User], bool]:
        """Who has every word of the search in a name or an address."""
        return reduce(searched, search_words(search_term), queryset), False

    def context_for(self, request: HttpRequest) -> dict[str, Any]:
        """The counts stand above the whole list and above one state, not above every search and page."""
        narrowing = (LevelFilter, PermissionFilter, GroupFilter, TeamFilter, OriginFilter)
        names = ("q", *PAGE_PARAMETERS, *(each.parameter_name for each in narrowing))
        narrowed = any(request.GET.get(name) for name in names)
        counts = not narrowed and (COUNTED in request.GET or are_few())
        chosen = request.GET.get(ReadinessFilter.parameter_name, "")
        return {
            "counts_states": not narrowed,
            "bars": state_bars(count_states(differs_from_name_id(), site_facts_of(request)), chosen) if counts else [],
            "may_read_reports": viewer_may(request, may_read_reports),
        }

    def detail(self, request: HttpRequest, entry: User) -> HttpResponse:
        return redirect("web:person", user_id=entry.pk)
