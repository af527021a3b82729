"""Dates, relative times and lists as the language of the reader writes them."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext, ngettext_lazy, pgettext

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

# Each unit with the text of the past and of the future: whole ones, since languages decline the unit.
_RELATIVE = (
    (
        365 * _DAY,
        ngettext_lazy("%(count)s year ago", "%(count)s years ago", "count"),
        ngettext_lazy("in %(count)s year", "in %(count)s years", "count"),
    ),
    (
        30 * _DAY,
        ngettext_lazy("%(count)s month ago", "%(count)s months ago", "count"),
        ngettext_lazy("in %(count)s month", "in %(count)s months", "count"),
    ),
    (
        7 * _DAY,
        ngettext_lazy("%(count)s week ago", "%(count)s weeks ago", "count"),
        ngettext_lazy("in %(count)s week", "in %(count)s weeks", "count"),
    ),
    (
        _DAY,
        ngettext_lazy("%(count)s day ago", "%(count)s days ago", "count"),
        ngettext_lazy("in %(count)s day", "in %(count)s days", "count"),
    ),
    (
        _HOUR,
        ngettext_lazy("%(count)s hour ago", "%(count)s hours ago", "count"),
        ngettext_lazy("in %(count)s hour", "in %(count)s hours", "count"),
    ),
    (
        _MINUTE,
        ngettext_lazy("%(count)s minute ago", "%(count)s minutes ago", "count"),
        ngettext_lazy("in %(count)s minute", "in %(count)s minutes", "count"),
    ),
)


def relative_time(moment: datetime, now: datetime | None = None) -> str:
    """Such as "3 minutes ago" and "in 2 days", in the largest unit that fits; "just now" for less than a minute."""
    passed = (now or timezone.now()) - moment
    for unit, past, future in _RELATIVE:
        if abs(passed) >= unit:
            return str((past if passed > timedelta() else future) % {"count": abs(passed) // unit})
    return gettext("just now")


def short_moment(moment: datetime) -> str:
    """3 Nov 2026, 14:05 UTC."""
    # Translators: here and below: a format of Django, https://docs.djangoproject.com/en/stable/ref/templates/builtins/#date
    return format_date(moment, pgettext("date format", "j M Y, H:i T"))


def short_moment_with_seconds(moment: datetime) -> str:
    """3 Nov 2026, 14:05:59 UTC."""
    return format_date(moment, pgettext("date format", "j M Y, H:i:s T"))


def typed_moment(moment: datetime) -> str:
    """3 Nov 2026, 14:05:59, in the zone that the value has: as a field holds it, beside whose label the zone stands."""
    return format_date(moment, pgettext("date format", "j M Y, H:i:s"))


def typed_day(moment: datetime) -> str:
    """3 Nov 2026, in the zone that the value has."""
    return format_date(moment, pgettext("date format", "j M Y"))


def clock_time(moment: datetime) -> str:
    """14:05 UTC."""
    return format_date(moment, pgettext("date format", "H:i T"))


def hour_and_minute(moment: datetime) -> str:
    """14:05, in the zone that the value has; the text around it names the zone."""
    return format_date(moment, pgettext("date format", "H:i"))


def day_and_month(day: date) -> str:
    """3 Nov."""
    return format_date(day, pgettext("date format", "j M"))


def long_moment(moment: datetime) -> str:
    """3 November 2026 14:05 UTC, in the current time zone."""
    return format_date(timezone.localtime(moment), pgettext("date format", "j F Y H:i T"))


def long_day(moment: datetime) -> str:
    """03 November 2026, in the zone that the value has."""
    return format_date(moment, pgettext("date format", "d F Y"))


def long_day_and_time(moment: datetime) -> str:
    """03 November 2026 14:05, in the zone that the value has; the text around it names the zone."""
    return format_date(moment, pgettext("date format", "d F Y H:i"))


def listed(names: Sequence[str]) -> str:
    """A; A and B; A, B and C. Empty for no names."""
    if len(names) < 2:
        return "".join(names)
    return gettext("%(names)s and %(last)s") % {"names": ", ".join(names[:-1]), "last": names[-1]}
