"""When the SAML user sync runs (docs/rules.md#5); ``gatekeeper/celery.py`` schedules it."""

from datetime import datetime, timedelta

SYNC_MINUTE = 45


def next_sync(now: datetime) -> datetime:
    """The next time that the SAML user sync runs: minute 45 of this hour or the next one."""
    due = now.replace(minute=SYNC_MINUTE, second=0, microsecond=0)
    return due if due > now else due + timedelta(hours=1)
