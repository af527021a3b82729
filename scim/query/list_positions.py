"""Which row is the 200,000th, and how many there are, without counting to it at each page.

Each process remembers every 250th user of the order of creation, as it was a while ago. Nobody comes back once deleted,
and nobody is created in the past; so the place of such a row now is the one that it had, less the people before it who
were deleted since, who have an index. The answer is exact: the same as OFFSET and COUNT give, which cost 0.2 s for
250,000 people. Those who came later are counted, and remembered once they are many. Small sites are counted.
"""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.utils import timezone

from gatekeeper.directory.models import User

WORTH_IT = 1_000  # people; fewer are counted
SPACING = 250  # rows between two that are remembered
# Of what was written before, everything is committed: a row's time is set in its transaction, or shortly before it
# begins, by one of several clocks.
SETTLED_AFTER = timedelta(seconds=60)
_KEPT = 600.0  # seconds
_SET_BACK = 30.0  # seconds; less does no harm, since all that is remembered is older than SETTLED_AFTER
_LOOKED_FOR_EVERY = 10.0  # seconds, at most: more rows to remember


Key = tuple[datetime, UUID]
_BEFORE_ALL: Final[Key] = (datetime(1970, 1, 1, tzinfo=UTC), UUID(int=0))

_MARKS: Final = """
    SELECT created_at, id FROM (
        SELECT created_at, id, row_number() OVER (ORDER BY created_at, id) AS number
        FROM directory_user
        WHERE origin = 'scim' AND (created_at, id) > (%s, %s) AND created_at <= %s
          AND (deleted_at IS NULL OR deleted_at > %s)
    ) AS numbered
    WHERE number %% %s = 0 ORDER BY number
"""
# The last row that is remembered has to be there still: a restored database is another one.
_SINCE: Final = """
    SELECT
        (SELECT count(*) FROM directory_user WHERE id = %s AND created_at = %s),
        (SELECT count(*) FROM directory_user
         WHERE deleted_at > %s AND erased_at IS NULL AND origin = 'scim' AND (created_at, id) <= (%s, %s)),
        (SELECT count(*) FROM directory_user
         WHERE deleted_at > %s AND erased_at IS NULL AND origin = 'scim' AND (created_at, id) <= (%s, %s)),
        (SELECT count(*) FROM directory_user
         WHERE deleted_at IS NULL AND origin = 'scim' AND (created_at, id) > (%s, %s))
"""


_OLDEST: Final = """
    SELECT extract(epoch FROM coalesce(clock_timestamp() - min(xact_start), '0'))::float
    FROM pg_stat_activity WHERE datname = current_database()
"""


@dataclass(frozen=True, slots=True)
class StartingPoint:
    """The page begins ``skip`` rows after the row ``after``, or after the beginning. ``total``: of the whole list."""

    after: Key | None
    skip: int
    total: int


@dataclass(frozen=True, slots=True)
class _Marks:
    """``keys[n]`` is number ``(n + 1) * SPACING`` of those who were there at ``moment``, or came since.

    They are looked for again from ``again`` on, a time of the process's clock, and made anew after ``until``, or when
    this machine's clock is set back from where it stood, ``clock``.
    """

    moment: datetime
    keys: list[Key]
    until: float
    again: float
    clock: float


_marks: _Marks | None = None
_making = threading.Lock()


def starting_point(start: int) -> StartingPoint | None:
    """Where the page that begins with number ``start`` begins; None where nothing is remembered: count. One statement.

    Cost: what changed within the last quarter of an hour, whatever the length of the list. Marks that are too old, or
    missing where a page is far in, are made first.
    """
    marks = _current() or (_made(None) if start > WORTH_IT else None)
    if marks is not None and not marks.keys and start > WORTH_IT:
        marks = _made(marks)
    if marks is None or not marks.keys:
        return None
    number = min((start - 1) // SPACING, len(marks.keys))
    after, last = (marks.keys[number - 1] if number else None), marks.keys[-1]
    with connection.cursor() as cursor:
        cursor.execute(_SINCE, list(_parameters(marks.moment, after or (marks.moment, UUID(int=0)), last)))
        is_there, gone_before, gone, later = cursor.fetchone()
    if not is_there:
        forget()
        return None
    if later > WORTH_IT:
        _made(marks)
    total = len(marks.keys) * SPACING - gone + later
    return StartingPoint(after, start - 1 - number * SPACING + (gone_before if after else 0), total)


def note_total(total: int) -> None:
    """Remember positions from now on where counting, which gave this total, is dear."""
    if total >= WORTH_IT:
        _made(_current())


def forget() -> None:
    """Count at the next page: the database is another one."""
    global _marks  # noqa: PLW0603  # one value a process
    _marks = None


def _parameters(moment: datetime, *keys: Key) -> Iterator[Any]:
    """Of ``_SINCE``, in the form of the database; the second key is the last one that is remembered."""
    then = connection.ops.adapt_datetimefield_value(moment)
    one, last = ((connection.ops.adapt_datetimefield_value(at), _adapted(pk)) for at, pk in keys)
    return iter((last[1], last[0], then, *one, then, *last, *last))


def _adapted(user_id: UUID) -> Any:
    return User._meta.pk.get_db_prep_value(user_id, connection)


def _current() -> _Marks | None:
    """None also when this machine's clock was set back: those who come then come before rows that are remembered."""
    if _marks is None or time.monotonic() >= _marks.until or _clock() < _marks.clock - _SET_BACK:
        return None
    return _marks


def _clock() -> float:
    """Where the clock of the day stands, in seconds beside the one that nobody sets."""
    return time.time() - time.monotonic()


def _made(former: _Marks | None) -> _Marks | None:
    """``former`` with those who came since, which is itself until it is time to look; new marks where there is none.

    None while another thread makes some.
    """
    global _marks  # noqa: PLW0603  # one value a process
    now = time.monotonic()
    if former is not None and now < former.again:
        return former
    if not _making.acquire(blocking=False):
        return former
    try:
        settled = _oldest_transaction() - SETTLED_AFTER
        made = former or _Marks(settled, [], now + _KEPT, now, _clock())
        last = made.keys[-1] if made.keys else _BEFORE_ALL
        _marks = replace(made, keys=[*made.keys, *_rows(last, settled, made.moment)], again=now + _LOOKED_FOR_EVERY)
        return _marks
    finally:
        _making.release()


def _oldest_transaction() -> datetime:
    """When the oldest transaction began that goes on, by our clock; the database's may be another one.

    Now on SQLite, where one writes at a time and none for long.
    """
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(_OLDEST)
        seconds: float = cursor.fetchone()[0]
    return timezone.now() - timedelta(seconds=max(0.0, seconds))


def _rows(after: Key, settled: datetime, moment: datetime) -> list[Key]:
    times = [connection.ops.adapt_datetimefield_value(each) for each in (after[0], settled, moment)]
    rows = User.objects.raw(_MARKS, [times[0], _adapted(after[1]), *times[1:], SPACING])
    return [(row.created_at, row.pk) for row in rows]
