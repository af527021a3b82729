"""Saved views of a list: its address as somebody saw it, under a name; and the columns that somebody chose of it."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from gatekeeper.directory.models import SavedView
from gatekeeper.directory.people.saved_views import (
    MOST_VIEWS,
    choose_columns,
    delete_view,
    rename_view,
    save_view,
)
from gatekeeper.errors import DomainError
from gatekeeper.web.framework.admin_site import address_of, site
from gatekeeper.web.framework.lists.columns import COLUMNS, stated
from gatekeeper.web.framework.lists.kept import views_of
from gatekeeper.web.framework.lists.sorting import ORDER
from gatekeeper.web.framework.permissions import (
    Fresh,
    actor_of,
    is_signed_in,
    may_configure,
    only,
    person_of,
    require,
    viewer_may,
)

SEARCH = "q"


@dataclass(frozen=True, slots=True)
class ShownView:
    """A view above its list. ``by``: who shared it, where that is somebody else."""

    view: SavedView
    address: str
    is_current: bool
    by: str
    may_change: bool


@dataclass(frozen=True, slots=True)
class ShownViews:
    """What stands above a list: its views, and what the forms need to save the list as it is now."""

    views: list[ShownView]
    name_of_list: str
    query: str
    may_share: bool
    most: int = MOST_VIEWS

    @property
    def changeable(self) -> list[ShownView]:
        return [each for each in self.views if each.may_change]

    @property
    def is_one_open(self) -> bool:
        return any(each.is_current for each in self.views)


def shown_views(request: HttpRequest, shown_by: Any) -> ShownViews:
    """The views of a list that this person sees, their own and the shared ones. One query."""
    person, may_share = person_of(request), viewer_may(request, may_configure)
    here = storable_query(shown_by, request.GET)
    shown = [
        ShownView(
            view=view,
            address=f"?{view.query}",
            is_current=view.query == here,
            by="" if view.owner_id == person.pk else view.owner.label,
            may_change=view.owner_id == person.pk or may_share,
        )
        for view in views_of(request, address_of(shown_by))
    ]
    return ShownViews(shown, address_of(shown_by), here, may_share)


def storable_query(shown_by: Any, asked: QueryDict) -> str:
    """What is kept of an address: the parameters that the list knows, without empty ones and the place of the page."""
    filters = [name for each in shown_by.list_filter for name in getattr(each, "parameters", (each.parameter_name,))]
    names = [SEARCH, *filters, ORDER, COLUMNS]
    values = {name: ",".join(asked.getlist(name)) if name == COLUMNS else asked.get(name, "") for name in names}
    kept = {name: value.replace("\x00", "") for name, value in values.items() if value or (name == COLUMNS in asked)}
    return urlencode(kept)


@require_POST
@only(is_signed_in, fresh=Fresh.NEVER)
def save(request: HttpRequest) -> HttpResponseBase:
    """Keep a list as it is shown; whoever may not open the list can't."""
    shown_by = _list_called(request.POST.get("list", ""))
    require(request, shown_by.rule)
    query = storable_query(shown_by, QueryDict(request.POST.get("query", "")))
    try:
        view = save_view(
            person_of(request).pk,
            address_of(shown_by),
            request.POST.get("name", ""),
            query,
            shared=_is_shared(request),
            actor=actor_of(request),
        )
    except DomainError as refusal:
        messages.error(request, refusal.on_page)
    else:
        messages.success(request, _("The view %(name)s is saved.") % {"name": view.name})
    return redirect(f"{_address(shown_by)}?{query}")


@require_POST
@only(is_signed_in, fresh=Fresh.NEVER)
def rename(request: HttpRequest, view_id: int) -> HttpResponse:
    """Another name; shared or not."""
    view = _changeable(request, view_id)
    try:
        rename_view(view, request.POST.get("name", ""), shared=_is_shared(request), actor=actor_of(request))
    except DomainError as refusal:
        messages.error(request, refusal.on_page)
    return redirect(f"{_address(_list_called(view.list_name))}?{view.query}")


@require_POST
@only(is_signed_in, fresh=Fresh.NEVER)
def delete(request: HttpRequest, view_id: int) -> HttpResponse:
    """End a view; the list stays as it is."""
    view = _changeable(request, view_id)
    try:
        delete_view(view, actor=actor_of(request))
    except DomainError as refusal:
        messages.error(request, refusal.on_page)
    else:
        messages.success(request, _("The view %(name)s is deleted.") % {"name": view.name})
    return redirect(f"{_address(_list_called(view.list_name))}?{view.query}")


@require_POST
@only(is_signed_in, fresh=Fresh.NEVER)
def choose(request: HttpRequest) -> HttpResponse:
    """Show these columns of a list from now on, and in the address from which they were chosen.

    The people of a group and of a team have the columns of the list of everybody.
    """
    shown_by = _list_called(request.POST.get("list", ""))
    require(request, shown_by.rule)
    names = stated(shown_by.columns, request.POST) or []
    choose_columns(person_of(request), address_of(shown_by), names)
    back = request.POST.get("back", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = _address(shown_by)
    path, _mark, query = back.partition("?")
    asked = QueryDict(query, mutable=True)
    asked[COLUMNS] = ",".join(names)
    return redirect(f"{path}?{asked.urlencode(safe=',')}")


def _changeable(request: HttpRequest, view_id: int) -> SavedView:
    """One's own view; for configurators also one that is shared. Raises: Http404."""
    theirs = Q(owner=person_of(request))
    if viewer_may(request, may_configure):
        theirs |= Q(is_shared=True)
    view = SavedView.objects.filter(theirs, pk=view_id).first()
    if view is None:
        raise Http404
    return view


def _is_shared(request: HttpRequest) -> bool:
    return "shared" in request.POST and viewer_may(request, may_configure)


def _list_called(name: str) -> Any:
    """The list of that address. Raises: Http404."""
    for shown_by in site._registry.values():
        if address_of(shown_by) == name and getattr(shown_by, "keeps_views", False):
            return shown_by
    raise Http404


def _address(shown_by: Any) -> str:
    return reverse(f"admin:{shown_by.opts.app_label}_{shown_by.opts.model_name}_changelist")
