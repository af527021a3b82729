"""Dates in texts for administrators, in the language of the page and the zone that the value has (UTC)."""

from datetime import datetime

from django.utils.dateformat import format as format_date


def day_text(moment: datetime) -> str:
    """28 November 2026."""
    return format_date(moment, "d F Y")


def moment_text(moment: datetime) -> str:
    """28 November 2026 12:00; the text around it names the zone."""
    return format_date(moment, "d F Y H:i")
