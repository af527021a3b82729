"""Home: today for who runs the site, and for everybody else what they can do here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from gatekeeper.directory.access.resolver import Access
from gatekeeper.directory.access.states import State
from gatekeeper.directory.identity_linking.sync_schedule import next_sync
from gatekeeper.directory.models import SignIn
from gatekeeper.setup_steps import steps_in_short
from gatekeeper.web.framework.access_picture.in_words import own_access
from gatekeeper.web.framework.access_picture.picture import access_picture
from gatekeeper.web.framework.keyset_lists import COUNTED
from gatekeeper.web.framework.permissions import (
    access_of_request,
    is_signed_in,
    may_configure,
    may_read_logs,
    may_read_people,
    may_read_reports,
    only,
    person_of,
)
from gatekeeper.web.home.activity import activity, last_cycle
from gatekeeper.web.home.facts import load_facts, states_of_everybody
from gatekeeper.web.home.latest_changes import latest_changes
from gatekeeper.web.home.needs import load_ends, needs
from gatekeeper.web.plots.horizontal_bars import Part, parts
from saml.models import SyncRun


@dataclass(frozen=True, slots=True)
class PeopleInState:
    """The people in one state: a part of the bar of everybody."""

    state: State
    number: int
    place: Part


@dataclass(frozen=True, slots=True)
class People:
    """Everybody but the deleted: how many there are, how many of them can sign in, and the parts of the bar."""

    number: int
    can_sign_in: int
    parts: list[PeopleInState]


@require_safe
@only(is_signed_in)
def home(request: HttpRequest) -> HttpResponse:
    """What this person may know of today. Twelve statements at the most."""
    access = access_of_request(request)
    assert access is not None
    configures = may_configure(access)
    page: dict[str, Any] = {
        "sees_people": may_read_people(access),
        "sees_states": may_read_people(access) or may_read_reports(access),
        "sees_logs": may_read_logs(access),
        "sees_reports": may_read_reports(access),
    }
    now = timezone.now()
    facts = load_facts(person_of(request), now) if page["sees_states"] or page["sees_logs"] else None
    if facts is not None:
        states = states_of_everybody(is_small=facts.is_small, wanted=COUNTED in request.GET)
        page |= {"facts": facts, "people": _people(states) if states else None}
        if configures:
            page["needs"] = needs(facts, states or {}, load_ends(), now)
            page |= _setup(facts.done)
    if page["sees_logs"]:
        page |= {"activity": activity(now), "cycle": last_cycle(now), "changes": latest_changes()}
        page |= {"last_run": SyncRun.objects.defer("metadata").first(), "next_sync": next_sync(now)}
    if not configures:
        page |= _own(request, access)
    return render(request, "web/home/home.html", page)


def _people(states: Mapping[State, int]) -> People:
    """Stacked to the whole bar."""
    there = {state: number for state, number in states.items() if number and state is not State.DELETED}
    found = [
        PeopleInState(state, number, place)
        for (state, number), place in zip(there.items(), parts(list(there.values())), strict=True)
    ]
    return People(sum(there.values()), states[State.CAN_SIGN_IN], found)


def _setup(done: Mapping[str, bool]) -> dict[str, Any]:
    steps = steps_in_short(done)
    return {"steps": steps, "steps_done": sum(is_done for _, is_done in steps)}


def _own(request: HttpRequest, access: Access) -> dict[str, Any]:
    """What somebody can do, in words, and the picture of what gives it."""
    return {
        "own_access": own_access(access),
        "picture": access_picture(access, only_deciding=True),
        "own_sessions": SignIn.objects.open().filter(user=person_of(request)).count(),
    }
