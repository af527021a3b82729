"""What a person has of a list, read once in a request: the views above it, and the columns that they chose."""

from typing import cast

from django.http import HttpRequest

from gatekeeper.directory.models import SavedView
from gatekeeper.directory.people.saved_views import KeptOfList, kept_of_list
from gatekeeper.web.framework.permissions import person_of

_KEPT = "kept_of_list"


def views_of(request: HttpRequest, list_name: str) -> list[SavedView]:
    """The views of a list that this person sees."""
    return _kept_of(request, list_name).views


def chosen_columns_of(request: HttpRequest, list_name: str) -> list[str] | None:
    """The columns that this person chose of a list; None when they never did."""
    return _kept_of(request, list_name).columns


def _kept_of(request: HttpRequest, list_name: str) -> KeptOfList:
    """Both, by one query where the request has not read them yet."""
    kept = cast(KeptOfList | None, getattr(request, _KEPT, None))
    if kept is None or kept.list_name != list_name:
        kept = kept_of_list(person_of(request), list_name)
        setattr(request, _KEPT, kept)
    return kept
