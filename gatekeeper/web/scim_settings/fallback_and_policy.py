"""The fallback team and the last group policy: two choices of the SCIM page that are saved when they are made.

What is chosen is looked at first. If no warning stands it is saved in that one step, and the answer says what it did
and how to undo it. Where a warning stands, the preview appears beside the choice and it has to be confirmed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from gatekeeper.directory.access.loaders import site_facts
from gatekeeper.directory.access.resolver import SiteFacts
from gatekeeper.directory.impact.preview import Preview
from gatekeeper.directory.impact.proposals import ProposedChange
from gatekeeper.directory.mappings.mappings import choose_fallback_team, set_last_group_policy
from gatekeeper.directory.models import LastGroupPolicy
from gatekeeper.errors import DomainError, InvalidValue, TeamNotFound
from gatekeeper.web.framework.change_confirmation import (
    NotConfirmed,
    PreviewOutdated,
    Shown,
    outlook,
    preview_context,
    preview_fragment,
    refused_preview,
    save_previewed,
)
from gatekeeper.web.framework.changes.saved_messages import outcome_of, show_saved, undo_address
from gatekeeper.web.framework.permissions import Fresh, actor_of, may_configure, only, wants_json
from gatekeeper.web.scim_settings.scim_page import FALLBACK, POLICY, scim_page


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """What one of the two forms chooses. ``before`` is what holds until then; ``result_text`` says what was done."""

    form: str
    change: ProposedChange
    chosen: str
    before: str
    before_label: str
    save: Callable[[SiteFacts], None]
    result_text: Callable[[Preview], str]

    def page(self, shown: dict[str, Any]) -> dict[str, Any]:
        """What the page shows instead of what holds, while this form asks."""
        if self.form == FALLBACK:
            return {"asks_about_fallback": True, "chosen_team": self.chosen, "fallback_shown": shown}
        return {"asks_about_policy": True, "chosen_policy": self.chosen, "policy_shown": shown}


@require_POST
@only(may_configure, back="web:scim")
def fallback_team(request: HttpRequest) -> HttpResponse:
    """Save the choice of the combobox: for the script as JSON, for a plain form by a page."""
    return _choose(request, _fallback_choice)


@require_POST
@only(may_configure, back="web:scim")
def last_group_policy(request: HttpRequest) -> HttpResponse:
    """Save what is left to whoever was removed from their last group."""
    return _choose(request, _policy_choice)


@require_POST
@only(may_configure, fresh=Fresh.NEVER)
def preview_fallback_team(request: HttpRequest) -> HttpResponse:
    """The preview that appears beside the combobox when a warning stands."""
    return _preview(request, _fallback_choice)


@require_POST
@only(may_configure, fresh=Fresh.NEVER)
def preview_last_group_policy(request: HttpRequest) -> HttpResponse:
    """The same beside the last group policy."""
    return _preview(request, _policy_choice)


def _fallback_choice(request: HttpRequest, site: SiteFacts) -> Choice:
    """Raises TeamNotFound."""
    chosen = request.POST.get("team", "")
    try:
        team_id = UUID(chosen) if chosen else None
    except ValueError:
        raise TeamNotFound(chosen) from None
    if team_id is not None and team_id not in site.teams:
        raise TeamNotFound(chosen)
    before = site.fallback_team_id
    name, old = _team_name(site, team_id), _team_name(site, before)

    def result_text(preview: Preview) -> str:
        fact = (
            _("Saved: %(name)s is the fallback team.") % {"name": name}
            if team_id
            else _("Saved: there is no fallback team.")
        )
        return f"{fact} {_moved(preview, name if team_id else '', old if before else '')}".strip()

    return Choice(
        form=FALLBACK,
        change=ProposedChange(fallback_team=(team_id,)),
        chosen=chosen,
        before=str(before or ""),
        before_label=old,
        save=lambda _: choose_fallback_team(team_id, actor=actor_of(request)),
        result_text=result_text,
    )


def _policy_choice(request: HttpRequest, site: SiteFacts) -> Choice:
    """Raises InvalidValue."""
    policy = request.POST.get("policy", "")
    if policy not in LastGroupPolicy.values:
        known = ", ".join(LastGroupPolicy.values)
        raise InvalidValue("last_group_policy", _("choose one of %(known)s.") % {"known": known})
    before = LastGroupPolicy(site.last_group_policy)
    return Choice(
        form=POLICY,
        change=ProposedChange(last_group_policy=policy),
        chosen=policy,
        before=str(before),
        before_label=str(before.label),
        save=lambda _: set_last_group_policy(policy, actor=actor_of(request)),
        result_text=lambda preview: f"{_policy_saved(policy)} {_changed(preview)}".strip(),
    )


def _policy_saved(policy: str) -> str:
    return _("Saved: %(policy)s.") % {"policy": LastGroupPolicy(policy).label}


def _team_name(site: SiteFacts, team_id: UUID | None) -> str:
    return (site.teams.get(team_id) if team_id else None) or _("no fallback team")


def _changed(preview: Preview) -> str:
    if not preview.affected:
        return ""
    changed = ngettext(
        "%(count)s person's access changed.", "The access of %(count)s people changed.", preview.affected
    )
    return changed % {"count": f"{preview.affected:,}"}


def _moved(preview: Preview, into: str, out_of: str) -> str:
    """Whom the choice of another fallback team moved, in one sentence."""
    if not preview.affected:
        return ""
    if into and out_of:
        moved = ngettext(
            "%(count)s person moved from %(out_of)s to %(into)s.",
            "%(count)s people moved from %(out_of)s to %(into)s.",
            preview.affected,
        )
    elif into:
        moved = ngettext(
            "%(count)s person is in %(into)s now.", "%(count)s people are in %(into)s now.", preview.affected
        )
    else:
        moved = ngettext(
            "%(count)s person is in no team now.", "%(count)s people are in no team now.", preview.affected
        )
    return moved % {"count": f"{preview.affected:,}", "into": into, "out_of": out_of}


def _preview(request: HttpRequest, read: Callable[[HttpRequest, SiteFacts], Choice]) -> HttpResponse:
    site = site_facts()
    try:
        choice = read(request, site)
    except DomainError as refusal:
        return refused_preview(refusal)
    return preview_fragment(request, outlook(request, choice.change, site), choice.form, warned=True)


def _choose(request: HttpRequest, read: Callable[[HttpRequest, SiteFacts], Choice]) -> HttpResponse:
    try:
        choice = read(request, site_facts())
    except DomainError as refusal:
        return _refused(request, refusal.on_page)
    try:
        saved = save_previewed(request, choice.change, choice.save)
    except (NotConfirmed, PreviewOutdated) as problem:
        return _ask(request, choice, problem)
    except DomainError as refusal:
        return _refused(request, refusal.on_page)
    if not wants_json(request):
        show_saved(request, choice.result_text(saved.preview), saved.preview)
        return redirect("web:scim")
    shown = {"undo": undo_address(request)}
    return JsonResponse(
        {
            "message": f"{outcome_of(saved.preview)} {choice.result_text(saved.preview)}".strip(),
            "previewed": str(Shown.before(choice.change, saved.site)),
            "details": render_to_string("web/scim_settings/_choice_saved.html", shown),
        }
    )


def _ask(request: HttpRequest, choice: Choice, problem: NotConfirmed | PreviewOutdated) -> HttpResponse:
    """Not saved yet: the consequence, or that facts changed, and the preview beside the choice."""
    found = outlook(request, choice.change, site_facts())
    question = problem.question if isinstance(problem, NotConfirmed) else found.question()
    asking = {
        "choice": choice,
        "question": question.text,
        "note": "" if isinstance(problem, NotConfirmed) else _("Somebody else changed this meanwhile. Look again."),
        "confirmation": question.confirmation,
    }
    if wants_json(request):
        details = render_to_string("web/scim_settings/_choice_question.html", asking)
        return JsonResponse({"message": _("Not saved yet."), "details": details}, status=HTTPStatus.CONFLICT)
    page = choice.page({**preview_context(found, choice.form), "warned": True})
    return scim_page(request, HTTPStatus.UNPROCESSABLE_ENTITY, **asking, **page)


def _refused(request: HttpRequest, reason: str) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"message": reason}, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    messages.error(request, reason)
    return redirect("web:scim")
