"""Deleting rows that are older than a moment, oldest first, in batches that are transactions of their own.

One statement over millions of rows would hold up the vacuuming of every table, and lose all of its work when it is
stopped. Each batch begins where the one before ended, so that none passes over rows that are deleted already.
"""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

BATCH = 5_000  # rows


def delete_before(
    rows: QuerySet[Any], moment: str, cutoff: datetime, *, most: int | None = None, batch: int = BATCH
) -> int:
    """Delete those of ``rows`` whose column ``moment`` is before ``cutoff``; returns how many rows went.

    ``moment`` needs an index where the table can be large. After ``most`` rows it stops, with the rest left for the
    next run; rows of one and the same moment go together, so that it may be a few more.
    """
    old, deleted, start = rows.order_by(moment).filter(**{f"{moment}__lt": cutoff}), 0, None
    while most is None or deleted < most:
        left = old if start is None else old.filter(**{f"{moment}__gte": start})
        end = list(left.values_list(moment, flat=True)[batch - 1 : batch])
        due = left.filter(**{f"{moment}__lte": end[0]}) if end else left
        deleted += due.order_by().delete()[0]
        if not end:
            break
        start = end[0]
    return deleted
