"""The message after a change was saved: whose access it took, what was done, and the button that undoes it."""

from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import ngettext

from gatekeeper.directory.impact.preview import Preview
from gatekeeper.directory.impact.warnings import becoming_global_administrator, losing_access
from gatekeeper.directory.undo.decisions import decision_of_request

LOSS = messages.WARNING + 5  # the level of a message that says that people lost access; settings.MESSAGE_TAGS


def show_saved(request: HttpRequest, text: str, preview: Preview | None = None) -> None:
    """A message that says what was done, with a button to undo it; red where it took access from somebody.

    It is about what this request has changed. ``preview``: what that did to people, where it could do anything.
    """
    losing = preview is not None and losing_access(preview.kinds) > 0
    outcome = outcome_of(preview) if preview else ""
    said = format_html("{} {}", format_html("<strong>{}</strong>", outcome), text) if outcome else text
    messages.add_message(request, LOSS if losing else messages.SUCCESS, said, extra_tags=undo_address(request))


def undo_address(request: HttpRequest) -> str:
    """Where what this request has changed is undone; "" where there is nothing to undo. One query."""
    entry = decision_of_request(getattr(request, "request_id", ""))
    return reverse("web:undo", args=(entry,)) if entry else ""


def outcome_of(preview: Preview) -> str:
    """How many people lost access, and how many became Global Administrator; "" for none."""
    outcome = []
    losing, becoming = losing_access(preview.kinds), becoming_global_administrator(preview.kinds)
    if losing:
        lost = ngettext("%(count)s person lost access.", "%(count)s people lost access.", losing)
        outcome.append(lost % {"count": f"{losing:,}"})
    if becoming:
        became = ngettext(
            "%(count)s person became Global Administrator.", "%(count)s people became Global Administrator.", becoming
        )
        outcome.append(became % {"count": f"{becoming:,}"})
    return " ".join(outcome)
