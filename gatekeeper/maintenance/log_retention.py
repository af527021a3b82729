"""How long logs are kept, and deleting what is older (docs/privacy.md)."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.audit.segments.sealing import Sealed, seal_until
from gatekeeper.audit.segments.seals import unfinished
from gatekeeper.directory.row_locks import lock_site
from gatekeeper.errors import InvalidValue
from gatekeeper.maintenance.kept_logs import AUDIT_TRAIL, BY_CODE, LOGS, KeptLog
from gatekeeper.maintenance.models import LogRetention
from gatekeeper.runtime.transactions import one_transaction

log = structlog.get_logger(__name__)

LONGEST = 36_500  # days

Days = int | None  # None: for ever


def kept_days() -> dict[str, Days]:
    """For how many days each log is kept, by its code. One query."""
    chosen = dict(LogRetention.objects.live().values_list("log", "days"))
    return {each.code: chosen.get(each.code, each.days) for each in LOGS}


def differing_days() -> dict[str, Days]:
    """Those for which somebody has chosen something else than the default. One query."""
    return {code: days for code, days in kept_days().items() if days != BY_CODE[code].days}


@one_transaction()
def keep_logs_for(wanted: Mapping[str, Days], *, actor: Actor) -> dict[str, Days]:
    """Choose for how many days logs are kept; returns what changed. A shorter time takes effect within the hour.

    Raises: InvalidValue for a log that there is not, and a number of days that will not do.
    """
    for code, days in wanted.items():
        _check(code, days)
    lock_site()
    before = kept_days()
    changed = {code: days for code, days in wanted.items() if days != before[code]}
    now = timezone.now()
    LogRetention.objects.filter(log__in=changed).end(now)
    LogRetention.objects.bulk_create(LogRetention(log=code, days=days, since=now) for code, days in changed.items())
    for code, days in changed.items():
        record(
            Event.RETENTION_SET,
            actor=actor,
            kind="site",
            object_id=f"retention.{code}",
            label=f"{code}: {_stated(days)}",
            before={"days": before[code]},
            after={"days": days},
        )
    return changed


def _check(code: str, days: Days) -> None:
    if code not in BY_CODE:
        raise InvalidValue(code[:60], _("there is no such log; known are %(known)s."), known=", ".join(BY_CODE))
    shortest = BY_CODE[code].shortest
    if days is not None and not shortest <= days <= LONGEST:
        raise InvalidValue(
            code,
            _("choose a number of days from %(shortest)s to %(longest)s, or for ever."),
            shortest=shortest,
            longest=LONGEST,
        )


def _stated(days: Days) -> str:
    return "for ever" if days is None else f"{days} days"


def prune_logs(now: datetime) -> dict[str, int]:
    """Delete the entries whose time is over; returns how many rows of which logs, without those of which none went."""
    pruned = {}
    for code, days in kept_days().items():
        forget = BY_CODE[code].forget
        if days is None or forget is None:
            continue
        cutoff = now - timedelta(days=days)
        rows = forget(cutoff)
        if rows:
            log.info("log_pruned", name=code, rows=rows, before=cutoff.isoformat())
            pruned[code] = rows
    return pruned


def seal_old_audit_entries(now: datetime, *, actor: Actor) -> Sealed | None:
    """Move the audit entries whose time is over to sealed files; None where that was never switched on.

    After it was switched off it still goes on with a segment that a run has left between its seal and its deletion.
    """
    days = kept_days()[AUDIT_TRAIL]
    if days is None and not unfinished():
        return None
    return seal_until(None if days is None else now - timedelta(days=days), actor=actor)


def oldest_entries() -> dict[str, datetime | None]:
    """The moment of the oldest entry of each log; None of an empty one. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(map(_oldest, LOGS))}")
        found = cursor.fetchone()
    return {each.code: _moment(value) for each, value in zip(LOGS, found, strict=True)}


def _oldest(each: KeptLog) -> str:
    table, moment = each.model._meta.db_table, each.moment  # names of our code
    return f"(SELECT {moment} FROM {table} WHERE {moment} IS NOT NULL ORDER BY {each.ordered_by} LIMIT 1)"  # noqa: S608


def _moment(value: Any) -> datetime | None:
    """A moment as Django reads it: SQLite has them as text without a zone, which is UTC."""
    read = datetime.fromisoformat(value) if isinstance(value, str) else value
    return read.replace(tzinfo=UTC) if read is not None and read.tzinfo is None else read
