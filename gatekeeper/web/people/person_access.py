"""What a person's page says about their access, now or at a moment that the reader picked; and how it came about."""

from datetime import datetime, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from gatekeeper.directory.access.past import past_moment
from gatekeeper.directory.access.states import moment_text
from gatekeeper.directory.explanation.explanation import explain
from gatekeeper.directory.history.facts import History, history_of, holds
from gatekeeper.directory.history.timeline import timeline, with_entries
from gatekeeper.directory.models import User
from gatekeeper.errors import InvalidValue
from saml.sync.name_mismatches import refused_name_ids

CHANGES_PER_PAGE = 10


def access_facts(request: HttpRequest, user: User) -> dict[str, Any]:
    """The explanation for ``?at=``, the timeline, groups and links of that moment, and what the picker needs.

    ``refused`` says why a moment cannot be shown; everything is then as it is now.
    """
    at, refused = moment_asked(request, user)
    history = history_of(user)
    explanation = explain(user, at, None if at else refused_name_ids([user]), history)
    changes = Paginator(timeline(history), CHANGES_PER_PAGE).get_page(request.GET.get("page"))
    return {
        "at": at,
        "refused": refused,
        "picker": picker(at),
        "theirs": explanation.access,
        "explanation": explanation,
        "readiness": explanation.readiness,
        "level": next(iter(explanation.of("level")), None),
        "permissions": explanation.of("permission"),
        "teams": explanation.of("team"),
        "sources": [_source_row(reason, explanation.access.team_names) for reason in explanation.reasons],
        "memberships": _memberships(history, at or timezone.now()),
        "identities": [link for link in history.links if holds(link, at or timezone.now())],
        "page": changes,
        "changes": with_entries(list(changes.object_list)),
    }


def moment_asked(request: HttpRequest, user: User) -> tuple[datetime | None, str]:
    """The moment in ``?at=`` (None: now), and why it cannot be shown ("" if it can)."""
    text = request.GET.get("at", "").strip()
    if not text:
        return None, ""
    try:
        at = past_moment(text)
    except InvalidValue as refusal:
        return None, refusal.reason
    if at < user.created_at:
        return None, _("%(user)s is known here since %(since)s; there is nothing to show before that.") % {
            "user": user.label,
            "since": moment_text(user.created_at),
        }
    return at, ""


def picker(at: datetime | None) -> dict[str, str]:
    """The values of a date and time input, in the site's zone, which is named beside it.

    A picked second includes what happened within it, so a moment within a second reads as the next one.
    """
    now = timezone.localtime()
    local = timezone.localtime(at) if at else now
    shown = min(now, local + timedelta(seconds=1) if at and local.microsecond else local)
    return {
        "value": f"{shown:%Y-%m-%dT%H:%M:%S}",
        "latest": f"{now:%Y-%m-%dT%H:%M:%S}",
        "zone": timezone.get_current_timezone_name(),
    }


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
