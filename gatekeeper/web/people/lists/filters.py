"""The filters of lists of people. What is derived, such as a level, is asked by the page (``PeopleChangeList``)."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from gatekeeper.directory.access.states import State
from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.levels import Level
from gatekeeper.directory.models import IdpGroup, Membership, Origin, User
from gatekeeper.directory.permissions import Permission
from gatekeeper.sessions.facts_of_request import site_facts_of
from gatekeeper.web.framework.change_lists import ChoiceFilter, CodeFilter, RowFilter, TextFilter


class ReadinessFilter(ChoiceFilter):
    title = _("state")
    parameter_name = "readiness"
    any_label = _("Any but deleted")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(state.value, state.label) for state in State]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        """Everybody but the deleted; who of them is in one state is asked by the page."""
        return queryset if self.value() else queryset.filter(deleted_at=None)


class LevelFilter(ChoiceFilter):
    """By the level that people have now, exactly."""

    title = _("level")
    parameter_name = "level"
    any_label = _("Any level")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(level.slug, level.label) for level in sorted(Level, reverse=True) if level is not Level.NONE]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        return queryset


class PermissionFilter(ChoiceFilter):
    """By one of the permissions that people have now."""

    title = _("permission")
    parameter_name = "permission"
    any_label = _("Any permission")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(permission.value, permission.label) for permission in Permission]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        return queryset


class TeamFilter(RowFilter):
    """By one of the teams that people are in now, by a mapping or as the fallback."""

    title = _("team")
    parameter_name = "team"
    any_label = _("Any team")

    def rows(self) -> list[tuple[str, str]]:
        return [(str(team_id), name) for team_id, name in site_facts_of(self.request).teams.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        return queryset


class GroupFilter(TextFilter):
    """By the name of an IdP group, in any case."""

    title = _("IdP group")
    parameter_name = "group"

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        name = (self.value() or "").strip()
        if not name:
            return queryset
        named = IdpGroup.objects.live().filter(display_name_folded=fold(name)).values("pk")[:1]
        return queryset.filter(Exists(Membership.objects.live().filter(user=OuterRef("pk"), group=Subquery(named))))


class OriginFilter(CodeFilter):
    title = _("origin")
    parameter_name = "origin"
    any_label = _("Any origin")
    codes = Origin
