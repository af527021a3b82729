"""When a browser session ends by itself: at the earliest of the identity provider's limit, a maximum, and idleness.

Derived from the facts of the ``SignIn`` and from the settings whenever it is asked, so that a shorter limit holds for
sessions that are open already. ``SignIn.objects.open()`` is the same rule as a condition over rows.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.utils import timezone

from gatekeeper.directory.models import SessionEnd, SignIn, SignInQuerySet
from gatekeeper.runtime.database_limits import unless_read_only

SEEN_AT_MOST_EVERY = timedelta(minutes=1)
_PARTS_OF_THE_IDLE_LIMIT = 60  # "last seen" is as exact as that part of the limit


class Limit(NamedTuple):
    """The moment at which a limit ends a session, and which one it is."""

    at: datetime
    reason: SessionEnd


def lasting_limit(sign_in: SignIn) -> Limit:
    """The limit that nothing done in the session moves: the maximum, or the end of the identity provider's session."""
    limit = Limit(sign_in.since + timedelta(hours=settings.SESSION_MAX_HOURS), SessionEnd.MAX_AGE)
    stated = sign_in.session_not_on_or_after
    if stated is not None and stated < limit.at:
        return Limit(stated, SessionEnd.IDP_SESSION_END)
    return limit


def first_limit(sign_in: SignIn) -> Limit:
    """The limit that ends the session if nothing more is done in it."""
    limit, idle = lasting_limit(sign_in), idle_limit()
    if idle is not None and sign_in.last_seen_at + idle < limit.at:
        return Limit(sign_in.last_seen_at + idle, SessionEnd.IDLE)
    return limit


def is_open(sign_in: SignIn, now: datetime) -> bool:
    """Whether it has not been ended, and no limit has ended it yet."""
    return sign_in.until is None and first_limit(sign_in).at > now


def idle_limit() -> timedelta | None:
    """For how long a session may be idle; None while that is not limited."""
    return timedelta(minutes=settings.SESSION_IDLE_MINUTES) if settings.SESSION_IDLE_MINUTES else None


def note_activity(sign_in: SignIn) -> None:
    """Note that a session is in use. It writes once a minute at most, and at most 60 times within the idle limit."""
    now, idle = timezone.now(), idle_limit()
    every = SEEN_AT_MOST_EVERY if idle is None else min(SEEN_AT_MOST_EVERY, idle / _PARTS_OF_THE_IDLE_LIMIT)
    if now - sign_in.last_seen_at >= every:
        with unless_read_only():
            SignIn.objects.live().filter(pk=sign_in.pk, last_seen_at__lte=now - every).update(last_seen_at=now)


def end_overdue(sign_ins: SignInQuerySet, now: datetime) -> int:
    """Store the end of those sessions that a limit has ended: the moment and the limit. Returns how many.

    The audit trail has no entry of it: nobody acted, and the moment follows from facts that are stored already.
    """
    return sum(_end_by(sign_in, first_limit(sign_in)) for sign_in in sign_ins.overdue(now).iterator())


def _end_by(sign_in: SignIn, limit: Limit) -> int:
    return SignIn.objects.filter(pk=sign_in.pk).end(limit.at, ended_because=limit.reason)
