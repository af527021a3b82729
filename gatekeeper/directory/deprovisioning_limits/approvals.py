"""The administrators' approval of held changes, and until when it lasts."""

from datetime import datetime

from gatekeeper.directory.models import HeldChangesApproval


def approved_until(moment: datetime) -> datetime | None:
    """Until when held changes are let through; None while they are held."""
    release = HeldChangesApproval.objects.filter(since__lte=moment, until__gt=moment).order_by("-until").first()
    return release.until if release else None
