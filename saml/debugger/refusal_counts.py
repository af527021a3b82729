"""Unsigned messages are counted, and only a sample of each hour is stored as sign-in attempts.

Anybody can post to the ACS. Unsigned messages must not fill the audit trail, which only grows, nor hide real attempts;
a message that is signed with a certificate of the connection is always stored. The counts are rows, so that the limits
hold for all processes together.
"""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.runtime.transactions import one_transaction
from saml.connections.audit_entries import record_about
from saml.models import Connection, RefusalCount

# In an hour at one connection; of each check some, so that one kind of junk does not hide another kind of refusal.
MOST_OF_A_CHECK = 20
MOST_OF_ALL = 100
_ALL = ""  # in place of a check: the row that all of them share


def count_refusal(connection: Connection, check: str) -> bool:
    """Count one unsigned message; returns whether it belongs to the sample that is stored."""
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    _add(connection, hour, _ALL)
    _add(connection, hour, check)
    return _take_place(connection, hour, check, MOST_OF_A_CHECK) and _take_place(connection, hour, _ALL, MOST_OF_ALL)


def counted_only(since: datetime) -> int:
    """How many messages since then were only counted, and not stored as attempts."""
    rows = RefusalCount.objects.filter(hour__gte=since, failed_check=_ALL)
    return sum(row.count - min(row.listed, row.count) for row in rows)


def announce_counts(now: datetime, *, actor: Actor) -> int:
    """Write one audit entry for each connection and past hour with messages that were only counted; returns how many.

    Part of each sync.
    """
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    unannounced = RefusalCount.objects.filter(
        failed_check=_ALL, announced=False, hour__lt=this_hour, count__gt=F("listed")
    )
    return sum(_announce(row, actor) for row in unannounced.select_related("connection__provider"))


@one_transaction()
def _announce(row: RefusalCount, actor: Actor) -> bool:
    if not RefusalCount.objects.filter(pk=row.pk, announced=False).update(announced=True):
        return False
    checks = RefusalCount.objects.filter(connection=row.connection, hour=row.hour).exclude(failed_check=_ALL)
    record_about(
        row.connection,
        Event.SIGN_IN_REFUSALS_COUNTED,
        actor=actor,
        after={
            "hour": row.hour.isoformat(),
            "refused": row.count,
            "listed": row.listed,
            "checks": {each.failed_check: each.count for each in checks.order_by("-count")},
        },
    )
    return True


def _add(connection: Connection, hour: datetime, check: str) -> None:
    row = RefusalCount.objects.filter(connection=connection, hour=hour, failed_check=check)
    if row.update(count=F("count") + 1):
        return
    try:
        with transaction.atomic():
            RefusalCount.objects.create(connection=connection, hour=hour, failed_check=check, count=1)
    except IntegrityError:  # another process was the first of this hour
        row.update(count=F("count") + 1)


def _take_place(connection: Connection, hour: datetime, check: str, most: int) -> bool:
    """Whether there was a place left; one statement decides, so that two processes never take the same one."""
    row = RefusalCount.objects.filter(connection=connection, hour=hour, failed_check=check, listed__lt=most)
    return bool(row.update(listed=F("listed") + 1))
