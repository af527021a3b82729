"""Whether the losses are certainly within the limit, without counting all people: nearly always they are.

Of both numbers of the limit a bound is enough. At most as many people lost access as facts ended within the window; at
least as many were active in it as were counted at a moment within it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from gatekeeper.directory.levels import Level
from gatekeeper.directory.models import DeprovisioningLimit
from gatekeeper.runtime.statements.fixed_sql import run, same
from gatekeeper.runtime.statements.stored_rows import new

_SETTING = "SELECT share, minimum, minutes, hold FROM directory_brakesetting WHERE until IS NULL ORDER BY id LIMIT 1"
# The limit; facts that ended (counting stops where it may be reached); whether a decision may have taken access.
_ENDED = same(
    f"""
SELECT setting.share, setting.minimum, setting.minutes, setting.hold,
       (SELECT count(*) FROM (SELECT 1 FROM directory_activeperiod WHERE until >= %(start)s LIMIT %(most)s) AS ended)
     + (SELECT count(*) FROM (SELECT 1 FROM directory_membership
                               WHERE until >= %(start)s AND ended_because = 'removed' LIMIT %(most)s) AS ended),
       EXISTS (SELECT 1 FROM directory_sitechoice WHERE until >= %(start)s)
    OR EXISTS (SELECT 1 FROM directory_mappingversion
                WHERE (until IS NULL AND since >= %(start)s AND level = %(none)s)
                   OR (until >= %(start)s AND group_id IS NOT NULL))
  FROM (SELECT 1 AS one) AS site LEFT JOIN ({_SETTING}) AS setting ON site.one = 1"""  # noqa: S608 - constants
)
# People who had access at some time within the window and lost it: deactivated, deleted, or in no group any more. Only
# people of whom a fact ended lately are looked at: they are few, and the ends are indexed.
_LOSING = same(
    """
SELECT count(*) FROM (
  SELECT 1 FROM directory_user AS person
   WHERE person.id IN (SELECT user_id FROM directory_activeperiod WHERE until >= %(start)s
                        UNION SELECT user_id FROM directory_membership
                               WHERE until >= %(start)s AND ended_because = 'removed')
     AND person.origin = 'scim'
     AND CASE WHEN person.active AND person.deleted_at IS NULL
              THEN EXISTS (SELECT 1 FROM directory_membership
                            WHERE user_id = person.id AND until >= %(start)s AND ended_because = 'removed')
                   AND NOT EXISTS (SELECT 1 FROM directory_membership WHERE user_id = person.id AND until IS NULL)
              ELSE EXISTS (SELECT 1 FROM directory_activeperiod WHERE user_id = person.id AND until >= %(start)s) END
   LIMIT %(most)s) AS losing"""
)
_PRESENT = same(_SETTING)
_ALL = 2**31


class _Counted:
    """What this process saw last: how many people were active (None: it has not counted them), and the limit."""

    at: datetime | None = None
    active = 0
    limit = DeprovisioningLimit()


def note_active(at: datetime, active: int) -> None:
    """Remember a count of the people who are active, once the transaction that counted them is committed."""

    def remember() -> None:
        _Counted.at, _Counted.active = at, active

    transaction.on_commit(remember)


def forget_active() -> None:
    """The database is another one: for tests."""
    _Counted.at, _Counted.limit = None, DeprovisioningLimit()


def present_limit() -> DeprovisioningLimit:
    """The limit that holds, or the defaults. One query."""
    rows = run(_PRESENT, {})
    return _limit_of(rows[0]) if rows else DeprovisioningLimit()


def _limit_of(columns: Sequence[Any]) -> DeprovisioningLimit:
    share, minimum, minutes, hold = columns
    if share is None:
        return DeprovisioningLimit()
    return new(DeprovisioningLimit, share=share, minimum=minimum, minutes=minutes, hold=bool(hold))


def _values_of(limit: DeprovisioningLimit) -> tuple[int, int, int, bool]:
    return limit.share, limit.minimum, limit.minutes, limit.hold


def people_losing(start: datetime, most: int = _ALL) -> int:
    """How many people lost access since ``start``, other than by a decision; counting stops at ``most``. One query."""
    return int(run(_LOSING, {"start": start, "most": most})[0][0])


def limit_and_certainty(now: datetime) -> tuple[DeprovisioningLimit, bool]:
    """The limit that holds, and whether it is certainly not exceeded within the window that ends ``now``.

    False says nothing: whoever gets it has to count.
    Cost: one query; a second one when the limit was changed, or where more facts ended than people may lose access,
          since many may be of the same.
    """
    limit, is_certain = _bounded_by(_Counted.limit, now)
    if _values_of(limit) != _values_of(_Counted.limit):
        _Counted.limit = limit
        limit, is_certain = _bounded_by(limit, now)
    return limit, is_certain


def _bounded_by(limit: DeprovisioningLimit, now: datetime) -> tuple[DeprovisioningLimit, bool]:
    """The limit that holds, and the certainty if ``limit`` does."""
    start = now - timedelta(minutes=limit.minutes)
    # Who was active when they were counted was active within the window, if that moment lies in it.
    known = _Counted.active if _Counted.at is not None and _Counted.at >= start else 0
    allowed = max(limit.minimum - 1, limit.share * known // 100)
    [(*columns, ended, is_decided)] = run(_ENDED, {"start": start, "most": allowed + 1, "none": Level.NONE.value})
    is_certain = not is_decided and (ended <= allowed or people_losing(start, allowed + 1) <= allowed)
    return _limit_of(columns), is_certain
