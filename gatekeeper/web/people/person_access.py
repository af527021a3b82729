"""What a person's page says about their access, now or at a moment that the reader picked; and how it came about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from gatekeeper.directory.access.past import past_moment
from gatekeeper.directory.explanation.explanation import Explanation, explain
from gatekeeper.directory.history.facts import History, holds
from gatekeeper.directory.history.loading import history_of
from gatekeeper.directory.history.timeline import Change, timeline, with_entries
from gatekeeper.directory.models import User
from gatekeeper.errors import InvalidValue
from gatekeeper.language_forms import long_moment, typed_moment
from gatekeeper.web.framework.access_picture.graph import WithoutGroups
from gatekeeper.web.framework.access_picture.picture import access_picture
from gatekeeper.web.framework.permissions import access_of_request
from gatekeeper.web.people.comparison import compare

CHANGES_PER_PAGE = 10


def access_facts(request: HttpRequest, user: User, received: Mapping[UUID, str]) -> dict[str, Any]:
    """What is so now, also as ``explanation``; ``then``, what was so at ``?at=`` (None where no moment is asked for);
    the timeline; and what the field needs.

    ``refused`` says why a moment cannot be shown. ``received``: as ``explain`` takes it.
    """
    at, refused = moment_asked(request, user)
    history, now = history_of(user), timezone.now()
    explanation = explain(user, None, received, history)
    changes = timeline(history)
    page = Paginator(changes, CHANGES_PER_PAGE).get_page(request.GET.get("page"))
    return {
        "at": at,
        "refused": refused,
        "explanation": explanation,
        "picker": picker(at),
        **_shown(explanation, history, now),
        "picture": access_picture(explanation.access, _without_groups(history, now), viewer=access_of_request(request)),
        "then": _then(user, at, explanation, history, changes) if at else None,
        "page": page,
        "runs": runs_of(with_entries(list(page.object_list)), at),
        "links": history.links,
    }


def _then(user: User, at: datetime, now: Explanation, history: History, changes: Sequence[Change]) -> dict[str, Any]:
    """A moment, its difference to now, and the changes before and after it."""
    explanation = explain(user, at, None, history)
    states = (explanation.readiness.state, now.readiness.state)
    dues = (explanation.readiness.due, now.readiness.due)
    return {
        **_shown(explanation, history, at),
        "comparison": compare(explanation.access, now.access, states, dues),
        "earlier": next((change.at for change in changes if change.at < at), None),
        "later": next((change.at for change in reversed(changes) if change.at > at), None),
    }


def _shown(explanation: Explanation, history: History, moment: datetime) -> dict[str, Any]:
    """What the page shows of one moment."""
    return {
        "theirs": explanation.access,
        "readiness": explanation.readiness,
        "level": next(iter(explanation.of("level")), None),
        "permissions": explanation.of("permission"),
        "teams": explanation.of("team"),
        "sources": [_source_row(reason, explanation.access.team_names) for reason in explanation.reasons],
        "memberships": _memberships(history, moment),
        "identities": [link for link in history.links if holds(link, moment)],
    }


@dataclass(frozen=True, slots=True)
class Run:
    """Changes that follow each other, folded together where none of several had an effect."""

    changes: Sequence[Change]
    is_folded: bool = False
    is_open: bool = False  # it has the moment that the page shows


def runs_of(changes: Sequence[Change], at: datetime | None) -> list[Run]:
    """The changes in their order. A quiet one between others stays: its fold would be as tall."""
    grouped = [(is_quiet, list(each)) for is_quiet, each in groupby(changes, lambda change: change.is_quiet)]
    return [
        Run(each, is_quiet and len(each) > 1, any(at in (change.at, change.just_before) for change in each))
        for is_quiet, each in grouped
    ]


def moment_asked(request: HttpRequest, user: User) -> tuple[datetime | None, str]:
    """The moment in ``?at=`` (None: now), and why it cannot be shown ("" if it can)."""
    text = request.GET.get("at", "").strip()
    if not text:
        return None, ""
    try:
        at = past_moment(text)
    except InvalidValue as refusal:
        return None, refusal.on_page
    if at < user.created_at:
        return None, _("%(user)s is known here since %(since)s; there is nothing to show before that.") % {
            "user": user.label,
            "since": long_moment(user.created_at),
        }
    return at, ""


def picker(at: datetime | None) -> dict[str, Any]:
    """What a field for the moment that is shown holds: ``moment``, and as ``value`` its text in the site's zone.

    A second that is typed includes what happened within it, so a moment within a second reads as the next one.
    """
    now = timezone.localtime()
    local = timezone.localtime(at) if at else now
    shown = min(now, local + timedelta(seconds=1) if at and local.microsecond else local)
    return {"value": typed_moment(shown), "moment": shown}


def _without_groups(history: History, moment: datetime) -> WithoutGroups:
    choice = history.choice_at(moment)
    return WithoutGroups(history.last_ended(moment), choice.last_group_policy if choice else "")


def _source_row(reason: Any, teams: dict[Any, str]) -> dict[str, Any]:
    source = reason.source
    return {
        "name": reason.name,
        "group_id": source.group_id,
        "level": source.mapping.level.label if source.kind != "fallback" else "",
        "permissions": sorted(permission.label for permission in source.mapping.permissions),
        "teams": sorted(teams[team] for team in source.mapping.team_ids if team in teams),
        "reason": reason,
    }


def _memberships(history: History, at: datetime) -> list[dict[str, Any]]:
    rows = [
        {
            "group_id": membership.group_id,
            "name": history.name_at(membership.group_id, membership.group.display_name, at),
            "since": membership.since,
            "is_live": membership.group.deleted_at is None,
        }
        for membership in history.memberships
        if holds(membership, at)
    ]
    return sorted(rows, key=lambda row: str(row["name"]).casefold())
