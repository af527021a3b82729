"""When the end of a certificate or key is announced: some days before, and when it has come. Reads no database."""

from datetime import datetime, timedelta

WARN_AT = (30, 7, 1)  # days before the end: page, doctor, audit trail and events warn at these
EXPIRED = 0  # the step that comes after the last warning


def step_due(end: datetime, now: datetime) -> int | None:
    """The last warning that has come due: 30, 7 or 1, 0 from the end on, None while none has."""
    if now >= end:
        return EXPIRED
    return min((days for days in WARN_AT if end - now <= timedelta(days=days)), default=None)
