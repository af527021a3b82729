"""Undo: puts back what a decision replaced, after the same look at what that does as any other change."""

from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from gatekeeper.directory.access.loaders import site_facts
from gatekeeper.directory.access.people_pages import are_few
from gatekeeper.directory.undo.decisions import CannotUndo, Decision, decision_of, reversal_now
from gatekeeper.directory.undo.services import undo as undo_decision
from gatekeeper.errors import DomainError
from gatekeeper.web.framework.change_confirmation import (
    NO_QUESTION,
    NotConfirmed,
    Question,
    outlook,
    preview_context,
    preview_fragment,
    refused_preview,
    save_previewed,
)
from gatekeeper.web.framework.changes.saved_messages import show_saved
from gatekeeper.web.framework.permissions import Fresh, actor_of, may_configure, only

FORM = "undo-decision"


@require_http_methods(["GET", "POST"])
@only(may_configure)
def undo(request: HttpRequest, entry_id: int) -> HttpResponseBase:
    """What undoing a decision would change, and the button. Where nothing has to be asked, one click does it.

    ``entry_id``: an entry of the audit trail that the decision left.
    """
    decision = _decision(entry_id)
    if request.method != "POST":
        return _page(request, decision)
    try:
        change = reversal_now(decision, site := site_facts()).proposal(site)
        actor = actor_of(request)
        saved = save_previewed(request, change, lambda site: undo_decision(decision, actor=actor, site=site))
    except NotConfirmed as asked:
        return _page(request, decision, question=asked.question)
    except DomainError as refusal:
        return _page(request, decision, refusal=refusal.on_page)
    show_saved(request, _("Undone: %(names)s, as it was before.") % {"names": decision.about}, saved.preview)
    return redirect(_place_of(decision))


@require_POST
@only(may_configure, fresh=Fresh.NEVER)
def preview_undo(request: HttpRequest, entry_id: int) -> HttpResponse:
    """The preview on that page, for the script that turns the pages of its people."""
    decision, site = _decision(entry_id), site_facts()
    try:
        change = reversal_now(decision, site).proposal(site)
    except CannotUndo as refusal:
        return refused_preview(refusal)
    return preview_fragment(request, outlook(request, change, site), FORM)


def _decision(entry_id: int) -> Decision:
    decision = decision_of(entry_id)
    if decision is None:
        raise Http404
    return decision


def _page(
    request: HttpRequest, decision: Decision, *, question: Question = NO_QUESTION, refusal: str = ""
) -> HttpResponse:
    page: dict[str, Any] = {
        "entry": decision.first,
        "about": decision.about,
        "others": len(decision.entries) - 1,
        "back": _place_of(decision),
        "question": question.text,
        "confirmation": question.confirmation,
        "refusal": refusal,
    }
    site = site_facts()
    try:
        change = reversal_now(decision, site).proposal(site)
        page["shown"] = {"form_id": FORM}
        if request.method == "POST" or "preview" in request.GET or are_few():
            found = outlook(request, change, site)
            page["shown"] = {**preview_context(found, FORM), "warned": bool(question)}
    except CannotUndo as cannot:
        page["refusal"] = cannot.on_page
    status = HTTPStatus.UNPROCESSABLE_ENTITY if question or page["refusal"] else HTTPStatus.OK
    return render(request, "web/site_settings/undo.html", page, status=status)


def _place_of(decision: Decision) -> str:
    """The page on which to see what the decision was about, by its name."""
    return "web:teams" if decision.is_about_teams else "web:scim"
