"""The list of the IdP groups: who is in them, and what each grants."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, ClassVar, cast
from uuid import UUID

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gatekeeper.directory.access.affected_scope import Holds, groups_where
from gatekeeper.directory.access.resolver import SiteFacts
from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.groups.people_counts import NOBODY, member_counts, people_counts
from gatekeeper.directory.keyset_pagination import KeysetOrder
from gatekeeper.directory.levels import Level
from gatekeeper.directory.models import IdpGroup
from gatekeeper.directory.permissions import Permission
from gatekeeper.errors import UnknownLevel
from gatekeeper.runtime.csv_export import csv_answer
from gatekeeper.sessions.facts_of_request import site_facts_of
from gatekeeper.web.framework.change_lists import ChoiceFilter, ReadOnlyList, search_words
from gatekeeper.web.framework.keyset_lists import KeysetChangeList
from gatekeeper.web.framework.lists.sorting import SortedBy
from gatekeeper.web.framework.permissions import may_configure, may_read_people, may_read_reports, require, viewer_may
from gatekeeper.web.framework.places import GROUPS, SCIM
from gatekeeper.web.people.lists.filters import LevelFilter, PermissionFilter, TeamFilter

CSV_COLUMNS = ("group", "people", "level", "permissions", "teams", "mapping", "external_id", "changed")
AT_ONCE = 500  # groups that are read at once for a file
OWN, DEFAULT = "own", "default"


class GroupLevelFilter(LevelFilter):
    """By the level that a group grants; that of no access too."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(level.slug, level.label) for level in sorted(Level, reverse=True)]


class MappingFilter(ChoiceFilter):
    """By whether a group has a mapping of its own."""

    title = _("mapping")
    parameter_name = "mapping"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(OWN, str(_("Own mapping"))), (DEFAULT, str(_("Default Mapping")))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset


class GroupChangeList(KeysetChangeList):
    """The page of groups with what their mappings grant, and how many people are in each."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        """Those whose mapping grants what the filters ask for."""
        self.site = site_facts_of(request)
        groups = super().get_queryset(request, exclude_parameters)
        for holds in self._wanted():
            condition = groups_where(self.site, holds, column="pk") if holds else None
            groups = groups.filter(condition if condition is not None else Q(pk__in=[]))
        own, mapping = list(self.site.mappings), self.params.get(MappingFilter.parameter_name)
        if mapping == OWN:
            groups = groups.filter(pk__in=own)
        elif mapping == DEFAULT:
            groups = groups.exclude(pk__in=list(own))
        elif mapping:
            groups = groups.none()
        return groups

    def get_results(self, request: HttpRequest) -> None:
        """Adds to each group what ``complete`` reads."""
        super().get_results(request)
        self.result_list = list(self.result_list)
        complete(self.result_list, self.site)

    def _wanted(self) -> Iterator[Holds | None]:
        """What a mapping has to fulfil, for each filter in force; None for what does not exist."""
        level, permission, team = (
            self.params.get(each.parameter_name, "") for each in (LevelFilter, PermissionFilter, TeamFilter)
        )
        try:
            if level:
                wanted = Level.from_slug(level)
                yield lambda mapping: mapping.level is wanted
            if permission:
                named = Permission(permission)
                yield lambda mapping: named in mapping.permissions
            if team:
                given = UUID(team)
                yield lambda mapping: given in mapping.team_ids
        except (ValueError, UnknownLevel):
            yield None


def complete(groups: Sequence[Any], site: SiteFacts) -> None:
    """Add to each group its ``people``, whether the mapping is its ``own``, and ``level_label``, ``permission_labels``
    and ``team_names`` of the mapping.
    """
    counts = people_counts([group.pk for group in groups])
    for group in groups:
        mapping = site.mappings.get(group.pk)
        group.own, granted = mapping is not None, mapping or site.default_mapping
        group.people = counts.get(group.pk, NOBODY)
        group.level = granted.level
        group.permission_labels = sorted(permission.label for permission in granted.permissions)
        group.permissions = sorted(granted.permissions)
        group.team_names = sorted(site.teams[team] for team in granted.team_ids if team in site.teams)


def as_cells(group: Any, people: int) -> dict[str, Any]:
    """A completed group as a file shows it, with the exact number of people."""
    cells = (
        group.display_name,
        people,
        group.level.slug,
        group.permissions,
        group.team_names,
        OWN if group.own else DEFAULT,
        group.external_id,
        group.updated_at.isoformat().replace("+00:00", "Z"),
    )
    return dict(zip(CSV_COLUMNS, cells, strict=True))


class Groups(ReadOnlyList):
    address = "groups"
    rule = may_read_people
    heading = GROUPS.name
    lead = _("What the identity provider has pushed: who is in each group, and what its mapping grants.")
    empty_text = _("No groups yet. A group appears here as soon as the identity provider puts somebody into it.")
    begins_at = SCIM
    search_fields = ("display_name_folded",)
    search_help_text = _("Name of the group")
    list_filter = (GroupLevelFilter, PermissionFilter, TeamFilter, MappingFilter)
    order = KeysetOrder(key="display_name_folded")
    orders: ClassVar = {
        "name": SortedBy(_("Group"), order),
        "changed": SortedBy(_("Changed"), KeysetOrder(key="updated_at", descending=True, pk_descending=True)),
    }
    change_list_template = "web/people/groups.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The groups that ever had a member (docs/rules.md#7)."""
        return IdpGroup.objects.on_the_page().defer("attributes")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return GroupChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Those with each word of the search in their name, in any case."""
        words = search_words(search_term)
        return queryset.filter(*(Q(display_name_folded__contains=fold(word)) for word in words)), False

    def get_urls(self) -> list[URLPattern]:
        """Beside the list: its groups as a file."""
        export = self.admin_site.admin_view(self.export_view)
        return [path("export/csv/", export, name="directory_idpgroup_export"), *super().get_urls()]

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """The groups that search and filters leave, in the order of the list, as CSV; sent while they are read."""
        require(request, self.rule)
        require(request, may_read_reports)
        try:
            groups = cast(GroupChangeList, self.get_changelist_instance(request))
        except IncorrectLookupParameters:
            return HttpResponseBadRequest(_("The filters could not be read."), content_type="text/plain; charset=utf-8")
        return csv_answer(self.address, timezone.now(), CSV_COLUMNS, _csv_rows(groups))

    def context_for(self, request: HttpRequest) -> dict[str, Any]:
        return {
            "may_read_reports": viewer_may(request, may_read_reports),
            "may_configure": viewer_may(request, may_configure),
        }

    def detail(self, request: HttpRequest, entry: IdpGroup) -> HttpResponse:
        return redirect("web:group_users", group_id=entry.pk)


def _csv_rows(groups: GroupChangeList) -> Iterator[dict[str, Any]]:
    order = groups.order_in_force
    found = groups.queryset.order_by(*order.order_by).iterator(chunk_size=AT_ONCE)
    while some := list(islice(found, AT_ONCE)):
        complete(some, groups.site)
        counts = member_counts(group.pk for group in some)
        yield from (as_cells(group, counts.get(group.pk, 0)) for group in some)
