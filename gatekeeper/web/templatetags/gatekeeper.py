"""Template tags and filters: icons, moments in the reader's own zone, badges, pretty JSON, page numbers."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django import template
from django.core.paginator import Page
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from gatekeeper.directory.access.readiness_texts import SENTENCES
from gatekeeper.directory.access.states import Readiness, State
from gatekeeper.language_forms import (
    clock_time,
    relative_time,
    short_moment,
    short_moment_with_seconds,
    typed_day,
    typed_moment,
)
from gatekeeper.web.framework.lists.sorting import Sorting

register = template.Library()

# Outcome, state or result -> how its badge looks. What is not named here is grey.
BADGE_KINDS = {
    "changed": "ok",
    "unchanged": "",
    "refused": "warn",
    "failed": "danger",
    "ready": "ok",
    "waiting": "info",
    "blocked": "danger",
    "running": "info",
    "finished": "ok",
    "passed": "ok",
}
# The same codes in one or two words, where the label of the model is a sentence.
BADGE_TEXTS = {
    "changed": _("Changed"),
    "unchanged": _("Unchanged"),
    "refused": _("Refused"),
    "failed": _("Failed"),
    "read": _("Read"),
    "running": _("Running"),
    "finished": _("Finished"),
    "abandoned": _("Abandoned"),
    "passed": _("Passed"),
    "not reached": _("Not reached"),
    "begun here instead": _("Begun here instead"),
}

_MOMENT_TEXTS = {
    "clock": clock_time,
    "second": short_moment_with_seconds,
    "row": typed_moment,
    "ago": relative_time,
}


# What keeps its white space, and the indentation between two tags of everything else.
_KEPT_OR_INDENTATION = re.compile(r"(<(pre|textarea|script)\b.*?</\2>)|(?<=>)\s*\n\s*(?=<)", re.DOTALL)


@register.simple_block_tag
def without_indentation(content: str) -> SafeString:
    """What is inside, one line break between two tags where the templates have an indented one: half of a long list."""
    return SafeString(_KEPT_OR_INDENTATION.sub(lambda found: found[1] or "\n", content))


@register.simple_block_tag
def card_table(content: str, heading_id: str, heading: str) -> SafeString:
    """The head and the table of a card; what is inside are the parts of the table. ``heading_id``: of its name."""
    return render_to_string("_partials/card_table.html", {"id": heading_id, "heading": heading, "content": content})


@register.simple_tag
def icon(name: str) -> SafeString:
    """One symbol of icons.svg, hidden from screen readers: the text beside it says the same."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("gatekeeper/icons.svg"),
        name,
    )


@register.filter
def moment(value: datetime | None, how: str = "full") -> SafeString | str:
    """A ``<time>`` that local_times.js shows in the reader's zone; without scripts the site's zone with its name.

    ``how`` is full, second (to the second), row (to the second, the zone in its tooltip), clock (hours and minutes
    only) or ago ("3 minutes ago", the exact time as its tooltip).
    """
    if value is None:
        return "—"
    local = _local(value)
    exact = short_moment(local)
    text = exact if how == "full" else _MOMENT_TEXTS[how](local)
    stamp = f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return format_html('<time datetime="{}" data-moment="{}" title="{}">{}</time>', stamp, how, exact, text)


@register.filter
def age(value: datetime) -> SafeString:
    """How long ago, beside the moment itself: so it needs no tooltip."""
    stamp = f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return format_html('<time datetime="{}" data-moment="ago">{}</time>', stamp, relative_time(_local(value)))


@register.filter
def plain_moment(value: datetime) -> str:
    """A moment as text, for an attribute: in the site's zone, with its name."""
    return short_moment(_local(value))


def _local(value: datetime) -> datetime:
    """At the site; as it is at the edge of the calendar, where certificates without an end stand (RFC 5280 4.1.2.5)."""
    try:
        return timezone.localtime(value)
    except OverflowError:
        return value


@register.filter
def sentence(readiness: Readiness) -> SafeString:
    """Why somebody can sign in or not, the moments in the reader's own zone."""
    values = {
        name: moment(value) if isinstance(value, datetime) else value for name, value in readiness.parameters.items()
    }
    text = re.sub(r"%\((\w+)\)s", r"{\1}", str(SENTENCES[readiness.code]))
    return format_html(text, **values) if values else conditional_escape(text)


@register.filter
def state_in_words(readiness: Readiness) -> SafeString | str:
    """Whether somebody can sign in, and why not, in few words; the time of the sync in the reader's own zone."""
    return verdict(readiness.state, readiness.due)


@register.filter
def verdict(state: State, due: datetime | None) -> SafeString | str:
    """A state in few words; ``due``: when the sync is that somebody in it awaits."""
    if due is None:
        return state.verdict
    return format_html(state.verdict.replace("%(due)s", "{}"), moment(due, "clock"))


@register.simple_tag
def now_as_typed() -> str:
    """The present moment as people type it into a field, for its placeholder."""
    return typed_moment(timezone.localtime())


@register.simple_tag
def today_as_typed() -> str:
    """Today as people type it into a field, for its placeholder."""
    return typed_day(timezone.localtime())


@register.filter
def exactly(value: datetime) -> str:
    """A moment to the microsecond, as an address carries it."""
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


@register.filter
def badge_kind(value: object) -> str:
    """The class of a badge for an outcome or a state: ``badge-ok``; empty for a plain grey one."""
    kind = BADGE_KINDS.get(str(value), "")
    return f"badge-{kind}" if kind else ""


@register.filter
def badge_text(value: object) -> str:
    """The word in a badge for an outcome or a state; the code itself for one that is not listed."""
    return str(BADGE_TEXTS.get(str(value), value))


@register.filter
def pretty_json(value: object) -> str:
    """A JSON document as people read it; text is shown as it is."""
    if isinstance(value, str):
        return value
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=False, default=str)


@register.simple_tag
def page_numbers(page: Page[Any]) -> list[int | str]:
    """The numbers to offer under a long list, with "…" where some are left out."""
    return list(page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1))


@register.simple_tag(takes_context=True)
def query_with(context: Mapping[str, Any], **changes: object) -> str:
    """The page's own query string with some parameters changed; None takes one away."""
    request: HttpRequest = context["request"]
    query = request.GET.copy()
    for name, value in changes.items():
        if value is None:
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}"


@register.inclusion_tag("web/framework/_head.html", takes_context=True)
def list_head(context: Mapping[str, Any], text: str, by: str = "", width: str = "") -> dict[str, Any]:
    """The head of a column of a list: a link that sorts the list where it offers the order ``by``."""
    sorting: Sorting = context["cl"].sorting
    shown = {"text": text, "width": width}
    if by not in sorting.offered:
        return shown
    direction = sorting.direction(by)
    address = query_with(context, order=sorting.next(by), after=None, before=None, last=None)
    return {**shown, "address": address, "direction": direction}


@register.filter
def is_plain(value: object) -> bool:
    """Whether a JSON value is text or a number."""
    return isinstance(value, str | int | float)


@register.filter
def is_plain_list(value: object) -> bool:
    """Whether a JSON value is a list of text and numbers."""
    return isinstance(value, list) and all(is_plain(part) for part in value)


@register.filter
def thousands(number: int) -> str:
    """A count with its thousands apart, as the language writes it: 77,000."""
    return number_format(number, force_grouping=True)


@register.filter
def spaced(name: str) -> str:
    """A stored name with spaces: ``scim_key`` becomes "scim key"."""
    return name.replace("_", " ")
