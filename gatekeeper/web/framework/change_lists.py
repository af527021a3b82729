"""Django's changelists as read-only lists: their filters as one bar of form fields, their rows in our own design."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.functional import Promise
from django.utils.text import smart_split, unescape_string_literal
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from gatekeeper.directory.keyset_pagination import KeysetOrder
from gatekeeper.runtime.text_search import SHORTEST, contains_text
from gatekeeper.web.framework.keyset_lists import NEWEST_FIRST, KeysetChangeList, is_first_page
from gatekeeper.web.framework.lists.columns import Column
from gatekeeper.web.framework.lists.sorting import SortedBy
from gatekeeper.web.framework.lists.views import shown_views
from gatekeeper.web.framework.permissions import Rule, may_read_logs, require, viewer_may
from gatekeeper.web.framework.places import Place, Step

NEWEST_SEARCHED = 50_000  # entries that are read for a search which no index helps
_LONG_ENOUGH = re.compile(rf"[^\W_]{{{SHORTEST}}}")


def search_words(text: str) -> list[str]:
    """The words of a search; what stands in quotes is one."""
    parts = smart_split(text.replace("\x00", " "))
    return [unescape_string_literal(part) if part[0] in "\"'" and part[0] == part[-1] else part for part in parts]


def is_short(text: str) -> bool:
    """Whether no part of a search is long enough for the index."""
    return bool(text.strip()) and _LONG_ENOUGH.search(text) is None


class ReadOnlyList(ModelAdmin[Any]):
    """A list that nobody edits: rows are facts or log entries. ``address`` is where it is, ``rule`` who may read it.

    ``lead`` is the sentence below the heading; ``empty_text`` what stands in place of an empty table, with a button to
    the place that ``begins_at`` names. ``order`` is that of the rows; ``orders`` are those that its heads offer, by
    name, ``order`` among them if it has a head. ``searched_columns``: the columns of the index for text search; a list
    without one has Django's ``search_fields``.
    ``columns`` are those that its readers choose; with more than ``most_columns`` of them it is wider than the page.
    ``keeps_views``: they may save the list as they see it. ``is_part``: it never shows all rows of its table.
    """

    address: str
    rule: Rule = may_read_logs
    heading: StrOrPromise = ""
    lead: StrOrPromise = ""
    empty_text: StrOrPromise = gettext_lazy("Nothing yet.")
    begins_at: Place | None = None
    order: KeysetOrder = NEWEST_FIRST
    orders: ClassVar[Mapping[str, SortedBy]] = {}
    columns: ClassVar[Sequence[Column]] = ()
    most_columns = 4
    keeps_views = True
    is_part = False
    searched_columns: tuple[str, ...] = ()
    actions: ClassVar[Any] = None  # type: ignore[misc]
    list_per_page = 50
    show_full_result_count = False
    sortable_by: ClassVar[Any] = ()

    def get_urls(self) -> list[URLPattern]:
        """The list and its entries, nothing else: there is nothing to add, to change or to delete."""
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        guarded = self.admin_site.admin_view
        return [
            path("", guarded(self.changelist_view), name=f"{name}_changelist"),
            path("<str:object_id>/", guarded(self.change_view), name=f"{name}_change"),
        ]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Lists are long: their pages begin after a row."""
        return KeysetChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        """Rows that have every word of the search; where no word is long enough for the index, among the newest."""
        words = search_words(search_term)
        if not self.searched_columns or not words:
            return super().get_search_results(request, queryset, search_term)
        for word in words:
            queryset = queryset.filter(Q(contains_text(self.searched_columns, word)) | self.named_by(word))
        if is_short(search_term):
            newest = self.model.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
            queryset = queryset.filter(pk__gt=newest - NEWEST_SEARCHED)
        return queryset, False

    def named_by(self, word: str) -> Q:
        """The condition on rows that ``word`` identifies, besides those whose text contains it."""
        return Q(pk__in=[])

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return viewer_may(request, self.rule)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list. Raises: AccessRefused, which says what it would take."""
        require(request, self.rule)
        own = {"heading": self.heading, "lead": self.lead, "empty_text": self.empty_text, **self.context_for(request)}
        own["empty_step"] = self.first_step(request)
        if self.searched_columns and is_short(request.GET.get("q", "")):
            own["searched_only"] = NEWEST_SEARCHED
        if self.keeps_views and is_first_page(request.GET):
            own["views"] = shown_views(request, self)
        return super().changelist_view(request, {**own, **(extra_context or {})})

    def context_for(self, request: HttpRequest) -> dict[str, Any]:
        """What the list's own template needs besides."""
        return {}

    def first_step(self, request: HttpRequest) -> Step | None:
        """What to do so that an empty list gets its first entry; None: the reader may not, or nothing has to be done.

        The place that ``begins_at`` names.
        """
        return Step.to(self.begins_at) if self.begins_at and viewer_may(request, self.begins_at.rule) else None

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """One row, whole: its page shows what the list leaves unread. None where there is no such row."""
        del from_field
        try:
            return self.get_queryset(request).defer(None).get(pk=object_id)
        except (self.model.DoesNotExist, ValidationError, ValueError):
            return None

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One entry, by this list's own ``detail`` page."""
        require(request, self.rule)
        entry = self.get_object(request, object_id)
        if entry is None:
            raise Http404
        return self.detail(request, entry)

    def detail(self, request: HttpRequest, entry: Any) -> HttpResponse:
        """The page of one entry."""
        raise NotImplementedError


class StorableFilter(SimpleListFilter):
    """A filter whose value can be compared with any column: without NUL, which PostgreSQL refuses.

    ``in_force``: of each parameter that narrows the list, what it is called and its value in words.
    """

    def in_force(self) -> dict[str, tuple[str, str]]:
        value = self.value()
        if not value:
            return {}
        texts = {str(code): str(text) for code, text in self.lookup_choices}
        return {str(self.parameter_name): (str(self.title), texts.get(value, value))}

    def value(self) -> str | None:
        text = super().value()
        return text.replace("\x00", "") if text else text


class ChoiceFilter(StorableFilter):
    """A filter as a select: its choices are the values themselves, so that the whole bar is one plain form."""

    template = "admin/filter_choice.html"
    any_label: StrOrPromise = gettext_lazy("Any")

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        yield {"value": "", "display": self.any_label, "selected": not self.value()}
        for value, label in self.lookup_choices:
            yield {"value": value, "display": label, "selected": self.value() == str(value)}


class RowFilter(ChoiceFilter):
    """By a row of another table. The rows are read where the filter is shown only: not for an export, say."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("", "")]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        self._read()
        return super().choices(changelist)

    def in_force(self) -> dict[str, tuple[str, str]]:
        if self.value():
            self._read()
        return super().in_force()

    def _read(self) -> None:
        if self.lookup_choices == [("", "")]:
            self.lookup_choices = [*self.rows()]

    def rows(self) -> list[tuple[str, str]]:
        """Primary key and name of each that is offered."""
        raise NotImplementedError


class CodeFilter(ChoiceFilter):
    """By a column that holds one of some codes; the column is the parameter unless ``column`` says so.

    The codes are an enumeration's, or those of ``texts``.
    """

    codes: ClassVar[Iterable[Any]]  # members with ``value`` and ``label``
    column = ""

    def texts(self) -> Mapping[str, Promise | str]:
        """What each code is called."""
        return {code.value: code.label for code in self.codes}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(code, str(text)) for code, text in self.texts().items()]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        wanted = self.value()
        if not wanted:
            return queryset
        if wanted not in self.texts():
            return queryset.none()
        return queryset.filter(**{self.column or str(self.parameter_name): wanted})


class TextFilter(StorableFilter):
    """A filter as a text field, for what has too many values to list."""

    template = "admin/filter_text.html"
    kind = "text"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("", "")]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        yield {"value": self.value() or "", "display": "", "selected": bool(self.value())}
