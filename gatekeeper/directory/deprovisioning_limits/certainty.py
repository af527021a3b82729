"""Whether the losses are certainly within the limit, without counting all people: nearly always they are.

Of both numbers of the limit a bound is enough. At most as many people lost access as facts ended within the window; at
least as many were active in it as were counted at a moment within it.
"""

from datetime import datetime

from django.db import transaction

from gatekeeper.directory.levels import Level
from gatekeeper.directory.models import DeprovisioningLimit
from gatekeeper.runtime.statements.fixed_sql import run, same

# Facts that ended (counting stops where the limit may be reached), and whether a decision may have taken access.
_ENDED = same(
    """
SELECT (SELECT count(*) FROM (SELECT 1 FROM directory_activeperiod WHERE until >= %(start)s LIMIT %(most)s) AS ended)
     + (SELECT count(*) FROM (SELECT 1 FROM directory_membership
                               WHERE until >= %(start)s AND ended_because = 'removed' LIMIT %(most)s) AS ended),
       EXISTS (SELECT 1 FROM directory_sitechoice WHERE until >= %(start)s)
    OR EXISTS (SELECT 1 FROM directory_mappingversion
                WHERE (until IS NULL AND since >= %(start)s AND level = %(none)s)
                   OR (until >= %(start)s AND group_id IS NOT NULL))"""
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
_ALL = 2**31
_SETTING = same(
    "SELECT share, minimum, minutes, hold FROM directory_brakesetting WHERE until IS NULL ORDER BY id LIMIT 1"
)


class _Counted:
    """How many people were active, as this process counted them last; None before."""

    at: datetime | None = None
    active = 0


def note_active(at: datetime, active: int) -> None:
    """Remember a count of the people who are active, once the transaction that counted them is committed."""

    def remember() -> None:
        _Counted.at, _Counted.active = at, active

    transaction.on_commit(remember)


def forget_active() -> None:
    """The database is another one: for tests."""
    _Counted.at = None


def present_limit() -> DeprovisioningLimit:
    """The limit that holds, or the defaults. One query."""
    rows = run(_SETTING, {})
    return (
        DeprovisioningLimit(**dict(zip(("share", "minimum", "minutes", "hold"), rows[0], strict=True)))
        if rows
        else DeprovisioningLimit()
    )


def people_losing(start: datetime, most: int = _ALL) -> int:
    """How many people lost access since ``start``, other than by a decision; counting stops at ``most``. One query."""
    return int(run(_LOSING, {"start": start, "most": most})[0][0])


def surely_within(limit: DeprovisioningLimit, start: datetime) -> bool:
    """Whether the limit is certainly not exceeded within the window that began at ``start``.

    False says nothing: whoever gets it has to count.
    Cost: one query; a second one where more facts ended than people may lose access, since many may be of the same.
    """
    # Who was active when they were counted was active within the window, if that moment lies in it.
    known = _Counted.active if _Counted.at is not None and _Counted.at >= start else 0
    allowed = max(limit.minimum - 1, limit.share * known // 100)
    asked = {"start": start, "most": allowed + 1, "none": Level.NONE.value}
    ended, is_decided = run(_ENDED, asked)[0]
    return not is_decided and (ended <= allowed or people_losing(start, allowed + 1) <= allowed)
