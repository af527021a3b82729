"""A message before it is written as plain text and as HTML, and how it becomes one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils import timezone, translation

from gatekeeper.language_forms import short_moment
from gatekeeper.runtime.plain_text import visible

LONGEST_SUBJECT = 200  # characters; mail clients show far fewer
# The colour of a message's edge; each is read on a light and on a dark ground.
ACCENTS = {"danger": "#c4443c", "warn": "#b97a14", "ok": "#2f8a55", "info": "#3f74c9"}


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of a message: what it is, its value, and perhaps the page that shows it."""

    label: str
    value: str
    address: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """What a message says. ``tone``: a key of ``ACCENTS``. ``page``: where the button leads, and what it says."""

    heading: str
    tone: str
    text: tuple[str, ...]
    facts: tuple[Fact, ...] = ()
    page: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Written:
    subject: str
    plain: str
    html: str


def written(content: Content) -> Written:
    """In the language that is active. Names in it cannot begin a header, a line or an element."""
    shown = {
        "content": content,
        "accent": ACCENTS[content.tone],
        "language": translation.get_language(),
        "site": settings.PUBLIC_URL,
        "settings_page": address_of("web:mail"),
    }
    subject = visible(f"[{urlsplit(settings.PUBLIC_URL).hostname}] {content.heading}")[:LONGEST_SUBJECT]
    return Written(subject, render_to_string("mail/message.txt", shown), render_to_string("mail/message.html", shown))


def address_of(page: str, *arguments: Any) -> str:
    """The public address of a page of this site; of its first page where an argument does not lead to one."""
    try:
        return settings.PUBLIC_URL + reverse(page, args=arguments)
    except NoReverseMatch:  # data of an erased person, or of another version of this site
        return f"{settings.PUBLIC_URL}/"


def moment(when: datetime | str | None) -> str:
    """In the site's time zone, which is named. ``when`` may be a moment as JSON has it."""
    if isinstance(when, str):
        when = datetime.fromisoformat(when)
    if when is None:
        return ""
    return short_moment(timezone.localtime(when))


def name(value: Any) -> str:
    """A name from outside, as one line."""
    return visible(str(value))[:LONGEST_SUBJECT]
