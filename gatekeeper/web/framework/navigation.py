"""The side navigation: what this person may open, and where they are."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from django.http import HttpRequest

from gatekeeper.directory.access.resolver import Access
from gatekeeper.directory.deprovisioning_limits.shown_state import shown_state
from gatekeeper.web.framework.permissions import access_of_request, may_configure, may_search
from gatekeeper.web.framework.places import (
    BELOW_CONFIGURATION,
    CONFIGURATION,
    LOGS,
    MAIN,
    PLACES,
    SETTINGS,
    Place,
    place_of,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu. ``current``: "page" on the place itself, "true" below it, otherwise "".

    ``below`` are the lines that are there only for who is inside.
    """

    place: Place
    current: str
    below: tuple[Self, ...] = ()


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context processor: places, the menu, and what this person may do; two queries for configurators."""
    access = access_of_request(request)
    if access is None or not request.user.is_authenticated:  # signed out in this very request
        return {"access": None, "places": PLACES}
    here = place_of(request.path)
    return {
        "access": access,
        "places": PLACES,
        "nav_main": _entries(MAIN, access, request.path, here),
        "nav_logs": _entries(LOGS, access, request.path, here),
        "nav_settings": _entries(SETTINGS, access, request.path, here),
        "in_settings": here is not None and here.in_settings,
        "may_configure": may_configure(access),
        "may_search": may_search(access),
        "deprovisioning": shown_state() if may_configure(access) else None,
    }


def _entries(places: Iterable[Place], access: Access, path: str, here: Place | None) -> tuple[Entry, ...]:
    """The lines of the places that this person may open. Those below Configuration are shown inside them only."""
    lineage = _lineage(here)
    found = []
    for place in places:
        if place.rule(access):
            is_inside = place is CONFIGURATION and len(lineage) > 1 and place in lineage
            below = _entries(BELOW_CONFIGURATION, access, path, here) if is_inside else ()
            current = "page" if path == place.address else "true" if place in lineage else ""
            found.append(Entry(place, "" if below else current, below))
    return tuple(found)


def _lineage(place: Place | None) -> list[Place]:
    """The place and those that it belongs to."""
    found = []
    while place is not None:
        found.append(place)
        place = place.parent
    return found
