"""Dates, relative times and lists as each language writes them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from gatekeeper import language_forms

NOW = datetime(2026, 11, 3, 14, 5, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("passed", "english", "german"),
    [
        (timedelta(seconds=59), "just now", "gerade eben"),
        (timedelta(seconds=-59), "just now", "gerade eben"),
        (timedelta(minutes=1), "1 minute ago", "vor 1 Minute"),
        (timedelta(minutes=3, seconds=50), "3 minutes ago", "vor 3 Minuten"),
        (timedelta(hours=1, minutes=59), "1 hour ago", "vor 1 Stunde"),
        (timedelta(days=2), "2 days ago", "vor 2 Tagen"),
        (timedelta(days=6, hours=23), "6 days ago", "vor 6 Tagen"),
        (timedelta(days=7), "1 week ago", "vor 1 Woche"),
        (timedelta(days=65), "2 months ago", "vor 2 Monaten"),
        (timedelta(days=800), "2 years ago", "vor 2 Jahren"),
        (timedelta(minutes=-3), "in 3 minutes", "in 3 Minuten"),
        (timedelta(days=-1), "in 1 day", "in 1 Tag"),
        (timedelta(days=-2), "in 2 days", "in 2 Tagen"),
        (timedelta(days=-366), "in 1 year", "in 1 Jahr"),
    ],
)
def test_how_long_ago(passed: timedelta, english: str, german: str) -> None:
    assert said(lambda: language_forms.relative_time(NOW - passed, NOW)) == (english, german)


@pytest.mark.parametrize(
    ("form", "english", "german"),
    [
        (language_forms.short_moment, "3 Nov 2026, 14:05 UTC", "3. Nov. 2026, 14:05 UTC"),
        (language_forms.short_moment_with_seconds, "3 Nov 2026, 14:05:09 UTC", "3. Nov. 2026, 14:05:09 UTC"),
        (language_forms.clock_time, "14:05 UTC", "14:05 UTC"),
        (language_forms.long_moment, "3 November 2026 14:05 UTC", "3. November 2026, 14:05 UTC"),
        (language_forms.long_day, "03 November 2026", "3. November 2026"),
        (language_forms.long_day_and_time, "03 November 2026 14:05", "3. November 2026, 14:05"),
    ],
)
def test_a_moment(form, english: str, german: str) -> None:
    assert said(lambda: form(NOW)) == (english, german)


@pytest.mark.parametrize(
    ("names", "english", "german"),
    [
        ([], "", ""),
        (["A"], "A", "A"),
        (["A", "B"], "A and B", "A und B"),
        (["A", "B", "C"], "A, B and C", "A, B und C"),
    ],
)
def test_a_list(names: list[str], english: str, german: str) -> None:
    assert said(lambda: language_forms.listed(names)) == (english, german)


def said(text) -> tuple[str, str]:
    with translation.override("en-gb"):
        english = text()
    with translation.override("de"):
        return english, text()
