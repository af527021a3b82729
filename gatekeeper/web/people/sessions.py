"""Open sessions: listed on a person's page, and ended from there."""

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from gatekeeper.directory.models import SessionEnd, SignIn, User
from gatekeeper.directory.sessions.limits import first_limit, is_open, lasting_limit
from gatekeeper.directory.sessions.open_sessions import end_sign_in, end_sign_ins
from gatekeeper.runtime.statements.unions import union_all
from gatekeeper.sessions.browser_session import close_browser_session, current_sign_in
from gatekeeper.web.framework.permissions import Fresh, actor_of, is_signed_in, may_configure, only, person_of

ENDED_SHOWN_FOR = timedelta(days=30)
MOST_ENDED_SHOWN = 20

# The first that fits: each of them also calls itself one of those below it.
_BROWSERS = (
    ("Edge", r"\bEdg(A|iOS)?/"),
    ("Opera", r"\bOPR/"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Firefox", r"\b(Firefox|FxiOS)/"),
    ("Chrome", r"\b(Chrome|CriOS|HeadlessChrome)/"),
    ("Safari", r"\bSafari/"),
)
_SYSTEMS = (
    ("Windows", r"\bWindows\b"),
    ("iPhone", r"\biPhone\b"),
    ("iPad", r"\biPad\b"),
    ("Android", r"\bAndroid\b"),
    ("ChromeOS", r"\bCrOS\b"),
    ("macOS", r"\bMac OS X\b|\bMacintosh\b"),
    ("Linux", r"\bLinux\b"),
)


def browser_label(user_agent: str) -> str:
    """A session's browser as people know it, such as "Firefox on Windows". A claim of the client, no proof."""
    browser, system = _first(_BROWSERS, user_agent), _first(_SYSTEMS, user_agent)
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or (_("A browser on %(system)s") % {"system": system} if system else _("An unknown program"))


def _first(names: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for name, pattern in names if re.search(pattern, user_agent)), "")


def session_facts(user: User, this: SignIn | None) -> dict[str, Any]:
    """What the page shows of a person's sessions. ``sessions``: every open one, with when it will end; this browser's
    first, then the newest. ``ended_sessions``: those that ended within the last 30 days, with when and why; the last
    one first.
    """
    now = timezone.now()
    sessions = sorted(_sessions_of(user, now), key=lambda session: session.since, reverse=True)
    opened = [_open_row(session, this) for session in sessions if is_open(session, now)]
    ended = [_ended_row(session) for session in sessions if not is_open(session, now)]
    recent = [row for row in ended if row["at"] > now - ENDED_SHOWN_FOR]
    return {
        "sessions": sorted(opened, key=lambda row: not row["this"]),
        "ended_sessions": sorted(recent, key=lambda row: row["at"], reverse=True)[:MOST_ENDED_SHOWN],
    }


def _sessions_of(user: User, now: datetime) -> QuerySet[SignIn]:
    """The open ones and some of the others. One query; SQLite limits no part of a union but in a query of its own."""
    theirs = SignIn.objects.filter(user=user)
    recent = theirs.over().filter(Q(until=None) | Q(until__gt=now - ENDED_SHOWN_FOR))
    others = SignIn.objects.filter(pk__in=recent.values("pk")[: 2 * MOST_ENDED_SHOWN])
    return union_all([some.order_by().select_related("provider") for some in (theirs.open(), others)])


def _open_row(session: SignIn, this: SignIn | None) -> dict[str, Any]:
    return {
        "session": session,
        "browser": browser_label(session.user_agent),
        "this": session == this,
        "idle_end": _idle_end(session),
        "latest": lasting_limit(session),
    }


def _ended_row(session: SignIn) -> dict[str, Any]:
    """A limit may have ended it, and nobody has written that down so far."""
    browser = browser_label(session.user_agent)
    if session.until is None:
        limit = first_limit(session)
        return {"session": session, "browser": browser, "at": limit.at, "why": limit.reason.label}
    return {"session": session, "browser": browser, "at": session.until, "why": session.get_ended_because_display()}


def _idle_end(session: SignIn) -> datetime | None:
    limit = first_limit(session)
    return limit.at if limit.reason == SessionEnd.IDLE else None


@require_POST
@only(is_signed_in, fresh=Fresh.NEVER)
def end_own_session(request: HttpRequest, sign_in_id: UUID) -> HttpResponse:
    """End one session of mine; when it is this one, the next page is the sign-in page."""
    _end(request, person_of(request).id, sign_in_id, SessionEnd.SIGNED_OUT_ELSEWHERE)
    return redirect("web:profile")


@require_POST
@only(is_signed_in, fresh=Fresh.NEVER)
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """Every session of mine but this one."""
    this = current_sign_in(request)
    ended = end_sign_ins(
        [person_of(request).id],
        actor=actor_of(request),
        because=SessionEnd.SIGNED_OUT_ELSEWHERE,
        keep=this.id if this else None,
    )
    if ended:
        text = ngettext(
            "%(count)s session ended; this one goes on.", "%(count)s sessions ended; this one goes on.", ended
        )
        messages.success(request, text % {"count": ended})
    else:
        messages.success(request, _("No session ended; this one goes on."))
    return redirect("web:profile")


@require_POST
@only(is_signed_in, fresh=Fresh.NEVER)
def end_own_sessions(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere: every session of mine, this one too."""
    person, actor = person_of(request), actor_of(request)
    close_browser_session(request)
    end_sign_ins([person.id], actor=actor, because=SessionEnd.SIGNED_OUT_ELSEWHERE)
    return redirect("web:sign_in")


@require_POST
@only(may_configure, fresh=Fresh.NEVER)
def end_session(request: HttpRequest, user_id: UUID, sign_in_id: UUID) -> HttpResponse:
    """An administrator ends one session of somebody."""
    _end(request, user_id, sign_in_id, SessionEnd.REVOKED_BY_ADMIN)
    return redirect("web:person", user_id=user_id)


@require_POST
@only(may_configure, fresh=Fresh.NEVER)
def end_sessions(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """An administrator ends somebody's sessions; they may sign in again unless their access ended as well."""
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise Http404
    ended = end_sign_ins([user.id], actor=actor_of(request), because=SessionEnd.REVOKED_BY_ADMIN)
    messages.success(request, _ended_text(user, ended))
    return redirect("web:person", user_id=user_id)


def _end(request: HttpRequest, user_id: UUID, sign_in_id: UUID, because: SessionEnd) -> None:
    """End a session of exactly this person. One that has ended meanwhile is as good."""
    if not SignIn.objects.filter(pk=sign_in_id, user=user_id).exists():
        raise Http404
    end_sign_in(sign_in_id, actor=actor_of(request), because=because)
    messages.success(request, _("That session is ended."))


def _ended_text(user: User, count: int) -> str:
    if not count:
        return _("No session of %(user)s ended. They can sign in again while they have access.") % {"user": user.label}
    text = ngettext(
        "%(count)s session of %(user)s ended. They can sign in again while they have access.",
        "%(count)s sessions of %(user)s ended. They can sign in again while they have access.",
        count,
    )
    return text % {"count": count, "user": user.label}
