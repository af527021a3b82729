"""Gatekeeper's own teams: create, rename, merge, delete."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from gatekeeper.directory.access.loaders import site_facts
from gatekeeper.directory.access.resolver import SiteFacts
from gatekeeper.directory.impact.counts import Kind
from gatekeeper.directory.impact.preview import Preview
from gatekeeper.directory.impact.proposals import ProposedChange
from gatekeeper.directory.models import Team
from gatekeeper.directory.teams.teams import create_team, delete_team, merge_teams, rename_team
from gatekeeper.errors import DomainError, InvalidValue
from gatekeeper.web.framework.carried_form import carried_fields
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
from gatekeeper.web.site_settings.forms import TeamForm
from gatekeeper.web.site_settings.team_list import TeamList

MERGE_FORM, DELETE_FORM = "merge-form", "delete-form"


@require_http_methods(["GET", "POST"])
@only(may_configure, keep=("name",))
def teams(request: HttpRequest) -> HttpResponseBase:
    """The list, and a form for one more."""
    form = TeamForm(request.POST if request.method == "POST" else None, initial=carried_fields(request, ("name",)))
    if request.method == "POST" and form.is_valid():
        try:
            team = create_team(form.cleaned_data["name"], actor=actor_of(request))
        except DomainError as refusal:
            form.add_error("name", refusal.on_page)
        else:
            show_saved(request, _("The team %(team)s exists now. Mappings can name it.") % {"team": team.name})
            return redirect("web:teams")
    answer = TeamList(form).changelist_view(request)
    if form.is_bound:
        answer.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
    return answer


def _given_by(team: Team, site: SiteFacts) -> dict[str, Any]:
    """How many mappings name a team, and whether it is the fallback team."""
    return {
        "team": team,
        "mappings": sum(team.id in mapping.team_ids for mapping in site.mappings.values()),
        "in_default": team.id in site.default_mapping.team_ids,
        "is_fallback": team.id == site.fallback_team_id,
    }


@require_http_methods(["GET", "POST"])
@only(may_configure, keep=("name",))
def edit_team(request: HttpRequest, team_id: UUID) -> HttpResponseBase:
    """Rename a team; below that, merge it into another one, or delete it."""
    team = _team(team_id)
    initial = {"name": team.name, **carried_fields(request, ("name",))}
    form = TeamForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method != "POST" or not form.is_valid():
        return _page(request, team, form=form)
    if request.POST.get("called", team.name) != team.name:
        form.add_error("name", _("Somebody renamed it meanwhile: it is called %(team)s now.") % {"team": team.name})
        return _page(request, team, form=form)
    try:
        renamed = rename_team(team_id, form.cleaned_data["name"], actor=actor_of(request))
    except DomainError as refusal:
        form.add_error("name", refusal.on_page)
        return _page(request, team, form=form)
    show_saved(
        request, _("%(team)s is called %(renamed)s now, everywhere.") % {"team": team.name, "renamed": renamed.name}
    )
    return redirect("web:teams")


@require_POST
@only(may_configure, back="web:team")
def remove_team(request: HttpRequest, team_id: UUID) -> HttpResponseBase:
    """Delete a team. Whoever has no other one is in the fallback team then."""
    team = _team(team_id)
    change = ProposedChange.without_team(site_facts(), team_id)

    def result_text(preview: Preview) -> str:
        deleted = _("The team %(team)s is deleted.") % {"team": team.name}
        return f"{deleted} {effect_on_members(preview.kinds, team_id).sentence}"

    return _end(
        request, team, change, lambda _: delete_team(team_id, actor=actor_of(request)), result_text, DELETE_FORM
    )


@require_POST
@only(may_configure, back="web:team")
def merge_team(request: HttpRequest, team_id: UUID) -> HttpResponseBase:
    """Put a team's people into another team, and end it."""
    team, site = _team(team_id), site_facts()
    try:
        target_id, change = _merger(request, team_id, site)
    except DomainError as refusal:
        return _page(request, team, about=MERGE_FORM, refusal=refusal.on_page)
    into = site.teams[target_id]

    def result_text(_preview: Preview) -> str:
        return _("%(team)s is merged into %(into)s: mappings that named the one name the other now.") % {
            "team": team.name,
            "into": into,
        }

    return _end(
        request,
        team,
        change,
        lambda _: merge_teams(team_id, target_id, actor=actor_of(request)),
        result_text,
        MERGE_FORM,
    )


@require_POST
@only(may_configure, fresh=Fresh.NEVER)
def preview_delete(request: HttpRequest, team_id: UUID) -> HttpResponse:
    """The preview beside the button that deletes a team."""
    site = site_facts()
    found = outlook(request, ProposedChange.without_team(site, team_id), site)
    sentence = effect_on_members(found.preview.kinds, team_id).sentence
    return preview_fragment(request, found, DELETE_FORM, sentence=sentence)


@require_POST
@only(may_configure, fresh=Fresh.NEVER)
def preview_merge(request: HttpRequest, team_id: UUID) -> HttpResponse:
    """The preview beside the choice of the team to merge into."""
    site = site_facts()
    try:
        change = _merger(request, team_id, site)[1]
    except DomainError as refusal:
        return refused_preview(refusal)
    return preview_fragment(request, outlook(request, change, site), MERGE_FORM)


def _end(
    request: HttpRequest,
    team: Team,
    change: ProposedChange,
    write: Callable[[SiteFacts], object],
    result_text: Callable[[Preview], str],
    form: str,
) -> HttpResponseBase:
    """Delete or merge a team, after one more look at what that would do; ``result_text`` says what was done."""
    try:
        saved = save_previewed(request, change, write)
    except NotConfirmed as asked:
        return _page(request, team, about=form, question=asked.question)
    except DomainError as refusal:
        return _page(request, team, about=form, refusal=refusal.on_page)
    show_saved(request, result_text(saved.preview), saved.preview)
    return redirect("web:teams")


def _team(team_id: UUID) -> Team:
    team = Team.objects.live().filter(pk=team_id).first()
    if team is None:
        raise Http404
    return team


def _merger(request: HttpRequest, team_id: UUID, site: SiteFacts) -> tuple[UUID, ProposedChange]:
    """The team that the form chooses, and what merging into it would change. Raises InvalidValue."""
    try:
        target_id = UUID(request.POST.get("target", ""))
    except ValueError:
        target_id = team_id
    if target_id == team_id or not {team_id, target_id} <= site.teams.keys():
        raise InvalidValue("team", _("choose another team to merge it into."))
    return target_id, ProposedChange.merged_teams(site, team_id, target_id)


def _page(
    request: HttpRequest,
    team: Team,
    *,
    form: TeamForm | None = None,
    about: str = "",
    question: Question = NO_QUESTION,
    refusal: str = "",
) -> HttpResponse:
    """The page of one team; ``question`` and ``refusal`` are about the form with the id ``about``.

    What its end would change is counted over all its people: a script asks for it, and ``?preview`` without scripts.
    """
    form = form or TeamForm(None, initial={"name": team.name})
    site = site_facts()
    row = _given_by(team, site)
    page: dict[str, Any] = {
        "form": form,
        **row,
        "others": sorted(((key, name) for key, name in site.teams.items() if key != team.id), key=lambda each: each[1]),
        "not_merging": {"form_id": MERGE_FORM},
        "about": about,
        "question": question.text,
        "confirmation": question.confirmation,
        "refusal": refusal,
    }
    page["deleting"] = {"form_id": DELETE_FORM}
    if not row["is_fallback"] and (about == DELETE_FORM or "preview" in request.GET):
        found = outlook(request, ProposedChange.without_team(site, team.id), site)
        sentence = effect_on_members(found.preview.kinds, team.id).sentence
        page["deleting"] = {**preview_context(found, DELETE_FORM), "sentence": sentence}
    if about == MERGE_FORM and request.POST.get("target") in {str(key) for key, _ in page["others"]}:
        page["target"] = request.POST["target"]
        page["merging"] = preview_context(outlook(request, _merger(request, team.id, site)[1], site), MERGE_FORM)
    status = 422 if form.is_bound or question or refusal else 200
    return render(request, "web/site_settings/team.html", page, status=status)


@dataclass(frozen=True, slots=True)
class EffectOnMembers:
    """What the end of a team means for its people: how many keep another one, go to the fallback team, or have none."""

    keep: int
    fallback: int
    nowhere: int
    fallback_name: str

    @property
    def sentence(self) -> str:
        """All three in one sentence."""
        if not self.keep + self.fallback + self.nowhere:
            return _("Nobody is in it.")
        parts = [
            (
                self.keep,
                ngettext("%(count)s person keeps another team", "%(count)s people keep another team", self.keep),
            ),
            (
                self.fallback,
                ngettext(
                    "%(count)s person goes to %(team)s, the fallback team",
                    "%(count)s people go to %(team)s, the fallback team",
                    self.fallback,
                ),
            ),
            (
                self.nowhere,
                ngettext(
                    "%(count)s person is left without a team", "%(count)s people are left without a team", self.nowhere
                ),
            ),
        ]
        said = [text % {"count": f"{count:,}", "team": self.fallback_name} for count, text in parts if count]
        return f"{'; '.join(said)}."


def effect_on_members(kinds: Iterable[Kind], team_id: UUID) -> EffectOnMembers:
    """How many people of a team keep another one, go to the fallback team or have none when it ends."""
    keep = fallback = nowhere = 0
    name = ""
    for kind in kinds:
        if team_id not in kind.before.teams:
            continue
        if len(kind.before.teams) > 1:
            keep += len(kind.people)
        elif kind.after.teams:
            fallback += len(kind.people)
            name = next(iter(kind.after.teams.values()))
        else:
            nowhere += len(kind.people)
    return EffectOnMembers(keep, fallback, nowhere, name)
